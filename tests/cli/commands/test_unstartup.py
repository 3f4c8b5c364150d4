import os

import pytest

from pmdaemon.cli.commands import unstartup
from pmdaemon.install import systemd


@pytest.fixture
def removed(monkeypatch, tmp_path):
    """The names of the services that were asked to be removed; there is one called `mine`."""
    names = []

    def uninstall(manager, name):
        names.append(name)
        return manager.path(name) if name == "mine" else None

    monkeypatch.setattr(systemd, "BOOTED", tmp_path)
    monkeypatch.setattr(unstartup, "uninstall", uninstall)
    return names


def test_a_service_is_removed_and_what_runs_goes_on(cli, removed):
    assert cli("unstartup", "systemd", "--user-unit", "--service-name", "mine") == 0

    assert removed == ["mine"]
    assert cli.out.endswith("mine.service; everything that is running continues\n")
    assert cli.daemon.requests == []


def test_there_may_be_nothing_to_undo(cli, removed):
    assert cli("unstartup", "systemd", "--user-unit", "--service-name", "other") == 0

    assert cli.out.startswith("there is nothing to undo: no file")


def test_a_dry_run_removes_nothing(cli, removed):
    assert cli("unstartup", "systemd", "--dry-run", "--service-name", "mine") == 0

    assert cli.out.splitlines() == [
        "would be run: systemctl disable mine.service",
        "would be removed: /etc/systemd/system/mine.service",
        "would be run: systemctl daemon-reload",
    ]
    assert removed == []


def test_root_is_needed_for_the_systems_own(cli, removed, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 54321)

    assert cli("unstartup", "systemd", "-u", "root", "--service-name", "mine") == 1

    assert "pmdaemon unstartup systemd -u root --service-name mine" in cli.err
    assert removed == []
