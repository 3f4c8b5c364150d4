import sys
from pathlib import Path

import pytest

from pmdaemon.core.errors import InvalidInput, Unsupported
from pmdaemon.install import launchd, systemd
from pmdaemon.install.accounts import Account
from pmdaemon.install.platforms import manager_for

ME = Account("me", 501, Path("/home/me"))


@pytest.mark.parametrize("name", ["systemd", "ubuntu", "Debian"])
def test_systemd_goes_by_many_names(name):
    assert manager_for(name, None) == systemd.system()


@pytest.mark.parametrize("name", ["launchd", "darwin", "macos"])
def test_so_does_launchd(name):
    assert manager_for(name, None) == launchd.system()
    assert manager_for(name, ME) == launchd.of_user(Path("/home/me"), 501)


def test_where_nothing_is_said_it_is_what_is_usual_there(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    assert manager_for(None, None) == systemd.system()

    monkeypatch.setattr(sys, "platform", "darwin")
    assert manager_for(None, None) == launchd.system()


def test_a_users_units_are_where_the_configuration_is():
    assert manager_for("systemd", ME) == systemd.of_user(Path("/home/me/.config"))
    assert manager_for("systemd", ME, config=Path("/cfg")) == systemd.of_user(Path("/cfg"))


def test_others_are_refused_by_name():
    with pytest.raises(Unsupported, match="not for openrc"):
        manager_for("openrc", None)
    with pytest.raises(InvalidInput, match="no such service manager: nonsense"):
        manager_for("nonsense", None)
