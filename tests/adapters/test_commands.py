import os
import sys

import pytest

from pmdaemon.adapters.commands import OUTPUT_KEPT, CommandOrder, Commands
from pmdaemon.adapters.platforms import process_handles, process_reader
from pmdaemon.core.process import Exit
from pmdaemon.core.spec import RunAs
from tests.support.running import is_alive
from tests.support.waiting import LIMITS, eventually

pytestmark = pytest.mark.posix


@pytest.fixture
async def commands():
    reader = process_reader()
    handles = process_handles(reader)
    yield Commands(reader, handles)
    handles.close()


def shell(text, **changes):
    order = {"argv": ("/bin/sh", "-c", text), "timeout": 60.0, "env": {"PATH": os.defpath}}
    return CommandOrder(**(order | changes))


@pytest.mark.parametrize(
    ("text", "how"),
    [("exit 0", Exit(code=0)), ("exit 3", Exit(code=3)), ("kill -TERM $$", Exit(signal=15))],
)
async def test_how_a_command_ended_is_the_outcome(commands, text, how):
    outcome = await commands.run(shell(text))

    assert (outcome.exit, outcome.failure) == (how, None)


async def test_what_it_says_on_either_output_is_kept(commands):
    outcome = await commands.run(shell("echo one; echo two >&2"))

    assert outcome.output == b"one\ntwo\n"


async def test_of_much_output_the_end_is_kept(commands):
    program = "import sys; sys.stdout.write('x' * 10**6 + 'the end')"

    outcome = await commands.run(shell("", argv=(sys.executable, "-c", program)))

    assert len(outcome.output) == OUTPUT_KEPT
    assert outcome.output.endswith(b"the end")


async def test_it_gets_its_input_its_folder_and_its_environment(commands, tmp_path):
    order = shell("cat; pwd; echo $A", stdin=b"news\n", cwd=str(tmp_path), env={"A": "1"})

    outcome = await commands.run(order)

    assert outcome.output.decode().splitlines() == ["news", str(tmp_path), "1"]


async def test_one_that_takes_too_long_is_killed_with_all_that_it_started(commands, tmp_path):
    pids = tmp_path / "pids"

    for seconds in LIMITS:
        order = shell(f"sleep 1000 & echo $! $$ > {pids}; wait", timeout=seconds)
        outcome = await commands.run(order)
        if pids.exists():
            break

    assert outcome.exit is None
    await eventually(lambda: not any(map(is_alive, map(int, pids.read_text().split()))))


async def test_what_it_leaves_behind_is_killed(commands, tmp_path):
    pid = tmp_path / "pid"

    outcome = await commands.run(shell(f"sleep 1000 & echo $! > {pid}"))

    assert outcome.exit == Exit(code=0)
    await eventually(lambda: not is_alive(int(pid.read_text())))


async def test_one_that_does_not_exist_is_said_to_fail(commands):
    outcome = await commands.run(shell("", argv=("/no/such/command",)))

    assert outcome.failure == "/no/such/command: no such file or directory"


async def test_no_descriptor_is_left_open(commands):
    before = os.listdir("/dev/fd")

    await commands.run(shell("echo x"))
    await commands.run(shell("", argv=("/no/such/command",)))

    assert len(os.listdir("/dev/fd")) == len(before)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may run a program as somebody else")
async def test_it_has_the_rights_it_is_to_have(commands):
    outcome = await commands.run(shell("id -u; id -G", run_as=RunAs(uid=65534, gid=65534)))

    assert outcome.output.split() == [b"65534", b"65534"]
