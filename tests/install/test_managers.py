import sys

import pytest

from pmdaemon.core.errors import OperationFailed
from pmdaemon.install import managers
from pmdaemon.install.managers import install, run, uninstall
from pmdaemon.install.systemd import of_user
from tests.install.test_units import SERVICE


@pytest.fixture
def systemctl(tmp_path, monkeypatch):
    """A systemctl that writes down how it was called; it fails at what is in `failing`."""

    class Systemctl:
        failing = tmp_path / "failing"
        calls = tmp_path / "calls"

        def called(self):
            return self.calls.read_text().splitlines() if self.calls.exists() else []

    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "systemctl"
    program.write_text(
        f"""#!/bin/sh
echo "$*" >> {Systemctl.calls}
case "$*" in
    *"$(cat {Systemctl.failing} 2>/dev/null || echo nothing)"*)
        echo "some warning" >&2; echo "Failed to do it" >&2; echo "See elsewhere" >&2; exit 1;;
esac
"""
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return Systemctl()


@pytest.fixture
def manager(tmp_path):
    return of_user(tmp_path / "config")


@pytest.fixture
def unit(manager):
    return manager.path(SERVICE.name)


def test_a_service_is_written_and_enabled(systemctl, manager, unit):
    assert install(manager, SERVICE, start=False) == unit

    assert unit.read_text() == manager.text(SERVICE)
    assert systemctl.called() == ["--user daemon-reload", "--user enable pmdaemon-deploy.service"]


def test_it_is_started_when_that_is_asked_for(systemctl, manager):
    install(manager, SERVICE, start=True)

    assert systemctl.called()[-1] == "--user enable --now pmdaemon-deploy.service"


def test_a_service_that_cannot_be_enabled_is_undone(systemctl, manager, unit):
    systemctl.failing.write_text("enable")

    with pytest.raises(
        OperationFailed, match=r"systemctl --user enable .* failed: Failed to do it"
    ):
        install(manager, SERVICE, start=False)

    assert not unit.exists()
    assert systemctl.called()[-2:] == [
        "--user disable pmdaemon-deploy.service",
        "--user daemon-reload",
    ]


def test_a_service_that_was_there_before_a_failure_is_there_after_it(systemctl, manager, unit):
    install(manager, SERVICE, start=False)
    before = unit.read_text()
    systemctl.failing.write_text("enable")

    with pytest.raises(OperationFailed):
        install(manager, managers.Service(**{**args(), "user": "other"}), start=False)

    assert unit.read_text() == before
    assert not any("disable" in call for call in systemctl.called())


def args():
    return {field: getattr(SERVICE, field) for field in SERVICE.__struct_fields__}


def test_uninstalling_undoes_it_without_stopping_anything(systemctl, manager, unit):
    install(manager, SERVICE, start=False)

    assert uninstall(manager, SERVICE.name) == unit

    assert not unit.exists()
    assert systemctl.called()[2:] == [
        "--user disable pmdaemon-deploy.service",
        "--user daemon-reload",
    ]


def test_there_may_be_nothing_to_uninstall(systemctl, manager):
    assert uninstall(manager, SERVICE.name) is None
    assert systemctl.called() == []


def test_a_foreign_unit_is_neither_overwritten_nor_removed(systemctl, manager, unit):
    unit.parent.mkdir(parents=True)
    unit.write_text("[Unit]\n")

    with pytest.raises(OperationFailed):
        install(manager, SERVICE, start=False)
    with pytest.raises(OperationFailed):
        uninstall(manager, SERVICE.name)

    assert unit.read_text() == "[Unit]\n"
    assert systemctl.called() == []


def test_a_command_that_is_missing_or_silent_or_too_slow_is_said(monkeypatch):
    with pytest.raises(OperationFailed, match="cannot run /no/systemctl: no such file"):
        run(["/no/systemctl", "enable"])
    with pytest.raises(OperationFailed, match="failed: it does not say why"):
        run([sys.executable, "-c", "raise SystemExit(1)"])
    monkeypatch.setattr(managers, "PATIENCE", 0.01)
    with pytest.raises(OperationFailed, match=r"did not end within 0\.01 s"):
        run([sys.executable, "-c", "import signal; signal.pause()"])
