"""The record of changes that were made over the network: a file of JSON lines, bounded."""

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path

log = logging.getLogger(__name__)

LARGEST = 1024 * 1024
"""Bytes after which the file is put aside."""

KEPT = 4
"""Files that were put aside, newest first: `audit.log.1` and so on."""


class FileAuditLog:
    """Appends to one file; what cannot be written is said in the daemon's log and lost."""

    def __init__(self, path: Path, *, largest: int = LARGEST, kept: int = KEPT) -> None:
        self._path = path
        self._largest = largest
        self._kept = kept

    def write(self, entry: Mapping[str, object]) -> None:
        """Add a line."""
        line = json.dumps(entry, separators=(",", ":")).encode() + b"\n"
        try:
            # One write to a file opened for appending: a line is there whole, or not at all.
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
            descriptor = os.open(self._path, flags, 0o600)
            try:
                os.write(descriptor, line)
                size = os.fstat(descriptor).st_size
            finally:
                os.close(descriptor)
            if size >= self._largest:
                self._put_aside()
        except OSError as error:
            log.warning("audit.failed reason=%s", error.strerror)

    def _put_aside(self) -> None:
        for number in range(self._kept, 0, -1):
            newer = self._aside(number - 1) if number > 1 else self._path
            if newer.exists():
                newer.replace(self._aside(number))

    def _aside(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")
