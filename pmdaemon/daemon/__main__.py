"""`python -m pmdaemon.daemon`: started by the command line, detached, one for each home.

What runs here is the keeper; the daemon proper, `pmdaemon.daemon.serve`, is its child. So this
imports little: what the keeper has loaded stays in memory for as long as programs run.
"""

import json
import os
import sys
import time
from typing import Any

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
    """Become the keeper of a home: `--home PATH [--ready-fd N]`, or go on as one: `--state-fd N`.

    `--check yes` does nothing but prove that this code can be loaded.
    """
    options = dict(zip(arguments[::2], arguments[1::2], strict=False))
    if "--check" in options:
        return 0
    home = Home(options["--home"])
    ready_fd = options.get("--ready-fd")
    starter = Starter(int(ready_fd) if ready_fd is not None else None)
    state = _state_from(int(options["--state-fd"])) if "--state-fd" in options else None
    if state is None:
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
    keeper = Keeper(
        [sys.executable, "-P", "-m", "pmdaemon.daemon.serve", home.path],
        tell=starter.tell,
        log=lambda fact: _log(home, fact),
        renew=lambda now: _renew(home, now),
    )
    if state is not None:
        keeper.resume(state["kept"], state["exits"], state.get("limits"))
    return keeper.run()


def _renew(home: Home, state: dict[str, object]) -> None:
    """Replace this process, keeping its pid, its children and its descriptors (execve(2))."""
    myself = [sys.executable, "-P", "-m", "pmdaemon.daemon", "--home", home.path]
    if os.spawnv(os.P_WAIT, sys.executable, [*myself, "--check", "yes"]) != 0:  # noqa: S606
        _log(home, "keeper.not_renewed the code that is installed now cannot be loaded")
        return
    kept = state["kept"]
    descriptors = list(kept.values()) if isinstance(kept, dict) else []
    try:
        with os.fdopen(os.memfd_create("keeper-state", 0), "wb") as passing:
            passing.write(json.dumps(state).encode())
            passing.flush()
            os.lseek(passing.fileno(), 0, os.SEEK_SET)
            for descriptor in descriptors:
                os.set_inheritable(descriptor, True)  # noqa: FBT003 - the library's signature
            state_fd = str(passing.fileno())
            os.execv(sys.executable, [*myself, "--state-fd", state_fd])  # noqa: S606 - no shell
    except OSError as error:
        _log(home, f"keeper.not_renewed {error.strerror}")
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)  # noqa: FBT003 - as above


def _state_from(passed: int) -> dict[str, Any]:
    with os.fdopen(passed, "rb") as state:
        read: dict[str, Any] = json.load(state)
    for descriptor in read["kept"].values():
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - the library's signature
    return read


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
