"""A real daemon where something has run out: programs go on, and what is the matter is said."""

import os
import resource
import signal
import sqlite3
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import mode

import pytest

from pmdaemon.adapters.sqlite.connection import RESERVED_JOURNAL
from tests.support.cli import a_home
from tests.support.disks import fill, small_disk
from tests.support.waiting import eventually_sync

COUNTER = """
import os, sys, time
number = 0
while True:
    number += 1
    os.write(1, b"line %d of what a program says\\n" % number)
    with open(sys.argv[1] + ".new", "w") as file:
        file.write(f"{os.getpid()} {number}")
    os.replace(sys.argv[1] + ".new", sys.argv[1])
    time.sleep(0.001)
"""


class Counter:
    """A program that prints all the time, and says elsewhere how far it is."""

    def __init__(self, folder: Path) -> None:
        self.script = folder / "counter.py"
        self.script.write_text(COUNTER)
        self.place = folder / "place"

    def command(self) -> list[str]:
        return [f"{sys.executable} {self.script} {self.place}", "--name", "app"]

    def pid(self) -> int:
        return self._said()[0]

    def goes_on(self) -> None:
        """Wait until it has printed some more."""
        before = self.place.read_text() if self.place.exists() else ""
        eventually_sync(lambda: self.place.exists() and self.place.read_text() != before)

    def prints_pages(self) -> None:
        """Wait until it has printed more than fits what its file has been given already."""
        before = self.lines()
        eventually_sync(lambda: self.lines() > before + 1000)

    def lines(self) -> int:
        return self._said()[1]

    def _said(self) -> tuple[int, int]:
        eventually_sync(self.place.exists)
        pid, lines = self.place.read_text().split()
        return int(pid), int(lines)


@pytest.fixture
def counter(tmp_path):
    return Counter(tmp_path)


@pytest.fixture
def pmdaemon(tmp_path):
    with small_disk(tmp_path / "home", "2m") as disk, a_home(tmp_path, disk) as pmdaemon:
        yield pmdaemon


def output(pmdaemon):
    return pmdaemon.home / "logs" / "app-0.out"


def process(pmdaemon, name):
    views = pmdaemon.run("list", "--json").json
    return next(view for view in views if view["name"] == name)


@contextmanager
def locked_store(pmdaemon):
    """Let nobody write the store."""
    with closing(sqlite3.connect(pmdaemon.home / "state.db", isolation_level=None)) as store:
        store.execute("BEGIN IMMEDIATE")
        yield
        store.execute("ROLLBACK")


def has_reserved_room(pmdaemon):
    pages, journal = (pmdaemon.home / name for name in ("state.db", "state.db-wal"))
    # In this order.
    return pages.stat().st_size > 16 * 4096 and journal.stat().st_size >= RESERVED_JOURNAL


def test_on_a_full_disk_a_program_goes_on_and_can_be_stopped_and_the_loss_is_said(
    pmdaemon, counter
):
    pmdaemon.run("start", *counter.command())
    eventually_sync(lambda: has_reserved_room(pmdaemon))
    ballast = fill(pmdaemon.home)
    counter.prints_pages()

    os.kill(counter.pid(), signal.SIGKILL)
    eventually_sync(lambda: process(pmdaemon, "app")["restarts"] == 1)
    counter.goes_on()
    pmdaemon.run("stop", "app")
    stopped = process(pmdaemon, "app")
    ballast.unlink()
    pmdaemon.run("start", "app")
    eventually_sync(lambda: b"bytes of output were lost: No space" in output(pmdaemon).read_bytes())

    assert stopped["state"] == "stopped"
    assert process(pmdaemon, "app")["restarts"] == 1


def test_where_the_store_cannot_be_written_a_list_says_so_until_it_can(pmdaemon, counter):
    pmdaemon.run("start", *counter.command())
    with locked_store(pmdaemon):
        os.kill(counter.pid(), signal.SIGKILL)
        eventually_sync(lambda: "is not saved yet" in pmdaemon.run("list").err)
        refused = pmdaemon.run("stop", "app", status=None)
        counter.goes_on()

    eventually_sync(lambda: pmdaemon.run("list").err == "")
    assert refused.status != 0
    assert refused.err.startswith("pmdaemon: cannot use the store")
    assert process(pmdaemon, "app")["restarts"] == 1


def test_a_program_begun_while_nothing_could_be_saved_is_known_to_the_next_daemon(
    pmdaemon, counter
):
    pmdaemon.run("start", *counter.command())
    counter.goes_on()
    with locked_store(pmdaemon):
        first = counter.pid()
        os.kill(first, signal.SIGKILL)
        eventually_sync(lambda: counter.pid() != first)
        second = counter.pid()
        eventually_sync(lambda: process(pmdaemon, "app")["pid"] == second)
        daemon = pmdaemon.daemon
        os.kill(daemon, signal.SIGKILL)

    eventually_sync(lambda: pmdaemon.daemon != daemon)
    assert process(pmdaemon, "app")["pid"] == second
    assert counter.pid() == second
    counter.goes_on()


def settled_descriptors(pid):
    """Count descriptors when there are as many nearly each time that we look.

    Now and then there is one more, for as long as the daemon reads a file of /proc.
    """
    counts = []

    def settled():
        counts.append(len(os.listdir(f"/proc/{pid}/fd")))
        latest = counts[-50:]
        usual = mode(latest)
        return usual if latest.count(usual) >= 45 else None

    return eventually_sync(settled)


def test_spent_descriptors_delay_a_start_and_say_so(pmdaemon, counter):
    pmdaemon.run("start", *counter.command())
    daemon = pmdaemon.daemon
    soft, hard = resource.prlimit(daemon, resource.RLIMIT_NOFILE)
    # One for the client that asks, and too few for what a start takes.
    resource.prlimit(daemon, resource.RLIMIT_NOFILE, (settled_descriptors(daemon) + 2, hard))

    refused = pmdaemon.run("start", "sleep 1000", "--name", "more", status=None)
    counter.goes_on()
    resource.prlimit(daemon, resource.RLIMIT_NOFILE, (soft, hard))

    assert refused.status != 0
    assert "cannot start more now: " in refused.err
    assert "too many open files" in refused.err
    eventually_sync(lambda: process(pmdaemon, "more")["state"] == "online")
    assert pmdaemon.daemon == daemon
