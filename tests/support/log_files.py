"""Log files, exchanged and compressed as the daemon does it."""

import os
from collections.abc import Sequence
from pathlib import Path

from pmdaemon.adapters import output_files
from pmdaemon.adapters.log_compression import pack
from pmdaemon.control.log_reader import LogLine


def append(path: Path, data: bytes) -> None:
    """Write to the end of a file."""
    with path.open("ab") as file:
        file.write(data)


def rotate(path: Path, keep: int = 9) -> None:
    """Exchange the current file, with its time index, for an empty one."""
    output_files.rotate(str(path), keep)


def compress(path: Path) -> None:
    """Put a compressed file in the place of a plain one."""
    source = os.open(path, os.O_RDONLY)
    assert pack(source, f"{path}.gz", lambda: False)
    os.close(source)
    path.unlink()


def texts(lines: Sequence[LogLine]) -> list[str]:
    """Say what lines hold."""
    return [line.text for line in lines]
