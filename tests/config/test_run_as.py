import grp
import os
import pwd

import pytest

from pmdaemon.config import run_as as module
from pmdaemon.config.run_as import group, run_as, user
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.spec import RunAs

ME = pwd.getpwuid(os.geteuid())


@pytest.mark.parametrize("value", [ME.pw_name, ME.pw_uid, str(ME.pw_uid), float(ME.pw_uid)])
def test_a_user_is_a_name_or_a_number(value):
    assert user(value) == ME


def test_a_number_need_not_have_a_name():
    assert user(4_000_000_000) == 4_000_000_000


@pytest.mark.parametrize("value", ["nobody-of-that-name", "", -1, 2**32 - 1, [], 1.5])
def test_another_user_is_refused(value):
    with pytest.raises(InvalidInput):
        user(value)


def test_a_group_is_a_name_or_a_number():
    mine = grp.getgrgid(ME.pw_gid)

    assert group(mine.gr_name) == group(mine.gr_gid) == mine.gr_gid
    assert group(4_000_000_000) == 4_000_000_000
    for value in ("nobody-of-that-name", -1, 2**32 - 1):
        with pytest.raises(InvalidInput):
            group(value)


def test_a_user_brings_its_groups_and_its_home():
    groups = tuple(os.getgrouplist(ME.pw_name, ME.pw_gid))

    assert run_as(ME, None) == RunAs(ME.pw_uid, ME.pw_gid, groups, ME.pw_name, ME.pw_dir)


def test_without_either_nothing_changes():
    assert run_as(None, None) == RunAs()


def test_only_root_may_be_somebody_else(monkeypatch):
    monkeypatch.setattr(module.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(module.os, "getegid", lambda: 1000)

    assert run_as(1000, 1000) == RunAs(1000, 1000)
    for uid, gid in ((0, None), (None, 0)):
        with pytest.raises(InvalidInput, match="only root can"):
            run_as(uid, gid)
