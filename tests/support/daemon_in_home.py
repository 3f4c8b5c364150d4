"""A real daemon, started by the first request, for tests of its own life.

Like `tests.support.daemon`, which it rests on, but asked in terms of one app, and started only
when a test says so.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pmdaemon.control.starter import start_daemon
from tests.support.daemon import ENVIRONMENT, RealDaemon, until
from tests.support.running import parent_of
from tests.support.waiting import eventually_sync


class DaemonInHome:
    """The daemon of a home, its keeper, and its programs."""

    def __init__(self, folder: Path) -> None:
        self.real = RealDaemon(folder)
        self.home = self.real.home
        self.client = self.real.client

    def start(self) -> int:
        """Start it as the command line does, and return its pid when it is ready."""
        pid = start_daemon(self.home.path, ENVIRONMENT, log=self.home.daemon_log)
        self.real.note_keeper(parent_of(pid))
        return pid

    @property
    def pid(self) -> int:
        return int(self.client.request("ping")["pid"])

    @property
    def keeper(self) -> int:
        return parent_of(self.pid)

    @property
    def log(self) -> str:
        return Path(self.home.daemon_log).read_text()

    def run(self, script: str, *, name: str = "app", **fields: Any) -> dict[str, Any]:
        """Start a shell script as an app; `fields` are those of an ecosystem file."""
        app = {"script": "/bin/sh", "args": ["-c", script], "name": name, **fields}
        body = {"apps": [app], "cwd": "/", "environment": {"PATH": os.defpath}}
        (process, *_) = self.client.request("start", body)["processes"]
        return dict(process)

    def get(self, name: str = "app") -> dict[str, Any]:
        return self.real.processes()[name]

    def ask(self, verb: str, *selectors: str) -> list[dict[str, Any]]:
        return list(self.client.request(verb, {"selectors": list(selectors)})["processes"])

    def programs(self) -> set[int]:
        """The pids of everything that runs for this home, told by its token."""
        return self.real.programs() & self.real.everything()

    def machinery(self) -> set[int]:
        """The pids of its keeper and its daemon."""
        return self.real.everything() - self.real.programs()

    def crash(self) -> int:
        """Kill the daemon, and wait for the next one, whose pid is returned."""
        before = self.pid
        os.kill(before, signal.SIGKILL)
        until(lambda: self.pid != before)
        return self.pid

    def crash_altogether(self) -> None:
        """Kill the keeper and the daemon."""
        daemon, keeper = self.pid, self.keeper
        # Stopped, it cannot take the keeper's place before it is killed, too.
        os.kill(daemon, signal.SIGSTOP)
        os.kill(keeper, signal.SIGKILL)
        os.kill(daemon, signal.SIGKILL)
        eventually_sync(lambda: not self.machinery())


@contextmanager
def a_daemon_in_home(folder: Path) -> Iterator[DaemonInHome]:
    """Have a home for a daemon; nothing of it outlives this."""
    daemon = DaemonInHome(folder / "home")
    try:
        yield daemon
    finally:
        daemon.real.end()
