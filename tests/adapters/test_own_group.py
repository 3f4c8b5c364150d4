import os
from pathlib import Path

import pytest

from pmdaemon.adapters.cgroup_files import Mount
from pmdaemon.adapters.own_group import MARK, NotDivisible, OwnGroup, find_divisible

GROUP = "/system.slice/pmdaemon-jo.service"


@pytest.fixture
def mount(tmp_path):
    """What looks like a hierarchy with one group in it, which anybody may divide."""
    folder = tmp_path / GROUP.lstrip("/")
    folder.mkdir(parents=True)
    (folder / "cgroup.procs").touch()
    (folder / "cgroup.type").write_text("domain\n")
    return Mount(str(tmp_path), "/")


@pytest.fixture
def folder(mount):
    return Path(mount.folder_of(GROUP))


def found(mount, group=GROUP, *, systemd="/nowhere"):
    return find_divisible(mount, group, systemd=systemd)


def refusal(mount, group=GROUP, **more):
    with pytest.raises(NotDivisible) as caught:
        found(mount, group, **more)
    return str(caught.value)


def test_where_nobody_else_rules_a_group_that_can_be_divided_is_ours(mount, folder):
    assert found(mount) == OwnGroup(GROUP, str(folder), holds_us=True)
    assert not [*folder.glob(f"{MARK}*")]


def test_where_there_are_no_groups_there_is_none(mount):
    assert refusal(None) == "there are no control groups of version 2"
    assert refusal(mount, None) == "there are no control groups of version 2"


def test_where_systemd_rules_a_group_has_to_be_delegated(mount, folder):
    assert refusal(mount, systemd="/") == f"systemd has not delegated {GROUP}"

    os.setxattr(folder, "user.delegate", b"1")

    assert found(mount, systemd="/").group == GROUP


def test_a_group_below_a_delegated_one_is_somebody_elses(mount, folder):
    os.setxattr(folder.parent, "user.delegate", b"1")

    assert refusal(mount, systemd="/") == f"systemd has not delegated {GROUP}"


@pytest.mark.parametrize("bound", ["memory.max", "memory.high", "cpu.max"])
def test_a_group_with_a_bound_stays_whole_so_that_programs_see_it(mount, folder, bound):
    (folder / bound).write_text("max 100000\n" if bound == "cpu.max" else "max\n")
    assert found(mount)

    (folder / bound).write_text("50000 100000\n")

    assert refusal(mount) == f"{GROUP} has a {bound}, which programs are to see"


def test_a_group_of_threads_is_not_divided(mount, folder):
    (folder / "cgroup.type").write_text("domain threaded\n")

    assert refusal(mount) == f"{GROUP} is one of threads"


def test_a_group_in_which_none_can_be_made_is_not_divided(mount):
    reason = refusal(mount, "/gone")

    assert reason.startswith("cannot make a group in ")
    assert reason.endswith("/gone: no such file or directory")


def test_a_group_that_lets_nobody_out_is_not_divided(mount, folder):
    (folder / "cgroup.procs").unlink()

    assert refusal(mount).startswith("cannot bring processes from ")
    assert not [*folder.glob(f"{MARK}*")]


def test_what_is_outside_of_our_view_is_not_divided(mount):
    assert refusal(mount, "/../other") == "/../other is not to be seen from here"


def test_within_the_group_of_a_run_it_is_the_one_above_that_is_divided(mount):
    inside = found(mount, f"{GROUP}/{MARK}home.0.1/its-own")

    assert (inside.group, inside.holds_us) == (GROUP, False)
