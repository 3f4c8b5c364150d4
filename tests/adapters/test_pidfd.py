import os
import subprocess
import sys

import pytest

from pmdaemon.adapters import pidfd
from pmdaemon.adapters.pidfd import PidfdHandles
from pmdaemon.core.process import Exit
from tests.support.limits import no_descriptor_free
from tests.support.system import Program, pidfd_system
from tests.support.waiting import eventually

pytestmark = pytest.mark.posix

TRACER = """
import ctypes, sys
PTRACE_SEIZE = 0x4206
libc = ctypes.CDLL(None, use_errno=True)
result = libc.ptrace(PTRACE_SEIZE, int(sys.argv[1]), None, None)
print("attached" if result == 0 else "refused", flush=True)
sys.stdin.readline()
"""


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.fixture
async def system(tmp_path):
    async with pidfd_system(tmp_path) as system:
        yield system


def test_this_system_has_pidfds():
    assert pidfd.is_supported()


async def test_no_descriptor_is_left_when_a_program_has_ended(system):
    before = open_files()
    ends: list[Exit] = []
    identity = system.launch(Program.STAYS)
    system.launcher.watch(identity, lambda _, how: ends.append(how))
    system.trees.when_gone([identity], lambda: ends.append(Exit()))
    assert open_files() == before + 2

    system.trees.signal([identity], "SIGTERM")

    await eventually(lambda: len(ends) == 2)
    assert open_files() == before


async def test_no_descriptor_is_left_after_closing_and_nobody_is_told(system, proc_reader):
    handles = PidfdHandles(proc_reader)
    ends: list[str] = []
    before = open_files()
    identity = system.launch(Program.STAYS)
    handles.when_ended(identity, lambda: ends.append("ended"))

    handles.close()

    assert open_files() == before
    system.trees.signal([identity], "SIGTERM")
    await eventually(lambda: not system.trees.alive(identity))
    assert ends == []


async def test_without_free_descriptors_it_waits_for_one(system):
    ends: list[Exit] = []
    identity = system.launch(Program.FAILS)
    with no_descriptor_free():
        system.launcher.watch(identity, lambda _, how: ends.append(how))

    await eventually(lambda: ends)
    assert ends == [Exit(code=3)]


async def test_a_program_that_a_debugger_holds_is_reaped_when_it_lets_go(system):
    ends: list[Exit] = []
    identity = system.launch(Program.STAYS)
    system.launcher.watch(identity, lambda _, how: ends.append(how))
    with subprocess.Popen(
        [sys.executable, "-c", TRACER, str(identity.pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as tracer:
        try:
            assert tracer.stdout is not None
            if tracer.stdout.readline() != b"attached\n":
                pytest.skip("this system does not let us attach to a process")
            system.trees.signal([identity], "SIGKILL")
            await eventually(lambda: not system.trees.alive(identity))
            assert ends == []
        finally:
            tracer.kill()

    await eventually(lambda: ends)
    assert ends == [Exit(signal=9)]


async def test_without_free_descriptors_a_signal_is_sent_all_the_same(system):
    identity = system.launch(Program.STAYS)
    with no_descriptor_free():
        system.trees.signal([identity], "SIGKILL")

    await eventually(lambda: not system.trees.alive(identity))


async def test_an_exit_can_be_learned_again_until_it_is_reaped(system):
    ends: list[Exit] = []
    identity = system.launch(Program.FAILS)
    for _ in range(2):
        system.launcher.watch(identity, lambda _, how: ends.append(how))
    await eventually(lambda: len(ends) == 2)
    assert ends == [Exit(code=3)] * 2

    system.launcher.reap(identity)

    with pytest.raises(ChildProcessError):
        os.waitid(os.P_PID, identity.pid, os.WEXITED | os.WNOHANG)


def test_no_zombie_is_left_of_what_is_recorded(tmp_path):
    """Also without anybody reading the exit but the launcher."""
    program = f"""
import asyncio, os
from pathlib import Path
from tests.support.system import Program, pidfd_system

async def main():
    async with pidfd_system(Path({str(tmp_path)!r})) as system:
        ends = []
        for _ in range(10):
            system.launcher.watch(system.launch(Program.FAILS), lambda *end: ends.append(end))
        while len(ends) < 10:
            await asyncio.sleep(0.01)
        for identity, _ in ends:
            system.launcher.reap(identity)
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG)
        except ChildProcessError:
            print("no children")

asyncio.run(main())
"""
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False
    )

    assert (result.stdout, result.stderr) == ("no children\n", "")
