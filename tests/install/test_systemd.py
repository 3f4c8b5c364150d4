from pathlib import Path

from pmdaemon.install import systemd


def test_the_systems_units_are_roots():
    manager = systemd.system()

    assert manager.path("app") == Path("/etc/systemd/system/app.service")
    assert manager.starting("app") == ("systemctl", "start", "app.service")


def test_a_users_units_are_among_its_configuration():
    manager = systemd.of_user(Path("/home/me/.config"))

    assert manager.path("app") == Path("/home/me/.config/systemd/user/app.service")
    assert manager.starting("app") == ("systemctl", "--user", "start", "app.service")


def test_systemd_is_there_when_it_has_booted_the_system(tmp_path, monkeypatch):
    monkeypatch.setattr(systemd, "BOOTED", tmp_path / "system")
    assert not systemd.system().is_there

    (tmp_path / "system").mkdir()
    assert systemd.system().is_there
