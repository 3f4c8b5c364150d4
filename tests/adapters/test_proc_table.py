import os
import subprocess

import pytest

from pmdaemon.adapters.proc_table import parse_stat
from tests.support.limits import no_descriptor_free

PAGE = os.sysconf("SC_PAGE_SIZE")


def stat(*, name: str = "node", state: str = "S", threads: int = 1) -> bytes:
    """Compose a line as in proc(5): fields 1 to 24, and some that follow."""
    return (
        f"42 ({name}) {state} 7 42 42 34816 42 4194304 100 0 0 0 "
        f"11 22 33 44 20 0 {threads} 0 987654 5000000 25 18446744073709551615 1 1 0\n"
    ).encode()


def test_a_stat_line_is_understood():
    entry = parse_stat(stat())

    assert (entry.pid, entry.ppid, entry.session) == (42, 7, 42)
    assert entry.start_time == 987654
    assert (entry.own_ticks, entry.reaped_ticks) == (33, 77)
    assert entry.memory == 25 * PAGE
    assert not entry.ended


@pytest.mark.parametrize("name", ["a b", "x) S 1 1 1 (y", ")", "", "1 (2", "(sd-pam)", "é"])
def test_a_name_may_hold_anything(name):
    entry = parse_stat(stat(name=name))

    assert entry == parse_stat(stat())


@pytest.mark.parametrize("state", ["Z", "X", "x"])
def test_a_zombie_has_ended(state):
    assert parse_stat(stat(state=state)).ended


@pytest.mark.parametrize("state", ["R", "S", "D", "T", "t", "I"])
def test_what_sleeps_or_is_stopped_has_not_ended(state):
    assert not parse_stat(stat(state=state)).ended


def test_a_program_whose_first_thread_is_over_has_not_ended():
    assert not parse_stat(stat(state="Z", threads=3)).ended


def test_we_are_in_the_table_ourselves(proc_reader):
    entry = proc_reader.scan()[os.getpid()]

    assert entry.ppid == os.getppid()
    assert entry.session == os.getsid(0)
    assert entry.memory > PAGE
    assert entry.identity == proc_reader.scan()[os.getpid()].identity


def test_what_does_not_exist_has_neither_entry_nor_token(proc_reader):
    pid = 2**22 + 1  # above the highest pid there can be

    assert proc_reader.entry(pid) is None
    assert proc_reader.token(pid) is None


def test_without_free_descriptors_processes_do_not_look_as_if_they_were_gone(proc_reader):
    with no_descriptor_free():
        entry, listed = proc_reader.entry(os.getpid()), proc_reader.scan()

    assert entry is not None
    assert os.getpid() in listed


def test_the_children_of_a_process_are_told_at_once(proc_reader):
    with subprocess.Popen(["sleep", "1000"]) as child:
        children = proc_reader.children(os.getpid())
        child.kill()

    assert child.pid in children
    assert proc_reader.children(child.pid) == ()
