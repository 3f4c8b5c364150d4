import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pmdaemon.config.paths import LONGEST_SOCKET_ADDRESS, Home, from_here
from pmdaemon.core.errors import HomeUnusable

linux = pytest.mark.skipif(sys.platform != "linux", reason="the way Linux does it")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({"PMDAEMON_HOME": "/srv/pm", "XDG_DATA_HOME": "/data", "HOME": "/home/ann"}, "/srv/pm"),
        ({"PMDAEMON_HOME": "/srv/a/../pm/", "HOME": "/home/ann"}, "/srv/pm"),
        ({"PMDAEMON_HOME": "~/pm", "HOME": "/home/ann"}, "/home/ann/pm"),
        ({"PMDAEMON_HOME": "~", "HOME": "/home/ann"}, "/home/ann"),
    ],
)
def test_the_chosen_home_comes_first(environ, path):
    assert Home.from_environment(environ).path == path


@linux
@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({"HOME": "/home/ann"}, "/home/ann/.local/share/pmdaemon"),
        ({"HOME": "/home/ann", "PMDAEMON_HOME": ""}, "/home/ann/.local/share/pmdaemon"),
        ({"HOME": "/home/ann", "XDG_DATA_HOME": "/data"}, "/data/pmdaemon"),
        ({"HOME": "/home/ann", "XDG_DATA_HOME": "data"}, "/home/ann/.local/share/pmdaemon"),
    ],
)
def test_the_home_is_among_the_users_data_otherwise(environ, path):
    assert Home.from_environment(environ).path == path


@linux
def test_without_home_in_the_environment_the_user_database_is_asked():
    home = Home.from_environment({})

    assert os.path.isabs(home.path)
    assert home.path.endswith("/.local/share/pmdaemon")


def test_a_relative_home_is_relative_to_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert Home.from_environment({"PMDAEMON_HOME": "pm"}).path == str(tmp_path / "pm")


def test_a_relative_home_in_a_folder_that_is_gone_is_refused(tmp_path, monkeypatch):
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()

    with pytest.raises(HomeUnusable, match="the folder you are in is gone"):
        Home.from_environment({"PMDAEMON_HOME": "pm"})


def test_a_user_without_a_folder_is_told_what_to_set():
    with pytest.raises(HomeUnusable, match="set PMDAEMON_HOME"):
        Home.from_environment({"PMDAEMON_HOME": "~/pm", "HOME": "nowhere"})


def test_everything_is_in_the_home():
    home = Home("/srv/pm")
    things = [home.socket, home.lock, home.pid_file, home.database, home.logs_dir, home.run_dir]

    assert len({*things, home.daemon_log, home.dump}) == 8
    assert all(os.path.dirname(thing) == "/srv/pm" for thing in things)


def test_the_id_is_the_same_by_every_path(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "link").symlink_to("real")

    ids = [Home(str(tmp_path / name)).id for name in ("real", "link", "other")]

    assert ids[0] == ids[1]
    assert ids[0] != ids[2]


def test_a_home_that_is_not_there_has_no_id(tmp_path):
    with pytest.raises(FileNotFoundError):
        _ = Home(str(tmp_path / "gone")).id


def test_a_home_is_made_for_its_owner_alone(tmp_path):
    home = tmp_path / "share" / "pm"

    Home(str(home)).ensure()
    Home(str(home)).ensure()

    assert {mode(home), mode(home / "logs"), mode(home / "run")} == {0o700}


def test_an_empty_folder_becomes_a_home(tmp_path):
    home = tmp_path / "pm"
    home.mkdir()
    home.chmod(0o755)

    Home(str(home)).ensure()

    assert mode(home) == 0o700


def test_a_home_that_was_opened_to_others_is_closed_again(tmp_path):
    home = tmp_path / "pm"
    Home(str(home)).ensure()
    (home / "daemon.lock").touch()
    home.chmod(0o755)

    Home(str(home)).ensure()

    assert mode(home) == 0o700


def test_an_open_folder_with_other_things_in_it_is_left_alone(tmp_path):
    home = tmp_path / "pm"
    (home / "letters").mkdir(parents=True)
    home.chmod(0o755)

    with pytest.raises(HomeUnusable, match="holds other things"):
        Home(str(home)).ensure()

    assert mode(home) == 0o755
    assert [each.name for each in home.iterdir()] == ["letters"]


