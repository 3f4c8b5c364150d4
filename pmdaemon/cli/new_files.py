"""Writing files that must not be there yet."""

import os
from pathlib import Path

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.wording import why


def write_new(path: Path, text: str, *, called: str, mode: int = 0o666) -> None:
    """Write a file whole, or not at all; `called` is what messages call it.

    Raises:
        InvalidInput: there is one already, which stays as it is, or it cannot be written.

    """
    try:
        # Never over a file that is there, also when it appears just now.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError as error:
        raise InvalidInput(
            f"{called} is there already, and was left as it is", code="file_exists", path=str(path)
        ) from error
    except OSError as error:
        raise _unwritable(path, called, error) from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _unwritable(path, called, error) from error


def _unwritable(path: Path, called: str, error: OSError) -> InvalidInput:
    return InvalidInput(
        f"cannot write {called}: {why(error)}", code="file_unwritable", path=str(path)
    )
