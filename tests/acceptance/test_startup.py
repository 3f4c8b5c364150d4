"""`startup`, and what a service manager that follows the unit gets of the keeper."""

import os
import pwd
import re
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pmdaemon.cli.main import run
from pmdaemon.install import systemd
from tests.support.cli import a_home
from tests.support.running import children_of, environment_of, running_for, words_of
from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.posix

SYSTEMCTL = """#!/bin/sh
echo "$*" >> {calls}
"""


class ServiceManager:
    """Starts what a unit says, as its text says, and hears what it tells."""

    def __init__(self, unit, folder, pythonpath):
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._line.bind(str(folder / "notify"))
        self._line.settimeout(60)
        self._argv = self._words("ExecStart", unit)
        self._environment = dict(
            setting.split("=", 1) for setting in self._words("Environment", unit)
        )
        self._environment["NOTIFY_SOCKET"] = str(folder / "notify")
        # Tests run from a source tree that need not be installed.
        self._environment["PYTHONPATH"] = pythonpath
        self.service = None

    def start(self):
        self.service = subprocess.Popen(self._argv, env=self._environment)

    def hear(self):
        return self._line.recv(4096).decode().splitlines()[0]

    def close(self):
        self._line.close()
        if self.service is not None:
            self.service.kill()
            self.service.wait()

    @staticmethod
    def _words(key, unit):
        lines = re.findall(f"^{key}=(.*)$", unit, re.MULTILINE)
        return [word.replace("%%", "%") for line in lines for word in shlex.split(line)]


