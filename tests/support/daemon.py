"""A real daemon in a temporary home, as the command line starts it."""

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pmdaemon.config.paths import Home
from pmdaemon.control.client import Client
from pmdaemon.control.starter import start_daemon
from pmdaemon.core.environment import TOKEN_VARIABLE
from tests.support.waiting import eventually_sync

ENVIRONMENT = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}


class DaemonInHome:
    """The daemon of a home, its keeper, and its programs."""

    def __init__(self, home: Home, environment: Mapping[str, str] = ENVIRONMENT) -> None:
        self.home = home
        self.environment = dict(environment)
        self.started: list[int] = []
        self.client = Client(home, self._start)

    def _start(self) -> None:
        self.start()

    def start(self) -> int:
        """Start it as the command line does, and return its pid when it is ready."""
        pid = start_daemon(self.home.path, self.environment, log=self.home.daemon_log)
        self.started.append(pid)
        return pid

    @property
    def pid(self) -> int:
        return int(self.client.request("ping")["pid"])

    @property
    def keeper(self) -> int:
        return stat_of(self.pid)[0]

    @property
    def log(self) -> str:
        return Path(self.home.daemon_log).read_text()

    def run(self, script: str, *, name: str = "app", **fields: Any) -> dict[str, Any]:
        """Start a shell script as an app; `fields` are those of an ecosystem file."""
        app = {"script": "/bin/sh", "args": ["-c", script], "name": name, **fields}
        body = {"apps": [app], "cwd": "/", "environment": self.environment}
        (process, *_) = self.client.request("start", body)["processes"]
        return dict(process)

    def processes(self) -> list[dict[str, Any]]:
        return list(self.client.request("list")["processes"])

    def get(self, name: str = "app") -> dict[str, Any]:
        (process,) = [one for one in self.processes() if one["name"] == name]
        return process

    def ask(self, verb: str, *selectors: str) -> list[dict[str, Any]]:
        return list(self.client.request(verb, {"selectors": list(selectors)})["processes"])

    def programs(self) -> list[int]:
        """The pids of everything that runs for this home, told by its token."""
        return [pid for pid in pids() if belongs_to(pid, self.home.id)]

    def machinery(self) -> list[int]:
        """The pids of keepers and daemons of this home, told by their command lines."""
        return [pid for pid in pids() if is_daemon_of(pid, self.home.path)]

    def crash(self) -> int:
        """Kill the daemon, and wait for the next one, whose pid is returned."""
        before = self.pid
        os.kill(before, signal.SIGKILL)
        eventually_sync(lambda: self.pid != before)
        return self.pid

    def crash_altogether(self) -> None:
        """Kill the keeper and the daemon."""
        daemon, keeper = self.pid, self.keeper
        os.kill(keeper, signal.SIGKILL)
        os.kill(daemon, signal.SIGKILL)
        eventually_sync(lambda: not self.machinery())

    def close(self) -> None:
        """End everything of this home, by pid, until nothing new comes."""
        if not os.path.isdir(self.home.path):
            return
        # Parents first: a keeper whose daemon was killed would start another.
        eventually_sync(lambda: not _killed(sorted(self.machinery())))
        eventually_sync(lambda: not _killed(self.programs()))


@contextmanager
def a_daemon(folder: Path, **environment: str) -> Iterator[DaemonInHome]:
    """Have a home for a daemon, started by the first request; nothing of it outlives this."""
    daemon = DaemonInHome(Home(str(folder / "home")), {**ENVIRONMENT, **environment})
    try:
        yield daemon
    finally:
        daemon.close()


def pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def stat_of(pid: int) -> tuple[int, str]:
    """Give the parent and the state of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[1]), fields[0]


def is_alive(pid: int) -> bool:
    try:
        return stat_of(pid)[1] not in {"Z", "X"}
    except (FileNotFoundError, ProcessLookupError):
        return False


def belongs_to(pid: int, home_id: str) -> bool:
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
    return f"{TOKEN_VARIABLE}={home_id}.".encode() in environment and is_alive(pid)


def is_daemon_of(pid: int, home: str) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return any(word.startswith(b"pmdaemon.daemon") for word in words) and home.encode() in words


def _killed(found: list[int]) -> list[int]:
    for pid in found:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):  # ours, if we started it
            os.waitpid(pid, os.WNOHANG)
    return [pid for pid in found if is_alive(pid)]
