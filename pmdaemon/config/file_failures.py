"""One sentence, and one code, for each way in which a file that somebody named cannot be read."""

from collections.abc import Iterator
from contextlib import contextmanager

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.wording import shown, why


@contextmanager
def failures_worded(path: str) -> Iterator[None]:
    """Read a file in this context.

    Raises:
        InvalidInput: it cannot be read; the code is `file_not_found` or `file_unreadable`.

    """
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        message = f"no such file: {shown(path)}"
        raise InvalidInput(message, code="file_not_found", path=path) from error
    except (OSError, ValueError) as error:
        message = f"cannot read {shown(path)}: {why(error)}"
        raise InvalidInput(message, code="file_unreadable", path=path) from error
