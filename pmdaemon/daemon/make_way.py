"""`python -m pmdaemon.daemon.make_way HOME`: asks the daemon of a home to leave it to another.

The lock of the home tells when it has; so it does not matter here if nobody answers.
"""

import sys

from pmdaemon.config.paths import Home
from pmdaemon.control.channel import Channel
from pmdaemon.core.errors import DaemonNotRunning, PmdaemonError


def main(home_path: str) -> int:
    """Ask, and return an exit code."""
    try:
        Channel(Home(home_path)).request("update")
    except DaemonNotRunning:
        return 0
    except PmdaemonError as error:
        print(f"pmdaemon: {error.message}", file=sys.stderr)  # noqa: T201 - for the journal
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
