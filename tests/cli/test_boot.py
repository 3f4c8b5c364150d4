import os
import shlex
import sys
from pathlib import Path

import pytest

from pmdaemon.cli.boot import boot_of, check_possible, home_of
from pmdaemon.cli.context import Context
from pmdaemon.cli.errors import RootNeeded, WrongUsage
from pmdaemon.core.errors import InvalidInput, Unsupported
from pmdaemon.install import systemd
from pmdaemon.install.accounts import current_account

ME = current_account(None)


def boot(environment=None, **options):
    given = {"platform": "systemd", "user_unit": False, "user": None, "service_name": None}
    return boot_of(Context(environment or {}), **{**given, **options})


def test_the_service_is_named_after_whose_daemon_it_is():
    assert boot().name == f"pmdaemon-{ME.name}"
    assert boot(user="root").name == "pmdaemon-root"
    assert boot(service_name="mine.service").name == "mine"


@pytest.mark.parametrize("name", ["", "a b", "../x", "-x", "a/b", "x" * 201, "a%h", "a@b"])
def test_a_name_that_no_service_can_have_is_refused(name):
    with pytest.raises(WrongUsage, match="cannot name a service"):
        boot(service_name=name)


def test_a_user_unit_is_for_oneself():
    assert boot({"XDG_CONFIG_HOME": "/cfg"}, user_unit=True).manager.units == Path(
        "/cfg/systemd/user"
    )
    assert boot({"XDG_CONFIG_HOME": "no"}, user_unit=True).manager.units == (
        ME.folder / ".config/systemd/user"
    )
    other = "nobody" if ME.name != "nobody" else "root"
    with pytest.raises(WrongUsage, match="for yourself"):
        boot(user_unit=True, user=other)
    with pytest.raises(InvalidInput, match="no user called"):
        boot(user="nobody-is-called-so")


def test_the_home_is_the_one_named_or_ones_own():
    context = Context({"PMDAEMON_HOME": "/my/home"})

    assert home_of(context, boot(), "/given").path == "/given"
    assert home_of(context, boot(), None).path == "/my/home"
    # HOME may be unset, as in a container.
    assert home_of(Context({}), boot(), None).path == f"{ME.folder}/.local/share/pmdaemon"


def test_another_users_home_is_not_looked_for_in_our_environment(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    context = Context({"PMDAEMON_HOME": "/my/home", "XDG_DATA_HOME": "/my/data"})

    assert home_of(context, boot(user="root"), None).path == "/root/.local/share/pmdaemon"

    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(WrongUsage, match="say by --home"):
        home_of(context, boot(user="root"), None)


def test_without_the_service_manager_nothing_is_possible(monkeypatch, tmp_path):
    monkeypatch.setattr(systemd, "BOOTED", tmp_path / "no")

    with pytest.raises(Unsupported, match="use pmdaemon runtime"):
        check_possible(boot(), [], Context({}))


def test_who_is_not_root_gets_a_line_that_survives_the_shell(monkeypatch, tmp_path):
    monkeypatch.setattr(systemd, "BOOTED", tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    context = Context({"PATH": "/a b:/bin"})

    with pytest.raises(RootNeeded) as refusal:
        check_possible(boot(user="root"), ["startup", "--home", "it's"], context)

    words = shlex.split(refusal.value.details["command"])
    assert words[:3] == ["sudo", "env", "PATH=/a b:/bin"]
    assert words[words.index(sys.executable) :] == [
        *(sys.executable, "-P", "-m", "pmdaemon", "startup", "--home", "it's")
    ]
    check_possible(boot(user_unit=True), [], context)
