"""Standard inputs of programs: FIFOs, which a program holds open for reading and writing.

So it never reads an end, and whoever writes to it, this daemon or the next one, needs no line to
keep (fifo(7)).
"""

import os
from contextlib import suppress
from pathlib import Path

from pmdaemon.core.errors import OperationFailed
from pmdaemon.core.wording import why


class FifoInputs:
    """The inputs of one home, by a name for each run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self, name: str) -> str:
        """Make an input; see `Inputs`."""
        path = self._path(name)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            os.mkfifo(path, 0o600)
        except OSError as error:
            raise OperationFailed(f"cannot make a standard input: {why(error)}") from error
        return str(path)

    def write(self, name: str, data: bytes) -> bool:
        """Write to a program, all of it or nothing; see `Inputs`."""
        try:
            # What is no longer than a page goes whole or not at all (pipe(7), PIPE_BUF); of more,
            # whatever there was room for is there already.
            file = os.open(self._path(name), os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return False
        try:
            return os.write(file, data) == len(data)
        except OSError:
            return False
        finally:
            os.close(file)

    def close(self, name: str) -> None:
        """Be done with an input; see `Inputs`."""
        with suppress(OSError):
            self._path(name).unlink()

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.in"
