"""`python -m pmdaemon.daemon`: started by the command line, detached, one for each home.

What runs here is the keeper; the daemon proper, `pmdaemon.daemon.serve`, is its child. So this
imports little: what the keeper has loaded stays in memory for as long as programs run.
"""

import json
import os
import sys
import time

from pmdaemon.config.paths import Home
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.daemon.home_lock import hold
from pmdaemon.daemon.keeper import Keeper, be_subreaper


class Starter:
    """Whoever started us, and waits to hear how that went."""

    def __init__(self, ready_fd: int | None) -> None:
        self._fd = ready_fd
        if ready_fd is not None:
            os.set_inheritable(ready_fd, False)  # noqa: FBT003 - the library's signature

    def tell(self, line: dict[str, object]) -> None:
        """Write one line, the first time; a starter that has gone away does not matter."""
        if self._fd is None:
            return
        fd, self._fd = self._fd, None
        try:
            os.write(fd, json.dumps(line).encode() + b"\n")
        except OSError:
            return
        finally:
            os.close(fd)


def main(arguments: list[str]) -> int:
    """Become the keeper of a home: `--home PATH [--ready-fd N]`."""
    options = dict(zip(arguments[::2], arguments[1::2], strict=False))
    ready_fd = options.get("--ready-fd")
    starter = Starter(int(ready_fd) if ready_fd is not None else None)
    home = Home(options["--home"])
    try:
        home.ensure()
        lock = hold(home)
    except PmdaemonError as error:
        starter.tell(
            {"error": {"code": error.code, "message": error.message, "details": error.details}}
        )
        return 1
    os.set_inheritable(lock, True)  # noqa: FBT003 - held as long as either of us lives
    be_subreaper()
    command = [sys.executable, "-m", "pmdaemon.daemon.serve", home.path]
    return Keeper(command, tell=starter.tell, log=lambda fact: _log(home, fact)).run()


def _log(home: Home, fact: str) -> None:
    """Add a line to the daemon's log, in its form; `logging` would cost the keeper a megabyte."""
    now = time.strftime("%Y-%m-%d %H:%M:%S")
    try:
        file = os.open(home.daemon_log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(file, f"{now} WARNING pmdaemon.daemon.keeper {fact}\n".encode())
        os.close(file)
    except OSError:
        return  # a full disk is no reason to stop keeping


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
