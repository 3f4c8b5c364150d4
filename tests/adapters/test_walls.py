import os
import subprocess
import sys

import pytest

from pmdaemon.adapters.walls import Walls

pytestmark = pytest.mark.posix


@pytest.fixture
def home(tmp_path):
    home = tmp_path / "home"
    for folder in ("projects/p1", "projects/p2"):
        (home / folder).mkdir(parents=True)
        (home / folder / "code").write_text(f"code of {folder}")
    (home / "secret.key").write_text("open sesame")
    if not Walls(home).stand:
        pytest.skip("this kernel has no Landlock")
    return home


def run(home, command, *visible_folders, **more):
    with Walls(home).around([str(home / door) for door in visible_folders]) as prepare:
        return subprocess.run(
            ["/bin/sh", "-c", command],
            preexec_fn=prepare,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            **more,
        )


def test_what_is_ones_own_is_open(home):
    p1 = home / "projects" / "p1"

    done = run(home, f"cd {p1} && cat code && mkdir x && echo new > x/y && mv x/y z", "projects/p1")

    assert (done.returncode, done.stdout) == (0, "code of projects/p1")
    assert (p1 / "z").read_text() == "new\n"


@pytest.mark.parametrize(
    "command",
    [
        "cat {home}/secret.key",
        "cat {home}/projects/p2/code",
        "echo x >> {home}/secret.key",
        "rm {home}/secret.key",
        "ln -s {home}/secret.key {home}/projects/p1/l && cat {home}/projects/p1/l",
        "ln {home}/secret.key {home}/projects/p1/l",
        "mv {home}/projects/p2/code {home}/projects/p1/mine",
        "touch {home}/new",
        "cat /proc/{us}/root{home}/secret.key",
        "cat /proc/{us}/environ",
        "kill -TERM {us}",
    ],
)
def test_nothing_else_of_the_home_nor_of_us_is(home, command):
    done = run(home, command.format(home=home, us=os.getpid()), "projects/p1")

    assert done.returncode != 0, done
    assert "sesame" not in done.stdout
    assert (home / "secret.key").read_text() == "open sesame"


def test_what_is_beside_the_home_is_open(home, tmp_path):
    (tmp_path / "beside").mkdir()

    done = run(home, f"{sys.executable} -c 'import ssl' && echo x > {tmp_path}/beside/y && ls /")

    assert (done.returncode, (tmp_path / "beside" / "y").read_text()) == (0, "x\n")


def test_what_it_starts_is_within_the_same_walls(home):
    done = run(home, f"setsid sh -c 'sh -c \"cat {home}/secret.key\"'")

    assert done.returncode != 0
    assert done.stdout == ""


def test_a_file_can_be_a_door(home):
    assert run(home, f"cat {home}/secret.key", "secret.key").stdout == "open sesame"


def test_no_descriptor_is_left(home):
    before = os.listdir("/proc/self/fd")
    run(home, "true", "projects/p1", "nothing")

    assert os.listdir("/proc/self/fd") == before


def test_where_the_kernel_has_none_there_are_none(home, monkeypatch):
    walls = Walls(home)
    monkeypatch.setattr(walls, "_call", lambda *_: -1)

    with walls.around([]) as prepare:
        assert (walls.stand, prepare) == (False, None)
