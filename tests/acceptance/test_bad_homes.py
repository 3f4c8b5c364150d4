"""Homes and stores that cannot be used, disks that are full, and daemons that start at once."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.conftest import FOREVER
from tests.support.cli import CommandLine, a_home, an_ordinary_users_home
from tests.support.running import is_alive, running_for
from tests.support.waiting import eventually_sync

UNAVAILABLE = 4


@pytest.fixture
def saved(pmdaemon):
    """A home in which something was remembered by a daemon that is gone."""
    pmdaemon.run("start", FOREVER, "--name", "app")
    pmdaemon.run("kill")
    return pmdaemon.home / "state.db"


def assert_refused(pmdaemon, expected, status=UNAVAILABLE):
    for command in (("list",), ("start", FOREVER)):
        assert expected in pmdaemon.refused(*command, status=status)
    eventually_sync(lambda: not running_for(pmdaemon.home))


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda content: b"this is no database at all" * 50, id="another file"),
        pytest.param(lambda content: content[:100] + b"\xff" * 3000 + content[3100:], id="holes"),
        pytest.param(lambda content: content[: len(content) // 2], id="half of it"),
    ],
)
def test_a_damaged_store_is_refused_and_left_as_it_is(pmdaemon, saved, damage):
    whole = saved.read_bytes()
    saved.write_bytes(damage(whole))
    damaged = saved.read_bytes()

    assert_refused(pmdaemon, f"{saved} is not an intact store (")

    assert saved.read_bytes() == damaged
    saved.write_bytes(whole)
    assert [one["name"] for one in pmdaemon.list()] == ["app"]


def test_a_store_of_a_newer_release_is_refused_and_left_as_it_is(pmdaemon, saved):
    with closing(sqlite3.connect(saved)) as store:
        store.execute("PRAGMA user_version = 4711")
    before = saved.read_bytes()

    assert_refused(pmdaemon, f"the store {saved} was written by a newer release (version 4711")

    assert saved.read_bytes() == before


def test_an_error_of_the_store_comes_as_json_too(pmdaemon, saved):
    saved.write_bytes(b"x" * 5000)

    outcome = pmdaemon.run("list", "--json", status=UNAVAILABLE)

    assert outcome.json["error"]["code"] == "store_corrupt"
    assert outcome.json["error"]["details"] == {"path": str(saved)}


def test_a_home_that_cannot_be_written_to_is_refused(tmp_path):
    with an_ordinary_users_home(tmp_path) as pmdaemon:
        pmdaemon.home.mkdir(mode=0o500)

        assert_refused(pmdaemon, f"cannot use {pmdaemon.home} as home: it is not writable")

        assert list(pmdaemon.home.iterdir()) == []
        pmdaemon.home.chmod(0o700)


def test_a_home_that_cannot_be_made_is_refused(tmp_path):
    with an_ordinary_users_home(tmp_path) as pmdaemon:
        pmdaemon.work.chmod(0o500)

        sentence = pmdaemon.refused(
            "list", status=UNAVAILABLE, PMDAEMON_HOME=str(pmdaemon.work / "deep/home")
        )

        pmdaemon.work.chmod(0o700)
        assert sentence.endswith("permission denied")


def test_a_file_is_no_home(pmdaemon):
    pmdaemon.home.write_text("mine")

    assert_refused(pmdaemon, "there is a file in its place")

    assert pmdaemon.home.read_text() == "mine"
    pmdaemon.home.unlink()


def test_a_folder_of_other_things_is_no_home(pmdaemon):
    pmdaemon.home.mkdir(mode=0o755)
    (pmdaemon.home / "diary").write_text("mine")

    assert_refused(pmdaemon, "it holds other things and is open to other users")

    assert pmdaemon.home.stat().st_mode & 0o777 == 0o755


def test_a_home_may_lie_deeper_than_a_socket_can(tmp_path):
    with a_home(tmp_path) as shallow:
        deep = tmp_path / ("deep-" * 30) / ("deeper-" * 20)
        pmdaemon = CommandLine(deep / "home", shallow.work)
        try:
            pmdaemon.run("start", FOREVER, "--name", "app")

            assert pmdaemon.process("app")["state"] == "online"
        finally:
            pmdaemon.close()


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A disk of one MiB, which only root can have."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "none", str(disk)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("may not mount a file system")
    try:
        yield disk
    finally:
        # A test that fails may leave something that still has files open there.
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_full_disk_refuses_what_is_new_and_lets_what_runs_be(small_disk):
    with a_home(small_disk) as pmdaemon:
        pmdaemon.run("start", FOREVER, "--name", "app")
        before = pmdaemon.process("app")
        filler = small_disk / "filler"
        fill(filler)

        # More to be written than there is room for, whether some has been reserved by now or not.
        large = [word for name in "ABC" for word in ("-e", f"{name}={'x' * 100_000}")]
        refused = [
            pmdaemon.run("start", "sleep 2000", "--name", f"x{number}", *large, status=None)
            for number in range(3)
        ]

        assert all(outcome.status in {0, 1, 4} for outcome in refused)
        assert any(outcome.status for outcome in refused)
        assert all("disk is full" in outcome.err for outcome in refused if outcome.status)
        assert is_alive(before["pid"])
        listed = pmdaemon.list()
        expected = [outcome.status == 0 for outcome in refused].count(True) + 1
        assert len(listed) == expected
        filler.unlink()
        pmdaemon.run("start", FOREVER, "--name", "after")
        pmdaemon.kill_daemon()
        assert pmdaemon.process("app")["pid"] == before["pid"]
        assert pmdaemon.process("after")["state"] == "online"


def test_no_daemon_can_begin_on_a_full_disk_and_one_can_when_there_is_room(small_disk):
    with a_home(small_disk) as pmdaemon:
        filler = small_disk / "filler"
        fill(filler)

        sentence = pmdaemon.refused("start", FOREVER, "--name", "app", status=UNAVAILABLE)

        assert "disk is full" in sentence or "no space left on device" in sentence
        eventually_sync(lambda: not running_for(pmdaemon.home))
        filler.unlink()
        pmdaemon.run("start", FOREVER, "--name", "app")
        assert [one["name"] for one in pmdaemon.list()] == ["app"]


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


def test_two_first_commands_at_once_find_one_daemon(pmdaemon):
    for _ in range(5):
        shutil.rmtree(pmdaemon.home, ignore_errors=True)
        commands = [pmdaemon.begin("start", FOREVER, "--name", name) for name in ("a", "b")]

        ended = [command.end() for command in commands]

        assert [(one.status, one.err) for one in ended] == [(0, ""), (0, "")]
        listed = pmdaemon.list()
        assert {one["name"] for one in listed} == {"a", "b"}
        assert all(is_alive(one["pid"]) for one in listed)
        # Keeper, daemon, two programs, and nothing of the daemon that came second.
        eventually_sync(lambda: len(running_for(pmdaemon.home)) == 4)
        pmdaemon.run("kill")
        assert running_for(pmdaemon.home) == []


@pytest.mark.parametrize("arguments", [["--no-such-option"], ["--help"], ["nowhere.json"]])
def test_a_start_that_cannot_be_meant_leaves_no_daemon_and_no_home(pmdaemon, arguments):
    pmdaemon.run("start", *arguments, status=None)

    eventually_sync(lambda: running_for(pmdaemon.home) == [])
    assert not pmdaemon.home.exists()


def test_a_second_daemon_is_refused_by_the_lock(pmdaemon):
    pmdaemon.run("ping")
    reading, writing = os.pipe()

    module = ["-m", "pmdaemon.daemon", "--home", str(pmdaemon.home), "--ready-fd", str(writing)]
    second = subprocess.run(
        [sys.executable, *module],
        env=pmdaemon.environment,
        pass_fds=[writing],
        timeout=60,
        check=False,
    )

    os.close(writing)
    with os.fdopen(reading) as told:
        assert '"daemon_already_running"' in told.read()
    assert second.returncode == 1
    assert is_alive(pmdaemon.daemon)


def test_a_home_that_is_removed_while_in_use_is_there_again_with_all_that_runs(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app")
    (before,) = pmdaemon.list()

    # At once, as a daemon that looks in the meantime would put back what is gone already.
    shutil.rmtree(pmdaemon.home.rename(pmdaemon.work / "gone"))
    eventually_sync((pmdaemon.home / "daemon.sock").exists)

    (after,) = pmdaemon.list()
    assert (after["pid"], after["restarts"]) == (before["pid"], 0)
    pmdaemon.run("restart", "app")
    (again,) = pmdaemon.list()
    assert again["pid"] not in {None, before["pid"]}
