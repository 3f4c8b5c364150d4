import os
import plistlib

import pytest
from msgspec.structs import replace

from pmdaemon import KEEPER_COMMAND
from pmdaemon.cli.commands import startup
from pmdaemon.core.errors import OperationFailed
from pmdaemon.core.spec import StopPolicy
from pmdaemon.install import systemd
from tests.support.views import DECLARED, a_view


@pytest.fixture
def installed(monkeypatch, tmp_path):
    """What was handed to the service manager, which is there and lets us."""
    calls = []

    def install(manager, service, *, start):
        calls.append((service, start))
        return manager.path(service.name)

    monkeypatch.setattr(systemd, "BOOTED", tmp_path)
    monkeypatch.setattr(os, "geteuid", os.getuid)
    monkeypatch.setattr(startup, "install", install)
    return calls


def test_without_a_daemon_it_is_started(cli_without_daemon, installed):
    cli = cli_without_daemon

    assert cli("startup", "systemd", "--user-unit", "--wait-ip") == 0

    ((service, start),) = installed
    assert start
    assert service.wait_for_ip
    assert service.stop_patience == 90
    told = [*KEEPER_COMMAND, "--home", cli.home.path, "--take-over", "yes"]
    assert service.argv[1:] == told
    assert service.environment["PATH"] == "/usr/bin"
    assert service.environment["PMDAEMON_HOME"] == cli.home.path
    assert "starts at boot from now on" in cli.out


def test_a_daemon_that_runs_goes_on(cli, installed):
    cli.daemon.answers("ping", {"result": {"pid": 4242, "version": "1", "home": "/"}})
    patient = replace(DECLARED, stop=StopPolicy(grace=100.5))
    cli.lists(a_view(detail=True, spec=patient), a_view("other", detail=True))

    assert cli("startup", "systemd", "--user-unit", "--service-name", "mine") == 0

    ((service, start),) = installed
    assert not start
    assert service.stop_patience == 130
    assert "the running daemon (pid 4242) continues" in cli.out
    assert "systemctl --user start mine.service" in cli.out


def test_a_dry_run_prints_the_text_and_nothing_else_on_stdout(cli_without_daemon, installed):
    cli = cli_without_daemon

    assert cli("startup", "launchd", "--dry-run", "--service-name", "mine") == 0

    assert plistlib.loads(cli.out.encode())["Label"] == "mine"
    assert "would be written to /Library/LaunchDaemons/mine.plist" in cli.err
    assert "would be run: launchctl bootstrap system" in cli.err
    assert "here that would be refused" in cli.err
    assert installed == []


def test_what_the_service_manager_refuses_is_said(cli_without_daemon, installed, monkeypatch):
    def refuse(*_, **__):
        raise OperationFailed("systemctl enable x failed: no bus")

    monkeypatch.setattr(startup, "install", refuse)

    assert cli_without_daemon("startup", "systemd", "--user-unit") == 1
    assert cli_without_daemon.err == "pmdaemon: systemctl enable x failed: no bus\n"


def test_a_service_manager_of_pm2s_that_we_do_not_serve_is_refused(cli):
    assert cli("startup", "openrc") == 2
    assert cli.err == "pmdaemon: units are written for systemd and launchd, not for openrc\n"