@pytest.mark.parametrize("place", ["pm", "file/pm", "file/deep/pm"])
def test_a_file_in_the_way_is_named(tmp_path, place):
    (tmp_path / place.split("/")[0]).touch()

    with pytest.raises(HomeUnusable, match=r"there is a file in its place|is not a folder"):
        Home(str(tmp_path / place)).ensure()


@as_root
def test_the_home_of_another_user_is_refused(tmp_path):
    os.chown(tmp_path, 65534, -1)

    with pytest.raises(HomeUnusable, match=r"belongs to another user \(uid 65534\)"):
        Home(str(tmp_path)).ensure()


def test_a_home_that_is_not_writable_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    if os.access(tmp_path, os.W_OK):
        pytest.skip("root may write everywhere")

    with pytest.raises(HomeUnusable, match="it is not writable"):
        Home(str(tmp_path)).ensure()


@linux
def test_a_home_that_cannot_be_made_is_refused():
    with pytest.raises(HomeUnusable, match=r"^cannot use /proc/pm as home: /proc/pm: "):
        Home("/proc/pm").ensure()


def test_a_home_with_nul_in_its_path_is_refused():
    with pytest.raises(HomeUnusable, match="cannot use /tmp/a"):
        Home("/tmp/a\0b").ensure()


def deep(tmp_path, length):
    """Make a home whose socket has a path of this many bytes."""
    room = length - len(str(tmp_path)) - len("/daemon.sock") - 1
    path = tmp_path
    while room > 100:
        path /= "x" * 49
        room -= 50
    home = Home(str(path / ("y" * room)))
    assert len(home.socket) == length
    home.ensure()
    return home


@pytest.mark.parametrize("beyond", [0, 1, 200])
@linux
def test_a_socket_is_bound_and_reached_however_long_its_path(tmp_path, beyond):
    home = deep(tmp_path, LONGEST_SOCKET_ADDRESS + beyond)

    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        with home.socket_address() as address:
            server.bind(address)
        server.listen()
        with home.socket_address() as address:
            client.connect(address)

        assert stat.S_ISSOCK(os.stat(home.socket).st_mode)


@linux
def test_no_descriptor_is_left_open_by_an_address(tmp_path):
    home = deep(tmp_path, 300)

    def is_open():
        # Others may be opened and closed meanwhile, by threads that are nobody's of this test.
        here = Path("/proc/self/fd").iterdir()
        return any(os.path.realpath(one) == os.path.realpath(home.path) for one in here)

    with home.socket_address():
        assert is_open()

    assert not is_open()


def test_a_socket_path_that_is_too_long_elsewhere_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")

    with pytest.raises(HomeUnusable, match="too long"), Home("/x" * 100).socket_address():
        pass


@linux
def test_a_long_home_that_is_not_there_yet_says_so(tmp_path):
    home = Home(f"{tmp_path}/{'x' * 200}")

    with pytest.raises(FileNotFoundError), home.socket_address():
        pass


def test_elsewhere_the_platform_is_asked(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")

    home = Home.from_environment({"HOME": "/home/ann"})

    assert os.path.basename(home.path) == "pmdaemon"


@linux
def test_finding_the_home_loads_nothing_expensive():
    program = (
        "import os, sys; from pmdaemon.config.paths import Home; Home.from_environment(os.environ);"
        "print(*sorted({'platformdirs', 'pathlib', 'hashlib', 'tomli', 'socket'} & {*sys.modules}))"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )

    assert (loaded.stdout, loaded.returncode) == ("\n", 0)


def test_a_path_that_was_typed_begins_here_or_at_home(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/ann")

    assert from_here("a/../b") == f"{tmp_path}/b"
    assert from_here("~/b") == "/home/ann/b"
    assert from_here("~nobody-of-that-name/b") == f"{tmp_path}/~nobody-of-that-name/b"


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("notify_socket", "run/notify.sock"),
        ("daemon_log", "daemon.log"),
        ("data_dir", "storage/data"),
        ("temporary_dir", "storage/temp"),
        ("projects_dir", "projects"),
        ("settings", "settings.toml"),
        ("audit_log", "audit.log"),
        ("dump", "dump.pm2"),
        ("conf", "module_conf.json"),
    ],
)
def test_what_people_and_other_releases_look_for_is_where_it_always_was(place, name):
    assert getattr(Home("/srv/pm"), place) == f"/srv/pm/{name}"
