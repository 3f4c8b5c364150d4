"""A real daemon, with its keeper, in a home of its own, for tests that treat it badly.

    with a_daemon(tmp_path / "home") as daemon:
        daemon.start_apps({"name": "web", "script": "/srv/web.js"})
        daemon.kill()

Whatever belongs to the home is gone at the end of the block, also when the test failed.
"""

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pmdaemon.config.paths import Home
from pmdaemon.control.channel import Channel
from pmdaemon.control.starter import start_daemon
from pmdaemon.core.environment import TOKEN_VARIABLE
from pmdaemon.core.errors import PmdaemonError
from tests.support.control_groups import remove_groups
from tests.support.running import has_executed, is_alive, parent_of, pids, session_of, words_of
from tests.support.waiting import eventually_sync

ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if "PMDAEMON" not in name and name != TOKEN_VARIABLE
}

Views = dict[str, dict[str, Any]]


class RealDaemon:
    """Keeper and daemon of one home, and everything that they started."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(str(folder))
        self.home.ensure()
        self.keeper = 0
        self._keepers: set[int] = set()
        self.client = Channel(self.home, start_daemon=self.start)

    def start(self) -> None:
        """Start keeper and daemon, as the command line does."""
        pid = start_daemon(self.home.path, ENVIRONMENT, log=self.home.daemon_log)
        with suppress(FileNotFoundError, ProcessLookupError):
            self.note_keeper(parent_of(pid))

    def note_keeper(self, pid: int) -> None:
        """Go by this keeper from now on."""
        self.keeper = pid
        self._keepers.add(pid)

    def request(self, verb: str, body: Mapping[str, object] | None = None, **more: Any) -> Any:
        """Ask the daemon, which is started when there is none."""
        return self.client.request(verb, body, **more)

    def start_apps(self, *apps: Mapping[str, object]) -> None:
        """Declare and start."""
        body = {"apps": apps, "cwd": "/", "environment": {"PATH": os.defpath}}
        self.request("start", body)

    def processes(self) -> Views:
        """List all processes by name; of several instances, the last."""
        return {one["name"]: one for one in self.request("list")["processes"]}

    def declared(self, name: str) -> dict[str, Any]:
        """Show one process with its declaration."""
        (shown,) = self.request("list", {"selectors": [name], "detail": True})["processes"]
        return dict(shown)

    @property
    def pid(self) -> int | None:
        """The daemon's pid, from its very beginning; None while there is none."""
        return next((pid for pid in children(self.keeper) if self._is_daemon(pid)), None)

    def kill(self) -> int | None:
        """End the daemon by SIGKILL, whatever it is doing; return its pid, if there was one."""
        pid = self.pid
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return pid

    def kill_both(self) -> None:
        """End keeper and daemon at once, so that nobody starts another."""
        os.kill(self.keeper, signal.SIGSTOP)
        killed = {self.keeper, self.kill()} - {None}
        os.kill(self.keeper, signal.SIGKILL)
        # Who is being killed has no words any more before its files are closed.
        eventually_sync(lambda: not any(map(is_alive, killed)) and not self.managers())

    def is_up(self) -> bool:
        """Whether a daemon answers, and go by its keeper from now on."""
        try:
            self.note_keeper(parent_of(self.request("ping")["pid"]))
        except (PmdaemonError, FileNotFoundError, ProcessLookupError):
            return False
        return True

    def programs(self) -> set[int]:
        """List what runs with a token of this home."""
        mark = f"{TOKEN_VARIABLE}={self.home.id}.".encode()
        found = {pid for pid in pids() if any(w.startswith(mark) for w in words_of(pid, "environ"))}
        return set(filter(is_alive, found))

    def managers(self) -> set[int]:
        """List keepers and daemons of this home that have not ended."""
        home = os.fsencode(self.home.path)
        ours = {pid for pid in pids() if home in words_of(pid, "cmdline") and pid != os.getpid()}
        return set(filter(is_alive, ours))

    def everything(self) -> set[int]:
        """List all that belongs to this home and has not ended."""
        return self.managers() | self.programs()

    def end(self) -> None:
        """End everything, however badly it is off."""

        def is_over() -> bool:
            left = self.everything()
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            return not left

        eventually_sync(is_over)
        remove_groups(Path(self.home.path))
        for pid in self._keepers:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)

    def _is_daemon(self, pid: int) -> bool:
        # Before its exec a daemon has the words of the keeper; the first one executes nothing. A
        # program that a daemon began when it was killed is the keeper's child too, with that
        # daemon's words until its own exec; but it leads a session.
        # In this order, as what has executed has words of its own.
        if has_executed(pid):
            return os.fsencode(self.home.path) in words_of(pid, "cmdline")
        words = words_of(pid, "cmdline")
        return words == words_of(self.keeper, "cmdline") and session_of(pid) != pid


@contextmanager
def a_daemon(folder: Path) -> Iterator[RealDaemon]:
    """Run a daemon in `folder`."""
    daemon = RealDaemon(folder)
    try:
        daemon.start()
        yield daemon
    finally:
        daemon.end()


def children(pid: int) -> list[int]:
    """List the children of a process."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def until(condition: Callable[[], object], *, within: float = 60.0) -> None:
    """Wait for a condition that asks the daemon, and may fail for the lack of one."""

    def holds() -> object:
        try:
            return condition()
        except PmdaemonError as error:
            last.append(error)
            return False

    last: list[PmdaemonError] = []
    eventually_sync(holds, within=within)