@pytest.fixture
def pmdaemon(tmp_path):
    with a_home(tmp_path, tmp_path / "a home%h") as pmdaemon:
        yield pmdaemon


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A system that systemd has booted, with a systemctl that does nothing but write it down."""
    calls = tmp_path / "calls"
    calls.touch()
    (tmp_path / "bin").mkdir()
    systemctl = tmp_path / "bin" / "systemctl"
    systemctl.write_text(SYSTEMCTL.format(calls=calls))
    systemctl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr(systemd, "BOOTED", tmp_path)
    monkeypatch.setattr(systemd, "SYSTEM_UNITS", tmp_path / "units")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return calls


@pytest.fixture
def unit(pmdaemon, system, tmp_path):
    """The unit that `startup` writes."""
    assert run(["startup", "systemd", "--service-name", "app"], pmdaemon.environment) == 0
    return (tmp_path / "units" / "app.service").read_text()


@pytest.fixture
def manager(unit, tmp_path):
    manager = ServiceManager(unit, tmp_path, str(Path(__file__).parents[2]))
    yield manager
    manager.close()


def test_a_unit_is_written_enabled_and_started(unit, system):
    assert "WantedBy=multi-user.target" in unit
    assert system.read_text().splitlines() == ["daemon-reload", "enable --now app.service"]


def test_beside_a_daemon_that_runs_nothing_is_started(pmdaemon, system, capsys):
    pmdaemon.run("start", "sleep 1000", "--name", "app", "--kill-timeout", "200s")

    assert run(["startup", "systemd", "--service-name", "app"], pmdaemon.environment) == 0

    assert system.read_text().splitlines() == ["daemon-reload", "enable app.service"]
    said = capsys.readouterr().out
    assert f"the running daemon (pid {pmdaemon.daemon}) continues" in said
    assert "systemctl start app.service" in said
    unit = (systemd.SYSTEM_UNITS / "app.service").read_text()
    assert "TimeoutStopSec=230" in unit  # the longest grace, and some
    pmdaemon.run("restart", "app")


def test_unstartup_undoes_it(pmdaemon, unit, system, capsys):
    assert run(["unstartup", "systemd", "--service-name", "app"], pmdaemon.environment) == 0

    assert not list(systemd.SYSTEM_UNITS.iterdir())
    assert system.read_text().splitlines()[2:] == ["disable app.service", "daemon-reload"]


def test_the_keeper_tells_of_its_start_its_update_and_its_end(pmdaemon, manager):
    manager.start()
    assert manager.hear() == "READY=1"
    pmdaemon.run("start", "sleep 1000", "--name", "app")
    pid = pmdaemon.run("pid", "app").out

    manager.service.send_signal(signal.SIGHUP)  # what ExecReload sends
    assert [manager.hear(), manager.hear()] == ["RELOADING=1", "READY=1"]
    assert pmdaemon.run("pid", "app").out == pid

    manager.service.send_signal(signal.SIGTERM)
    assert manager.hear() == "STOPPING=1"
    assert manager.service.wait(60) == 0
    assert running_for(pmdaemon.home) == []


def test_at_the_next_boot_what_was_up_is_up_and_the_rest_is_not(pmdaemon, manager):
    manager.start()
    assert manager.hear() == "READY=1"
    pmdaemon.run("start", "sleep 1000", "--name", "up")
    pmdaemon.run("start", "sleep 1000", "--name", "down")
    pmdaemon.run("stop", "down")
    manager.service.terminate()
    assert manager.hear() == "STOPPING=1"
    manager.service.wait(60)

    manager.start()

    assert manager.hear() == "READY=1"
    assert int(pmdaemon.run("pid", "up").out) > 0
    assert "stopped" in pmdaemon.run("describe", "down").out


def test_a_keeper_that_crashed_is_started_again_and_takes_everything_over(pmdaemon, manager):
    manager.start()
    assert manager.hear() == "READY=1"
    pmdaemon.run("start", "sleep 1000", "--name", "app")
    pid = pmdaemon.run("pid", "app").out

    manager.service.kill()
    manager.service.wait()
    manager.start()  # what Restart=on-failure does

    assert manager.hear() == "READY=1"
    assert pmdaemon.run("pid", "app").out == pid
    assert daemons_of(manager) == {pmdaemon.daemon}


def test_a_daemon_that_runs_already_hands_over_when_the_service_is_started(pmdaemon, manager):
    pmdaemon.run("start", "sleep 1000", "--name", "app")
    pid, before = pmdaemon.run("pid", "app").out, pmdaemon.daemon

    manager.start()

    assert manager.hear() == "READY=1"
    assert pmdaemon.run("pid", "app").out == pid
    assert pmdaemon.daemon != before
    eventually_sync(lambda: not Path(f"/proc/{before}").exists())


def test_the_notification_socket_reaches_neither_daemon_nor_programs(pmdaemon, manager):
    manager.start()
    assert manager.hear() == "READY=1"
    pmdaemon.run("start", "sleep 1000", "--name", "app")
    program = int(pmdaemon.run("pid", "app").out)

    assert "NOTIFY_SOCKET" not in environment_of(pmdaemon.daemon)
    # Programs have one of ours, to say to us that they are ready.
    assert environment_of(program)["NOTIFY_SOCKET"] == str(pmdaemon.home / "run" / "notify.sock")


def test_why_it_cannot_start_is_the_services_status(pmdaemon, manager):
    pmdaemon.home.mkdir()
    (pmdaemon.home / "state.db").write_bytes(b"this is no database" * 100)

    manager.start()

    assert manager.hear().startswith("STATUS=")
    assert manager.service.wait(60) == 1


def test_a_stop_while_the_daemon_is_down_ends_the_programs_all_the_same(pmdaemon, manager):
    manager.start()
    assert manager.hear() == "READY=1"
    pmdaemon.run("start", "sleep 1000", "--name", "app")
    killed = set()
    while not left_down(pmdaemon):  # after five times
        alive = eventually_sync(lambda: daemons_of(manager) - killed or left_down(pmdaemon))
        if alive is not True:
            killed.update(alive)
            os.kill(max(alive), signal.SIGKILL)

    manager.service.terminate()

    assert manager.service.wait(60) == 0
    assert running_for(pmdaemon.home) == []


def daemons_of(manager):
    children = children_of(manager.service.pid)
    return {one for one in children if b"pmdaemon.daemon.serve" in words_of(one, "cmdline")}


def left_down(pmdaemon):
    return "daemon_left_down" in (pmdaemon.home / "daemon.log").read_text()


def test_a_user_who_is_not_root_is_told_what_to_type(pmdaemon, system, monkeypatch, capsys):
    monkeypatch.setattr(os, "geteuid", lambda: 0 if os.getuid() else 1)
    user = pwd.getpwuid(os.geteuid()).pw_name

    status = run(["startup", "systemd", "--service-name", "app"], pmdaemon.environment)

    assert status == 1
    line = capsys.readouterr().err.partition("type: ")[2].strip()
    words = shlex.split(line)
    assert words[:3] == ["sudo", "env", f"PATH={pmdaemon.environment['PATH']}"]
    assert words[words.index(sys.executable) :] == [
        *(sys.executable, "-P", "-m", "pmdaemon"),
        *("startup", "systemd", "-u", user, "--home", str(pmdaemon.home)),
        *("--service-name", "app"),
    ]
    assert system.read_text() == ""


def test_a_system_without_a_service_manager_is_said(pmdaemon, system, monkeypatch, capsys):
    monkeypatch.setattr(systemd, "BOOTED", Path("/no/such/folder"))

    assert run(["startup", "systemd"], pmdaemon.environment) == 2
    assert capsys.readouterr().err.startswith("pmdaemon: neither systemd nor launchd runs this")
    assert run(["startup", "systemd", "--dry-run"], pmdaemon.environment) == 0
    assert "Type=notify" in capsys.readouterr().out
