import os

import pytest

from pmdaemon.adapters.psutil_table import PsutilReader
from tests.support.system import Program, pidfd_system
from tests.support.waiting import eventually

pytestmark = pytest.mark.posix


async def test_both_readers_tell_the_same_of_a_program(tmp_path, proc_reader):
    async with pidfd_system(tmp_path) as system:
        token = f"a token {tmp_path}"
        identity = await system.settled(Program.FAMILY, token=token)
        child = system.members(identity)[0]

        for pid in identity.pid, child.pid:
            portable, native = PsutilReader().entry(pid), proc_reader.entry(pid)
            assert portable is not None
            assert native is not None
            # What they use goes on changing, and the start times count from different moments.
            same = {"start_time": 0, "own_ticks": 0, "reaped_ticks": 0, "memory": 0}
            assert portable._replace(**same) == native._replace(**same)
            # What has only just been executed uses so little that Linux rounds it down to nothing.
            await eventually(lambda p=pid: PsutilReader().entry(p).memory > 0)
            assert PsutilReader().token(pid) == proc_reader.token(pid) == token


def test_the_start_time_of_a_process_stays():
    first, second = PsutilReader().entry(os.getpid()), PsutilReader().entry(os.getpid())

    assert first is not None
    assert second is not None
    assert first.identity == second.identity


def test_all_processes_are_listed(proc_reader):
    portable, native = PsutilReader().scan(), proc_reader.scan()

    assert os.getpid() in portable
    assert os.getppid() in portable
    assert portable.keys() & native.keys()


def test_what_does_not_exist_has_neither_entry_nor_token():
    pid = 2**22 + 1  # above the highest pid there can be

    assert PsutilReader().entry(pid) is None
    assert PsutilReader().token(pid) is None
