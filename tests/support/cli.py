"""pmdaemon as a user has it: its command line, in a home of its own.

    with a_home(tmp_path) as pmdaemon:
        pmdaemon.run("start", "sleep 1000", "--name", "app")

Whatever came to run in that home is gone at the end of the block, however it ends. What had to be
ended by force, as `pmdaemon kill` left it behind, fails the test.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

import pytest

from pmdaemon import Client
from pmdaemon.core.errors import DaemonNotRunning, DaemonUnavailable, PmdaemonError
from tests.support.running import daemon_pid, end_all, parent_of, running_for
from tests.support.waiting import eventually_sync

ROOT = Path(__file__).parents[2]

WITHOUT_PRIVILEGES = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--")
"""What makes permissions count for root as they do for others (capabilities(7))."""

PATIENCE = 120
"""Seconds after which a command counts as hung."""


class Outcome(NamedTuple):
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What was printed, which is to be one JSON value on one line."""
        assert self.out.count("\n") == 1, self.out
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


class Running:
    """A command that goes on; what it prints is gathered as it comes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.printed: list[str] = []
        self.complained: list[str] = []
        self._threads = [
            threading.Thread(target=_gather, args=arguments, daemon=True)
            for arguments in (
                (process.stdout, self.printed),
                (process.stderr, self.complained),
            )
        ]
        for thread in self._threads:
            thread.start()

    def end(self, number: int | None = None) -> Outcome:
        """Send a signal, if one is given, and wait for the end."""
        if number is not None:
            self.process.send_signal(number)
        status = self.process.wait(PATIENCE)
        for thread in self._threads:
            thread.join(PATIENCE)
        return Outcome(status, "".join(self.printed), "".join(self.complained))


class CommandLine:
    """Runs commands, from the folder `work`, for the daemon of `home`.

    `prefix` are words that stand before each command, of a program that runs others.
    """

    def __init__(self, home: Path, work: Path, *, prefix: Sequence[str] = ()) -> None:
        self.home = home
        self.work = work
        self._prefix = prefix
        self.environment = {
            **{name: value for name, value in os.environ.items() if not _is_ours(name)},
            "PMDAEMON_HOME": str(home),
            "PYTHONPATH": str(ROOT),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(work),
            "NO_COLOR": "1",
        }
        self._running: list[Running] = []

    def command(self, *arguments: str) -> list[str]:
        """Word a command for `subprocess`."""
        return [*self._prefix, sys.executable, "-m", "pmdaemon", *arguments]

    def run(
        self, *arguments: str, status: int | None = 0, cwd: Path | None = None, **environment: str
    ) -> Outcome:
        """Run a command, which is to end with `status`, if one is given, and never a traceback."""
        return self.execute(self.command(*arguments), status=status, cwd=cwd, **environment)

    def execute(
        self,
        words: Sequence[str],
        *,
        status: int | None = 0,
        cwd: Path | None = None,
        **environment: str,
    ) -> Outcome:
        """Run any program where our commands are run, as `run` does."""
        done = subprocess.run(
            words,
            env=self.environment | environment,
            cwd=cwd or self.work,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        outcome = Outcome(done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in outcome.err
        assert status in {None, outcome.status}, (words, outcome)
        return outcome

    def refused(self, *arguments: str, status: int, **environment: str) -> str:
        """Run a command that is to fail, and return its one sentence."""
        outcome = self.run(*arguments, status=status, **environment)
        assert outcome.out == ""
        assert outcome.err.startswith("pmdaemon: ")
        assert outcome.err.count("\n") == 1, outcome.err
        return outcome.err.removeprefix("pmdaemon: ").rstrip("\n")

    def begin(self, *arguments: str, **environment: str) -> Running:
        """Begin a command that goes on, and is ended with the home at the latest."""
        running = Running(
            subprocess.Popen(
                self.command(*arguments),
                env=self.environment | environment,
                cwd=self.work,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        self._running.append(running)
        return running

    @property
    def client(self) -> Client:
        """What the command line itself asks the daemon by, for what no command is tried with."""
        return self._client(start=lambda: self.run("ping"))

    def list(self) -> list[dict[str, Any]]:
        """Ask for all processes, as `list --json` does."""
        return [{**each} for each in self.client.list()]

    def process(self, name: str, instance: int = 0) -> dict[str, Any]:
        """Ask for one process."""
        [found] = [
            each for each in self.list() if (each["name"], each["instance"]) == (name, instance)
        ]
        return found

    def when(
        self, name: str, condition: Callable[[dict[str, Any]], object], *, within: float = 60.0
    ) -> dict[str, Any]:
        """Wait until something holds for a process, and return the process."""

        def found() -> dict[str, Any] | None:
            process = self.process(name)
            return process if condition(process) else None

        result = eventually_sync(found, within=within)
        assert result is not None
        return result

    def pid(self, name: str) -> int:
        """Return the pid of a program that runs."""
        pid = self.process(name)["pid"]
        assert isinstance(pid, int)
        return pid

    def script(self, name: str, text: str, *, mode: int = 0o644) -> Path:
        """Write a program into the folder that commands are run from."""
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    @property
    def daemon(self) -> int:
        """The pid of the daemon."""
        return daemon_pid(self.home)

    @property
    def keeper(self) -> int:
        """The pid of the keeper of the daemon."""
        return parent_of(self.daemon)

    def managers(self) -> set[int]:
        """Tell the pids of daemon and keeper, of which there are none where that has ended."""
        try:
            return {self.daemon, self.keeper}
        except (FileNotFoundError, ProcessLookupError):
            return set()

    def kill_daemon(self) -> None:
        """End the daemon as a crash would, and wait until the next one is there."""
        before = self.daemon
        os.kill(before, signal.SIGKILL)

        def is_another() -> bool:
            # The one that is being killed may have begun to answer.
            with suppress(DaemonUnavailable):
                return bool(self.client.ping()["pid"] != before)
            return False

        eventually_sync(is_another)

    def _client(self, *, start: bool | Callable[[], object]) -> Client:
        return Client(
            str(self.home), environment=self.environment, start=start, on_warning=lambda _: None
        )

    def end_running(self) -> None:
        """End the commands that go on."""
        for running in self._running:
            if running.process.poll() is None:
                running.process.kill()
            running.end()

    def close(self) -> None:
        """End everything of this home, and complain of what `kill` left behind."""
        self.end_running()
        complaint = None
        try:
            with suppress(DaemonNotRunning):
                self._client(start=False).kill()
            # What a program left to init as it was killed may take a moment to be gone.
            eventually_sync(lambda: not running_for(self.home))
        except (AssertionError, PmdaemonError) as error:
            complaint = f"{error}; left: {list(map(_described, running_for(self.home)))}"
        end_all(self.home)
        assert complaint is None, complaint


class SharedHome:
    """A home that is lent to one test after another, each time with nothing in its list.

    To start a daemon and to end it takes longer than most of what tests do with it. One that was
    replaced, as when a test killed it, is not lent again: the next test has a new home.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._owner: CommandLine | None = None
        self._made = 0

    @contextmanager
    def lent(self, folder: Path) -> Iterator[CommandLine]:
        """Lend it with another folder to work in, and complain of what stays behind."""
        owner = self._owner or self._begun()
        managers = owner.managers()
        self._owner = None
        (work := folder / "work").mkdir()
        borrower = CommandLine(owner.home, work)
        with ExitStack() as ending:
            ending.callback(owner.close)
            try:
                yield borrower
            finally:
                borrower.end_running()
            if owner.managers() == managers:
                self._clear(borrower, managers)
                ending.pop_all()
                self._owner = owner

    def close(self) -> None:
        """End the daemon."""
        if self._owner is not None:
            self._owner.close()

    def _clear(self, home: CommandLine, managers: set[int]) -> None:
        home.client.delete("all")
        eventually_sync(lambda: {*running_for(home.home)} == managers)
        for log in filter(Path.is_file, (home.home / "logs").rglob("*")):
            log.unlink(missing_ok=True)  # of two files, a daemon that compresses leaves one

    def _begun(self) -> CommandLine:
        self._made += 1
        work = self._folder / f"work{self._made}"
        work.mkdir()
        owner = CommandLine(self._folder / f"home{self._made}", work)
        owner.run("ping")
        return owner


