"""What only a command line can get wrong."""

import errno

from pmdaemon.core.errors import OperationFailed, PmdaemonError
from pmdaemon.core.wording import shown, why


class WrongUsage(PmdaemonError):
    """A command line that means nothing."""

    code = "wrong_usage"


class RootNeeded(PmdaemonError):
    """Something that only root may do; the sentence has the line that does it."""

    code = "root_needed"

    def __init__(self, path: str, line: str) -> None:
        super().__init__(f"only root may change {path}; type: {line}", path=path, command=line)


def of_system(error: OSError) -> PmdaemonError | None:
    """Word what the system refuses to any command, whatever it does; None for all else."""
    reason = why(error)
    match error.errno, error.filename:
        case errno.ENAMETOOLONG, str(path):
            return WrongUsage(f"cannot use {shown(path)}: {reason}")
        case errno.ENOENT, None:  # getcwd(3)
            return WrongUsage("the folder you are in is gone")
        case ((errno.ENOSPC | errno.EDQUOT | errno.EFBIG | errno.EIO), None):
            return OperationFailed(f"cannot write the output: {reason}")
        case _:
            return None
