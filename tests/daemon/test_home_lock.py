import fcntl
import os
import stat
import threading

import pytest

from pmdaemon.config.paths import Home
from pmdaemon.core.errors import HomeUnusable
from pmdaemon.daemon import home_lock
from pmdaemon.daemon.home_lock import AlreadyRunning, hold, is_claimed, take_over


@pytest.fixture
def home(tmp_path):
    made = Home(str(tmp_path / "home"))
    made.ensure()
    return made


@pytest.fixture
def asked(monkeypatch):
    """What was done when the present holder was asked to make way."""
    calls = []
    monkeypatch.setattr(home_lock, "_ask_to_make_way", calls.append)
    return calls


def test_a_home_is_held_by_one(home):
    lock = hold(home)

    with pytest.raises(AlreadyRunning, match="a daemon is already running for"):
        hold(home)

    os.close(lock)
    os.close(hold(home))


def test_a_home_of_any_name_is_named_on_one_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    home = Home("./a\nb\udcff")
    home.ensure()
    lock = hold(home)

    with pytest.raises(AlreadyRunning, match=r"a\\nb\\xff$"):
        hold(home)
    os.close(lock)


def test_a_home_that_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(HomeUnusable):
        hold(Home(str(tmp_path / "nowhere")))


def test_a_free_home_is_taken_over_without_asking_anybody(home, asked):
    os.close(take_over(home))

    assert asked == []
    assert not is_claimed(home)


def test_a_home_is_taken_over_when_its_holder_has_made_way(home, monkeypatch):
    lock = hold(home)
    monkeypatch.setattr(home_lock, "_ask_to_make_way", lambda _: os.close(lock))

    taken = take_over(home)

    with pytest.raises(AlreadyRunning):
        hold(home)
    os.close(taken)


def test_a_holder_that_stays_is_asked_once_and_then_left_alone(home, asked):
    lock = hold(home)

    with pytest.raises(AlreadyRunning):
        take_over(home, patience=0.1)

    assert asked == [home]
    assert not is_claimed(home)
    os.close(lock)


def test_while_one_waits_nobody_else_gets_in(home, monkeypatch):
    lock = hold(home)
    claimed, go_on = threading.Event(), threading.Event()

    def ask(_):
        claimed.set()
        go_on.wait(60)

    monkeypatch.setattr(home_lock, "_ask_to_make_way", ask)
    taken = []
    successor = threading.Thread(target=lambda: taken.append(take_over(home)))
    successor.start()
    try:
        assert claimed.wait(60)
        os.close(lock)

        assert is_claimed(home)
        with pytest.raises(AlreadyRunning, match="about to take"):
            hold(home)
        with pytest.raises(AlreadyRunning):
            take_over(home)
    finally:
        go_on.set()
        successor.join()
    os.close(taken[0])


def test_a_home_is_free_when_the_last_copy_of_the_descriptor_is_closed(home):
    held = hold(home)
    copy = os.dup(held)

    os.close(held)
    with pytest.raises(AlreadyRunning):
        hold(home)
    os.close(copy)

    os.close(hold(home))


def test_who_was_refused_leaves_nothing_open(home):
    held = hold(home)
    before = os.listdir("/dev/fd")

    with pytest.raises(AlreadyRunning):
        hold(home)

    assert os.listdir("/dev/fd") == before
    os.close(held)


def test_the_lock_is_for_the_owner_only_and_not_inherited(home):
    held = hold(home)

    assert stat.S_IMODE(os.fstat(held).st_mode) == 0o600
    assert fcntl.fcntl(held, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
    os.close(held)


def test_a_lock_that_cannot_be_made_is_said_to_be_so(home):
    os.mkdir(home.lock)

    with pytest.raises(HomeUnusable, match=r"cannot use .* as home: is a directory"):
        hold(home)
