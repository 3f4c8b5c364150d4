import fcntl
import os
import stat

import pytest

from pmdaemon.config.paths import Home
from pmdaemon.core.errors import DaemonUnavailable, HomeUnusable
from pmdaemon.daemon.home_lock import AlreadyRunning, hold


@pytest.fixture
def home(tmp_path):
    return Home(str(tmp_path))


def test_a_home_is_held_by_one_at_a_time(home):
    held = hold(home)

    with pytest.raises(AlreadyRunning, match="a daemon is running already") as refusal:
        hold(home)

    assert refusal.value.code == "daemon_already_running"
    assert isinstance(refusal.value, DaemonUnavailable)
    os.close(held)


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

    with pytest.raises(HomeUnusable, match=r"cannot use .* as home: Is a directory"):
        hold(home)
