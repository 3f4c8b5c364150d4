import asyncio
import os
import sys

import pytest

from pmdaemon.adapters.walls import Walls
from pmdaemon.core.environment import TOKEN_VARIABLE
from pmdaemon.core.process import Exit
from tests.support.building import an_order, building
from tests.support.running import is_alive
from tests.support.waiting import LIMITS, eventually

pytestmark = pytest.mark.posix


@pytest.fixture
async def commands():
    async with building() as commands:
        yield commands


async def run(commands, order):
    out, err = [], []
    outcome = await commands.run(order, out.append, err.append)
    return outcome, out, err


def pids(path):
    return [int(one) for one in path.read_text().split()]


async def test_how_it_ended_and_what_it_said(commands, tmp_path):
    outcome, out, err = await run(commands, an_order("echo a; echo b >&2; exit 3", tmp_path))

    assert (outcome.exit, outcome.ok, out, err) == (Exit(code=3), False, ["a"], ["b"])


async def test_it_has_its_environment_and_nothing_of_ours(commands, tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_OF_OURS", "x")

    _, out, _ = await run(commands, an_order("env; pwd", tmp_path, env={"A": "1"}))

    names = {line.partition("=")[0] for line in out if "=" in line}
    assert names - {"PWD", "SHLVL", "_", "OLDPWD"} == {"A", TOKEN_VARIABLE}
    assert out[-1] == str(tmp_path)


async def test_it_makes_way_for_what_serves(commands, tmp_path):
    _, out, _ = await run(commands, an_order("nice", tmp_path))

    assert int(out[0]) == os.getpriority(os.PRIO_PROCESS, 0) + 5


async def test_a_command_that_cannot_begin_says_why(commands, tmp_path):
    outcome, _, _ = await run(commands, an_order("true", tmp_path / "nothing"))

    assert outcome.exit is None
    assert "no such file or directory" in outcome.reason


async def test_what_takes_too_long_is_ended_with_all_that_it_started(commands, tmp_path):
    command = "trap '' TERM; sleep 1000 & echo $! $$ > pids; wait"

    for seconds in LIMITS:
        outcome, _, _ = await run(commands, an_order(command, tmp_path, timeout=seconds))
        if (tmp_path / "pids").exists():
            break

    assert (outcome.exit, outcome.reason) == (None, f"it took longer than {seconds:g} s")
    assert not any(map(is_alive, pids(tmp_path / "pids")))


async def test_what_it_has_put_into_the_background_is_ended(commands, tmp_path):
    command = "(setsid sh -c 'echo $$ > pids; exec sleep 1000' &); while [ ! -s pids ]; do :; done"

    outcome, _, _ = await run(commands, an_order(command, tmp_path))

    assert outcome.ok
    assert not any(map(is_alive, pids(tmp_path / "pids")))


async def test_when_it_is_cancelled_nothing_is_left(commands, tmp_path):
    order = an_order("sleep 1000 & echo $! $$ > pids; wait", tmp_path)
    running = asyncio.get_running_loop().create_task(run(commands, order))
    await eventually(lambda: (tmp_path / "pids").exists() and pids(tmp_path / "pids"))

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert not any(map(is_alive, pids(tmp_path / "pids")))
    assert commands.running == set()


async def test_what_forks_for_ever_is_ended(commands, tmp_path):
    command = "echo $$ > pids; while :; do sleep 1000 & done"

    outcome, _, _ = await run(commands, an_order(command, tmp_path, processes=30))

    assert outcome.reason == "it started more than 30 processes"
    assert not any(map(is_alive, pids(tmp_path / "pids")))


async def test_what_takes_too_much_memory_is_ended_with_all_that_it_started(commands, tmp_path):
    # What takes it begins when the pid is written.
    large = f"{sys.executable} -c 'import time; x = bytes(range(250)) * 400_000; time.sleep(1000)'"
    command = f"echo $$ > pids; sleep 1000 & {large}"
    order = an_order(command, tmp_path, memory=50_000_000)

    outcome, _, _ = await run(commands, order)

    assert outcome.reason == "it used more than 47.7 MB of memory"
    assert not any(map(is_alive, pids(tmp_path / "pids")))


async def test_it_is_ended_when_somebody_objects(tmp_path):
    full = asyncio.Event()
    async with building(objection=lambda: "the disk is full" if full.is_set() else None) as one:
        running = asyncio.get_running_loop().create_task(run(one, an_order("sleep 99", tmp_path)))
        await eventually(lambda: one.running)
        full.set()

        outcome, _, _ = await running

    assert outcome.reason == "the disk is full"


async def test_what_a_former_daemon_left_is_found_and_ended(commands, tmp_path):
    command = "echo $$ > pids; exec sleep 1000"
    order = an_order(command, tmp_path)
    abandoned = await asyncio.create_subprocess_exec(
        "/bin/sh",
        "-c",
        "(setsid sh -c 'echo $$ > pids; exec sleep 1000' &)",
        cwd=tmp_path,
        env={**order.env, TOKEN_VARIABLE: commands._token("build-1") + ".1"},
    )
    await abandoned.wait()
    await eventually(lambda: (tmp_path / "pids").exists() and pids(tmp_path / "pids"))

    assert await commands.end_leftovers("build-2") == 0
    assert await commands.end_leftovers("build-1") == 1

    await eventually(lambda: not any(map(is_alive, pids(tmp_path / "pids"))))


async def test_much_output_holds_nobody_up(commands, tmp_path):
    _, out, _ = await run(commands, an_order("yes | head -n 200000", tmp_path))

    assert len(out) == 200000


async def test_of_the_home_it_sees_what_it_is_to_see(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "secret").write_text("open sesame")
    if not Walls(tmp_path).stand:
        pytest.skip("this kernel has no Landlock")
    order = an_order(
        "echo mine > a; cat a ../secret", tmp_path / "own", visible_folders=(str(tmp_path / "own"),)
    )

    async with building(walled=tmp_path) as commands:
        outcome, out, err = await run(commands, order)

    assert (outcome.ok, out) == (False, ["mine"])
    assert "Permission denied" in err[0]
