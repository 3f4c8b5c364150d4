"""What becomes of an error that nobody foresaw: a file for us, a sentence for the user."""

import os
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

from pmdaemon import __version__
from pmdaemon.config.paths import Home


def write_down(error: Exception, arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """Write the details of an error to a file, and return the sentence that says where.

    Of the arguments only the verb is kept: the others may hold a key.
    """
    details = "".join(traceback.format_exception(error))
    report = f"pmdaemon {__version__} {' '.join(arguments[:1])}\n{details}\n"
    for folder in _folders(environment):
        try:
            # Read by its owner alone, and not through a link that somebody else put there.
            path = folder / f"pmdaemon-error-{os.getpid()}.log"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with os.fdopen(os.open(path, flags, 0o600), "w", errors="backslashreplace") as file:
                file.write(report)
        except OSError:
            continue
        return f"this is a fault of pmdaemon itself ({_brief(error)}); the details are in {path}"
    return f"this is a fault of pmdaemon itself: {_brief(error)}"


def _brief(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]


def _folders(environment: Mapping[str, str]) -> list[Path]:
    temporary = Path(tempfile.gettempdir())
    try:
        return [Path(Home.from_environment(environment).path), temporary]
    except Exception:  # noqa: BLE001 - the fault may be right there
        return [temporary]
