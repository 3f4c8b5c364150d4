"""pmdaemon as a user has it: its command line, in a home of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.waiting import eventually_sync


class Installed:
    """Runs commands; whatever they leave running is told by the home in its environment."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {
            **{name: value for name, value in os.environ.items() if "PMDAEMON" not in name},
            "PMDAEMON_HOME": str(home),
            "NO_COLOR": "1",
        }

    def command(self, *arguments: str) -> list[str]:
        """Word a command for `subprocess`."""
        return [sys.executable, "-m", "pmdaemon", *arguments]

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self.command(*arguments),
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=check,
        )

    def popen(self, *arguments: str) -> subprocess.Popen[str]:
        """Begin a command."""
        return subprocess.Popen(
            self.command(*arguments),
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def daemon_pid(self) -> int:
        """The daemon's pid."""
        return int((self.home / "daemon.pid").read_text())

    def left(self) -> list[int]:
        """List what is running on behalf of this home."""
        mark = f"PMDAEMON_HOME={self.home}".encode()
        return [pid for pid in _pids() if pid != os.getpid() and mark in _environment(pid)]


@contextmanager
def installed(home: Path) -> Iterator[Installed]:
    """Lend a home; when the context ends nothing of it is running any more."""
    pmdaemon = Installed(home)
    try:
        yield pmdaemon
    finally:
        with suppress(subprocess.SubprocessError):
            pmdaemon.run("kill", check=False)
        with suppress(AssertionError):
            eventually_sync(lambda: not pmdaemon.left(), within=3.0)
        for pid in pmdaemon.left():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        eventually_sync(lambda: not pmdaemon.left())


def _pids() -> list[int]:
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []  # gone, or not ours