def an_ordinary_users_home(folder: Path) -> AbstractContextManager[CommandLine]:
    """Lend a home to somebody for whom permissions count, whoever runs the test."""
    if os.geteuid() != 0:
        return a_home(folder)
    if subprocess.run([*WITHOUT_PRIVILEGES, "true"], capture_output=True, check=False).returncode:
        pytest.skip("root cannot do without its privileges here")
    return a_home(folder, prefix=WITHOUT_PRIVILEGES)


@contextmanager
def a_home(
    folder: Path, home: Path | None = None, *, prefix: Sequence[str] = ()
) -> Iterator[CommandLine]:
    """Lend a home and a folder to work in, both within `folder` unless said otherwise."""
    work = folder / "work"
    work.mkdir()
    pmdaemon = CommandLine(home or folder / "home", work, prefix=prefix)
    try:
        yield pmdaemon
    finally:
        pmdaemon.close()


def _is_ours(name: str) -> bool:
    """Whether a variable of whoever runs the tests would change what commands do."""
    return "PMDAEMON" in name or name in {"COLUMNS", "LINES", "FORCE_COLOR", "XDG_DATA_HOME"}


def _gather(stream: IO[str], into: list[str]) -> None:
    with stream:
        into.extend(stream)


def _described(pid: int) -> str:
    with suppress(OSError):
        return f"{pid} {Path(f'/proc/{pid}/cmdline').read_bytes()!r}"
    return str(pid)
