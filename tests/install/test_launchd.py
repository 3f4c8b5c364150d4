import plistlib
import sys
from pathlib import Path

from pmdaemon.install import launchd
from tests.install.test_units import SERVICE


def test_the_systems_daemon_is_roots_to_write():
    manager = launchd.system()

    assert manager.path("app") == Path("/Library/LaunchDaemons/app.plist")
    assert manager.enabling("app", start=True) == [
        ("launchctl", "bootstrap", "system", "/Library/LaunchDaemons/app.plist")
    ]
    assert plistlib.loads(manager.text(SERVICE).encode())["UserName"] == "deploy"


def test_a_users_agent_is_in_the_library():
    manager = launchd.of_user(Path("/Users/me"), 501)
    path = "/Users/me/Library/LaunchAgents/app.plist"

    assert manager.path("app") == Path(path)
    assert manager.enabling("app", start=True) == [("launchctl", "bootstrap", "gui/501", path)]
    assert "UserName" not in plistlib.loads(manager.text(SERVICE).encode())


def test_what_runs_is_left_alone():
    manager = launchd.system()

    assert manager.enabling("app", start=False) == []
    assert manager.forgetting("app") == []
    assert manager.after_removal() == []


def test_launchd_is_there_on_macos(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert launchd.system().is_there

    monkeypatch.setattr(sys, "platform", "linux")
    assert not launchd.system().is_there
