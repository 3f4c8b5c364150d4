"""The process managers that are measured, each driven by its own command line."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.system import BenchFailed, end, wait_for

COMMAND_DEADLINE = 300.0
"""Seconds a command may take before the run is given up."""

App = Mapping[str, Any]
"""An app as an ecosystem file has it; both sides read the same file."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a manager's commands and files are called."""

    name: str
    home_variable: str
    pid_file: str
    out_log: str
    list_verb: str
    environment: Mapping[str, str]


PMDAEMON = Dialect("pmdaemon", "PMDAEMON_HOME", "daemon.pid", "logs/{}-0.out", "list", {})
PM2 = Dialect(
    "PM2", "PM2_HOME", "pm2.pid", "logs/{}-out.log", "ls", {"PM2_DISABLE_VERSION_CHECK": "true"}
)


class Contender(ABC):
    """Something that keeps programs running, in a temporary home of its own."""

    def __init__(self, name: str, home: Path) -> None:
        self.name = name
        self.home = home
        self._seen: set[psutil.Process] = set()

    @abstractmethod
    def start(self, apps: Sequence[App]) -> None:
        """Start apps from one file, bringing the manager up if need be; they run then."""

    @abstractmethod
    def show_list(self) -> None:
        """Have its command show all programs."""

    @abstractmethod
    def daemon(self) -> list[psutil.Process]:
        """Find the manager's own processes: the daemon, and what keeps it."""

    @abstractmethod
    def programs(self) -> list[psutil.Process]:
        """Find what it keeps running, with everything these started."""

    @abstractmethod
    def end(self) -> None:
        """End the manager and its programs, and say if something had to be killed for it."""

    def _end_what_was_seen(self) -> None:
        if left := end(self._seen):
            names = ", ".join(str(process.pid) for process in left[:5])
            print(f"  {self.name} left {len(left)} behind: {names}…", file=sys.stderr)
        self._seen.clear()
        shutil.rmtree(self.home, ignore_errors=True)


class Manager(Contender):
    """A manager with a command line like PM2's: ours, and PM2."""

    def __init__(self, dialect: Dialect, executable: Path, home: Path) -> None:
        super().__init__(dialect.name, home)
        self.dialect = dialect
        self.executable = executable

    def run(self, *arguments: str, cwd: Path | None = None) -> str:
        """Run one command to its end, in this folder if one is given; return what it printed.

        Raises:
            BenchFailed: it failed, or hung.

        """
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PM2", "PMDAEMON", "pm_"))
        }
        environment = {
            **inherited,
            **self.dialect.environment,
            self.dialect.home_variable: str(self.home),
        }
        command = [str(self.executable), *arguments]
        done = subprocess.run(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_DEADLINE,
            check=False,
        )
        if done.returncode:
            raise BenchFailed(f"{' '.join(command)}: {done.stderr or done.stdout}")
        return done.stdout

    def start(self, apps: Sequence[App]) -> None:
        """Start apps from one file, bringing the manager up if need be."""
        file = self.home.parent / f"{self.home.name}.json"
        file.write_text(json.dumps({"apps": apps}), "utf-8")
        self.run("start", str(file))

    def show_list(self) -> None:
        """Have its command show all programs."""
        self.run(self.dialect.list_verb)

    def daemon(self) -> list[psutil.Process]:
        """Find the manager's own processes: the daemon, and what keeps it."""
        pid_file = self.home / self.dialect.pid_file
        daemon = psutil.Process(int(pid_file.read_text("ascii")))
        # Who detached is adopted by init, or by a parent of ours that adopts.
        strangers = {1, *(one.pid for one in psutil.Process().parents())}
        keepers = [one for one in daemon.parents() if one.pid not in strangers]
        self._seen |= {daemon, *keepers}
        return [daemon, *keepers]

    def programs(self) -> list[psutil.Process]:
        """Find what it keeps running, with everything these started."""
        found = self.daemon()[0].children(recursive=True)
        self._seen.update(found)
        return found

    def out_log(self, app: str) -> Path:
        """Name the file with the standard output of an app."""
        return self.home / self.dialect.out_log.format(app)

    def delete_all(self) -> None:
        """End and forget all programs, and make sure of it."""
        running = self.programs()
        self.run("delete", "all")
        wait_for(lambda: not any(map(psutil.pid_exists, (one.pid for one in running))), "delete")

    def end(self) -> None:
        """End the manager and its programs, and say if something had to be killed for it."""
        pid_file = self.home / self.dialect.pid_file
        if pid_file.exists() and psutil.pid_exists(int(pid_file.read_text("ascii"))):
            self.programs()
            self.run("kill")
        self._end_what_was_seen()


@dataclass(frozen=True, slots=True)
class Pair:
    """Both sides of every figure, and the others, who are measured where they do the same work."""

    ours: Manager
    theirs: Manager
    others: Sequence[Contender] = ()

    @property
    def everybody(self) -> Sequence[Contender]:
        """All of them, in the order in which they have their turns."""
        return (self.ours, self.theirs, *self.others)

    def __iter__(self) -> Iterator[Manager]:
        return iter((self.ours, self.theirs))

    def fresh(self) -> None:
        """Bring both back to nothing."""
        for manager in self.everybody:
            manager.end()


Maker = Callable[[Path], Contender]
"""Makes a contender that has this folder for its home."""


@contextmanager
def contest(ours: Path, theirs: Path, others: Sequence[Maker] = ()) -> Iterator[Pair]:
    """Give all managers homes of their own; whatever happens, nothing of them stays."""
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        pair = Pair(
            Manager(PMDAEMON, ours, Path(folder) / "pmdaemon"),
            Manager(PM2, theirs, Path(folder) / "pm2"),
            [make(Path(folder) / f"other-{number}") for number, make in enumerate(others)],
        )
        with ExitStack() as stack:
            for manager in pair.everybody:
                stack.callback(manager.end)
            yield pair


def web_address(ours: Manager) -> str:
    """Turn our web side on, for whoever asks as often as they like, and return its address."""
    said = ours.run("web", "--detach", "--port", "0", "--rate-limit", "off")
    return next(word for word in said.split() if word.startswith("http://"))


def sleepers(count: int) -> list[App]:
    """Declare programs that do nothing, as cheaply as can be."""
    sleep = shutil.which("sleep") or "/bin/sleep"
    return [
        {"name": f"idle-{number}", "script": sleep, "args": "100000", "interpreter": "none"}
        for number in range(count)
    ]


def python_program(name: str, file: str, *arguments: str, **fields: object) -> App:
    """Declare one of `bench/programs`."""
    script = Path(__file__).parent / "programs" / file
    return {
        "name": name,
        "script": sys.executable,
        "args": [str(script), *arguments],
        "interpreter": "none",
        **fields,
    }


def compiled_program(name: str, folder: Path, *arguments: str) -> App | None:
    """Compile one of `bench/programs` into a folder, and declare it; None without a C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    source = Path(__file__).parent / "programs" / f"{name}.c"
    program = folder / name
    done = subprocess.run(
        [compiler, "-O2", "-o", str(program), str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchFailed(f"cannot compile {source}: {done.stderr}")
    return {"name": name, "script": str(program), "args": [*arguments], "interpreter": "none"}
