"""What only a command line can get wrong."""

from pmdaemon.core.errors import PmdaemonError


class WrongUsage(PmdaemonError):
    """A command line that means nothing."""

    code = "wrong_usage"
