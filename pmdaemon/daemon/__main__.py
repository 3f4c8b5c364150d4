"""What `pmdaemon.daemon.keep` runs: started by the command line, detached, one for each home.

What runs here is the keeper; the daemon proper, `pmdaemon.daemon.serve`, is its child. So this
imports little: what the keeper has loaded stays in memory for as long as programs run.
"""

from __future__ import annotations

import os
import sys
import time

from pmdaemon.config.paths import Home
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.daemon.bare import encoded
from pmdaemon.daemon.handing_on import KEEPER, go_on_as_keeper, state_from
from pmdaemon.daemon.home_lock import hold, is_claimed, take_over
from pmdaemon.daemon.keeper import Keeper
from pmdaemon.daemon.orphans import be_subreaper
from pmdaemon.daemon.service_manager import ServiceManager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Starter:
    """Whoever started us, and waits to hear how that went."""

    def __init__(self, ready_fd: int | None) -> None:
        self._fd = ready_fd
        if ready_fd is not None:
            os.set_inheritable(ready_fd, False)  # noqa: FBT003 - the library's signature

    def tell(self, line: dict[str, object]) -> None:
        """Write one line, the first time; a starter that has gone away does not matter."""
        if self._fd is None:
            _complain(line)
            return
        fd, self._fd = self._fd, None
        try:
            os.write(fd, encoded(line) + b"\n")
        except OSError:
            return
        finally:
            os.close(fd)


def main(arguments: list[str]) -> int:
    """Become the keeper of a home: `--home PATH [--ready-fd N]`, or go on as one: `--state-fd N`.

    With `--await-fd N` nothing is done until something is written to that descriptor; if it is
    closed instead, nothing is done at all. With `--take-over yes` a daemon that has this home
    already is asked to leave it to us; its programs run on. `--check yes` does nothing but prove
    that this code can be loaded.
    """
    options = dict(zip(arguments[::2], arguments[1::2], strict=False))
    if "--check" in options:
        return 0
    if "--await-fd" in options and not _is_wanted(int(options["--await-fd"])):
        return 0
    manager = ServiceManager(os.environ)
    home = Home(options["--home"])
    ready_fd = options.get("--ready-fd")
    starter = Starter(int(ready_fd) if ready_fd is not None else None)
    state = state_from(int(options["--state-fd"])) if "--state-fd" in options else None
    if state is None:
        try:
            home.ensure()
            lock = take_over(home) if "--take-over" in options else hold(home)
        except PmdaemonError as error:
            failed: dict[str, object] = {"code": error.code, "message": error.message}
            starter.tell({"error": {**failed, "details": error.details}})
            manager.hear({"error": failed})
            return 1
        os.set_inheritable(lock, True)  # noqa: FBT003 - held as long as either of us lives
    be_subreaper()

    def tell(line: dict[str, object]) -> None:
        if "stopping" not in line:
            starter.tell(line)
        manager.hear(line)

    keeper = Keeper(
        [sys.executable, "-P", "-m", "pmdaemon.daemon.serve", home.path],
        tell=tell,
        log=lambda fact: _log(home, fact),
        renew=lambda now: _renew(home, now, manager),
    )
    if state is not None:
        keeper.resume(state)
    return keeper.run()


def _is_wanted(awaited: int) -> bool:
    """Wait until whoever prepared us needs us, or is gone."""
    try:
        return bool(os.read(awaited, 64))
    finally:
        os.close(awaited)


def _renew(home: Home, state: dict[str, Any], manager: ServiceManager) -> bool:
    """Replace this process by one of the code that is installed now.

    Returns only if it is not replaced: False when the home has been claimed, else True.
    """
    if is_claimed(home):
        _log(home, "keeper.handing_over to the one who waits for this home")
        return False
    manager.hear({"reloading": True})
    if os.spawnv(os.P_WAIT, KEEPER[0], [*KEEPER, "--check", "yes"]) == 0:  # noqa: S606 - no shell
        try:
            go_on_as_keeper(home.path, state, {**os.environ, **manager.environment})
        except OSError as error:
            _log(home, f"keeper.not_renewed {error.strerror}")
            return True
    _log(home, "keeper.not_renewed the code that is installed now cannot be loaded")
    return True


def _complain(line: dict[str, object]) -> None:
    """Say on standard error, which a service manager collects, why there is no daemon."""
    match line:
        case {"error": {"message": str(message)}}:
            os.write(2, f"pmdaemon: {message}\n".encode(errors="backslashreplace"))
        case _:
            return


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
