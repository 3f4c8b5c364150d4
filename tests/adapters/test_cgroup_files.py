import os
import subprocess
from pathlib import Path

import pytest

from pmdaemon.adapters import cgroup_files
from pmdaemon.adapters.cgroup_files import Mount, find_mount
from tests.support.control_groups import a_group
from tests.support.running import is_alive
from tests.support.waiting import eventually_sync

HYBRID = """\
23 1 254:0 / / rw,relatime - ext4 /dev/root rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
34 31 0:31 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
41 31 0:38 /docker/ab /sys/fs/my\\040groups rw,relatime shared:9 - cgroup2 cgroup2 rw
"""


def test_the_hierarchy_of_version_2_is_found_among_the_mounts(tmp_path):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(HYBRID)

    assert find_mount(str(mounts)) == Mount("/sys/fs/my groups", "/docker/ab")


def test_where_there_is_none_none_is_found(tmp_path):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(HYBRID.replace("cgroup2", "cgroup"))

    assert find_mount(str(mounts)) is None
    assert find_mount(str(tmp_path / "nothing")) is None


@pytest.mark.parametrize(
    ("root", "group", "folder"),
    [
        ("/", "/", "/groups"),
        ("/", "/user.slice/a.scope", "/groups/user.slice/a.scope"),
        ("/docker/ab", "/docker/ab", "/groups"),
        ("/docker/ab", "/docker/ab/c", "/groups/c"),
        ("/docker/ab", "/docker/abc", None),
        ("/docker/ab", "/", None),
        ("/", "/../outside", None),
    ],
)
def test_a_group_has_its_folder_below_what_was_mounted(root, group, folder):
    assert Mount("/groups", root).folder_of(group) == folder


def test_a_process_that_is_gone_is_in_no_group():
    assert cgroup_files.group_of(2**22 - 1) is None


@pytest.fixture
def group():
    with a_group() as folder:
        yield folder


@pytest.fixture
def sleeper():
    with subprocess.Popen(["sleep", "1000"]) as program:
        yield program
        program.kill()


def test_who_was_put_in_is_there_with_what_he_begins(group, sleeper):
    cgroup_files.put_in(group, sleeper.pid)

    assert cgroup_files.pids_in(group) == [sleeper.pid]
    assert (cgroup_files.group_of(sleeper.pid) or "").endswith(f"/{os.path.basename(group)}")


def test_those_of_groups_below_are_counted(group, sleeper):
    below = f"{group}/its-own/deep"
    for folder in (f"{group}/its-own", below):
        cgroup_files.make(folder)
    cgroup_files.put_in(below, sleeper.pid)

    assert cgroup_files.pids_in(group) == [sleeper.pid]


def test_a_group_is_killed_with_those_below_it(group, sleeper):
    below = f"{group}/below"
    cgroup_files.make(below)
    cgroup_files.put_in(below, sleeper.pid)
    if not Path(group, "cgroup.kill").exists():
        pytest.skip("a kernel before 5.14")

    cgroup_files.kill(group)

    assert sleeper.wait() == -9


def test_a_group_is_removed_with_those_below_it_when_nobody_is_left(group, sleeper):
    cgroup_files.make(f"{group}/below")
    cgroup_files.put_in(group, sleeper.pid)
    before = cgroup_files.remove(group)
    sleeper.kill()
    eventually_sync(lambda: not is_alive(sleeper.pid))

    eventually_sync(lambda: cgroup_files.remove(group))

    assert not before
    assert not Path(group).exists()
    assert cgroup_files.remove(group)  # it is gone, as was wanted


def test_what_is_gone_is_neither_put_in_nor_listed(group, sleeper):
    sleeper.kill()
    sleeper.wait()

    cgroup_files.put_in(group, sleeper.pid)
    cgroup_files.remove(group)
    cgroup_files.kill(group)

    assert cgroup_files.pids_in(group) == []
