import asyncio
import signal
import threading

import pytest

from pmdaemon.adapters.pid_handles import PidHandles
from pmdaemon.adapters.psutil_table import PsutilReader
from pmdaemon.core.process import Exit
from tests.support.system import Program, portable_system
from tests.support.waiting import eventually

pytestmark = pytest.mark.posix


@pytest.fixture
async def system(tmp_path):
    async with portable_system(tmp_path) as system:
        yield system


async def test_the_handler_for_sigchld_is_ours_only_while_we_wait(system):
    before = signal.getsignal(signal.SIGCHLD)
    ends: list[Exit] = []
    identity = system.launch(Program.STAYS)
    system.launcher.watch(identity, lambda _, how: ends.append(how))
    during = signal.getsignal(signal.SIGCHLD)

    system.trees.signal([identity], "SIGTERM")

    await eventually(lambda: ends)
    await eventually(lambda: signal.getsignal(signal.SIGCHLD) == before)
    assert during != before


async def test_the_end_of_what_is_not_our_child_is_noticed(system):
    identity = await system.settled(Program.LEAVES_A_CHILD)
    ends: list[Exit] = []
    (orphan,) = system.members(identity)
    handles = PidHandles(PsutilReader())
    handles.exit_when_ended(orphan, ends.append)
    for _ in range(3):
        await asyncio.sleep(0)  # lets it look once while the orphan is alive
    assert ends == []

    system.trees.signal([orphan], "SIGKILL")

    await eventually(lambda: ends)
    assert ends == [Exit()]


async def test_outside_of_the_main_thread_looking_is_enough(system):
    ends: list[Exit] = []
    identity = system.launch(Program.FAILS)

    async def wait_there() -> None:
        PidHandles(PsutilReader()).exit_when_ended(identity, ends.append)
        await eventually(lambda: ends)

    thread = threading.Thread(target=lambda: asyncio.run(wait_there()))
    thread.start()
    await asyncio.to_thread(thread.join)

    assert ends == [Exit(code=3)]


async def test_after_closing_nobody_is_told(system):
    ends: list[str] = []
    handles = PidHandles(PsutilReader())
    identity = system.launch(Program.STAYS)
    handles.when_ended(identity, lambda: ends.append("ended"))

    handles.close()

    system.trees.signal([identity], "SIGKILL")
    await eventually(lambda: not system.trees.alive(identity))
    assert ends == []
