"""A real keeper, with daemons that do what a test tells them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pmdaemon.daemon.keeper import Keeper
from pmdaemon.daemon.orphans import be_subreaper
from tests.support.waiting import eventually_sync

ROOT = Path(__file__).parents[2]


class KeeperProcess:
    """The keeper, and what is known of its daemons: see `tests.support.kept_daemon`."""

    def __init__(self, folder: Path, *, prefix: Sequence[str] = ()) -> None:
        self.folder = folder
        self.commands = os.open(folder / "commands", os.O_RDWR)
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "tests.support.keeper", str(folder)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self.pid = self.process.pid

    @property
    def notes(self) -> list[dict[str, Any]]:
        """What daemons wrote down so far."""
        text = (self.folder / "notes").read_text() if (self.folder / "notes").exists() else ""
        return [json.loads(line) for line in text.splitlines() if line.endswith("}")]

    @property
    def begun(self) -> list[dict[str, Any]]:
        """How each daemon began."""
        return [note for note in self.notes if "began" in note]

    @property
    def told(self) -> list[dict[str, Any]]:
        """What the starter was told."""
        return [json.loads(line) for line in (self.folder / "told").read_text().splitlines()]

    @property
    def log(self) -> str:
        file = self.folder / "log"
        return file.read_text() if file.exists() else ""

    def noted(self, what: str) -> Any:
        """Wait for a note, and return the latest of its kind."""
        return eventually_sync(lambda: [note[what] for note in self.notes if what in note])[-1]

    def daemon(self, number: int) -> int:
        """Wait for the daemon of this number, from 0, and return its pid."""
        return int(eventually_sync(lambda: self.begun[number:])[0]["pid"])

    def command(self, text: str) -> None:
        """Tell the daemon, or the next one, what to do."""
        os.write(self.commands, text.encode() + b"\n")

    def ping(self) -> None:
        """Wait until a daemon has come to this command."""
        before = sum("pong" in note for note in self.notes)
        self.command("ping")
        eventually_sync(lambda: sum("pong" in note for note in self.notes) > before)

    def start_program(self, text: str) -> int:
        """Have the daemon start a program, and return its pid."""
        before = sum("started" in note for note in self.notes)
        self.command(f"start {text}")
        eventually_sync(lambda: sum("started" in note for note in self.notes) > before)
        return int(self.noted("started"))

    def kill_daemon(self, number: int) -> None:
        os.kill(self.daemon(number), signal.SIGKILL)

    def descriptors(self) -> int:
        """Count what it has open, but for the file in which it notes what it tells."""
        told, count = str(self.folder / "told"), 0
        for one in Path(f"/proc/{self.pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # closed meanwhile
                count += os.readlink(one) != told
        return count

    def wait(self) -> int:
        return self.process.wait(60)

    def close(self) -> None:
        """End everything of it, whatever a test has done to it."""
        pids = {note[key] for note in self.notes for key in ("pid", "started") if key in note}
        for pid in [self.pid, *pids]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(60)
        if self.process.stdout is not None:
            self.process.stdout.close()
        os.close(self.commands)


@contextmanager
def a_keeper(folder: Path, *, prefix: Sequence[str] = ()) -> Iterator[KeeperProcess]:
    """Run a keeper, by way of the command `prefix`, for as long as the context lasts."""
    os.mkfifo(folder / "commands")
    keeper = KeeperProcess(folder, prefix=prefix)
    try:
        yield keeper
    finally:
        keeper.close()


def _append(file: Path, line: str) -> None:
    with file.open("a") as opened:
        opened.write(line + "\n")


def main(folder: Path, state: str | None) -> int:
    """Be the keeper."""

    def renew(now: dict[str, Any]) -> bool:
        _append(folder / "log", "renewing")
        if (folder / "claimed").exists():
            return False
        if (folder / "cannot-renew").exists():
            return True
        for descriptor in now["kept"].values():
            os.set_inheritable(descriptor, True)
        myself = [sys.executable, "-m", "tests.support.keeper", str(folder), json.dumps(now)]
        os.execv(sys.executable, myself)
        return True

    be_subreaper()
    log = (folder / "log").open("a", buffering=1)  # open from the beginning: it may be the last
    keeper = Keeper(
        [sys.executable, "-m", "tests.support.kept_daemon", str(folder)],
        tell=lambda message: _append(folder / "told", json.dumps(message)),
        log=lambda fact: print(fact, file=log),
        renew=renew,
    )
    if state is not None:
        earlier = json.loads(state)
        for descriptor in earlier["kept"].values():
            os.set_inheritable(descriptor, False)
        keeper.resume(earlier)
    return keeper.run()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None))
