"""What only a command line can get wrong."""

from pmdaemon.core.errors import PmdaemonError


class WrongUsage(PmdaemonError):
    """A command line that means nothing."""

    code = "wrong_usage"


class RootNeeded(PmdaemonError):
    """Something that only root may do; the sentence has the line that does it."""

    code = "root_needed"

    def __init__(self, path: str, line: str) -> None:
        super().__init__(f"only root may change {path}; type: {line}", path=path, command=line)
