"""`dump.pm2`: the saved list. A file that cannot be read is never removed, nor written over.

It holds environments, so nobody else may read it.
"""

import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pmdaemon.core.errors import OperationFailed
from pmdaemon.core.wording import why


def backup_of(path: str) -> str:
    """Return where the list before the last one is kept."""
    return f"{path}.bak"


def write(path: str, entries: Sequence[dict[str, Any]]) -> None:
    """Write the list; the file is the old one or the new one at any time, never half of it.

    Raises:
        OperationFailed: it cannot be written.

    """
    try:
        if _readable(path):
            replace_file(backup_of(path), Path(path).read_bytes())
        replace_file(path, json.dumps(entries, indent=2).encode() + b"\n")
    except OSError as error:
        raise OperationFailed(f"cannot write {path}: {why(error)}", path=path) from error


def read(path: str) -> tuple[list[dict[str, Any]], str | None]:
    """Read the list; beside it, if the file could not be used, why its backup was.

    Raises:
        OperationFailed: neither can be used.

    """
    try:
        return _entries(path), None
    except FileNotFoundError as error:
        if not Path(backup_of(path)).exists():
            raise OperationFailed(
                f"nothing is saved: there is no {path} (pmdaemon save writes it)", path=path
            ) from error
        reason = f"there is no {path}"
    except (OSError, ValueError) as error:
        reason = f"cannot use {path}: {why(error)}"
    try:
        return _entries(backup_of(path)), f"{reason}; using {backup_of(path)}"
    except (OSError, ValueError) as error:
        raise OperationFailed(
            f"{reason}, nor its backup: {why(error)}", path=path, backup=backup_of(path)
        ) from error


def replace_file(path: str, content: bytes) -> None:
    """Write a file beside it, on the disk, and put it in place (rename(2) is atomic)."""
    folder, name = os.path.split(path)
    descriptor, written = tempfile.mkstemp(prefix=f".{name}.", dir=folder)  # made with 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        Path(written).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(written).unlink()
        raise


def _entries(path: str) -> list[dict[str, Any]]:
    try:
        entries = json.loads(Path(path).read_bytes())
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except ValueError as error:
        raise ValueError("it is not valid JSON") from error
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise ValueError("it is not a list of processes")
    return entries


def _readable(path: str) -> bool:
    try:
        _entries(path)
    except (OSError, ValueError):
        # A broken file must not push a good backup out.
        return False
    return True
