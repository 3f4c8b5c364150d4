import asyncio
import os
from collections.abc import Iterator

import pytest

from pmdaemon.adapters.wakeups import Wakeups
from tests.support.engine import settle
from tests.support.waiting import eventually


class Line:
    """A pipe, and how often its reading end was heard of."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        self.heard = 0

    def hear(self) -> None:
        self.heard += 1
        os.read(self.reading, 100)

    def say(self) -> None:
        os.write(self.writing, b"x")

    def close(self) -> None:
        os.close(self.reading)
        os.close(self.writing)


@pytest.fixture
def lines() -> Iterator[list[Line]]:
    made = [Line() for _ in range(3)]
    yield made
    for line in made:
        line.close()


async def test_each_descriptor_that_can_be_read_calls_its_own_function(lines: list[Line]):
    wakeups = Wakeups()
    for line in lines:
        wakeups.add(line.reading, line.hear)

    lines[0].say()
    lines[2].say()

    await eventually(lambda: [line.heard for line in lines] == [1, 0, 1])


async def test_what_is_not_read_is_told_again(lines: list[Line]):
    wakeups, told = Wakeups(), []
    wakeups.add(lines[0].reading, lambda: told.append("there is something"))

    lines[0].say()

    await eventually(lambda: len(told) > 2)
    wakeups.remove(lines[0].reading)


async def test_one_that_was_removed_is_not_heard_of_any_more(lines: list[Line]):
    wakeups = Wakeups()
    for line in lines:
        wakeups.add(line.reading, line.hear)

    wakeups.remove(lines[0].reading)
    lines[0].say()
    lines[1].say()

    await eventually(lambda: lines[1].heard == 1)
    assert lines[0].heard == 0


async def test_one_that_is_removed_by_another_at_the_same_moment_is_not_called(lines: list[Line]):
    wakeups, called = Wakeups(), []

    def take(line: Line) -> None:
        called.append(line)
        for other in lines:
            wakeups.remove(other.reading)

    for line in lines:
        wakeups.add(line.reading, lambda line=line: take(line))
        line.say()

    await eventually(lambda: called)
    await settle()
    assert len(called) == 1


async def test_a_number_may_be_used_again_for_another_descriptor(lines: list[Line]):
    wakeups, heard = Wakeups(), []
    wakeups.add(lines[0].reading, lines[0].hear)
    wakeups.remove(lines[0].reading)
    os.dup2(lines[1].reading, lines[0].reading)

    wakeups.add(lines[0].reading, lambda: heard.append(os.read(lines[0].reading, 100)))
    lines[1].say()

    await eventually(lambda: heard == [b"x"])


async def test_the_loop_is_left_alone_when_nothing_is_watched(lines: list[Line]):
    loop = asyncio.get_running_loop()
    before = len(loop._selector.get_map())
    wakeups = Wakeups()

    wakeups.add(lines[0].reading, lines[0].hear)
    wakeups.add(lines[1].reading, lines[1].hear)
    while_watching = len(loop._selector.get_map())
    wakeups.remove(lines[0].reading)
    wakeups.remove(lines[1].reading)

    assert while_watching == before + 1
    assert len(loop._selector.get_map()) == before


def test_it_may_be_used_in_one_loop_after_another(lines: list[Line]):
    wakeups = Wakeups()

    async def hear(line: Line) -> None:
        wakeups.add(line.reading, line.hear)
        line.say()
        await eventually(lambda: line.heard == 1)
        wakeups.remove(line.reading)

    asyncio.run(hear(lines[0]))
    asyncio.run(hear(lines[1]))
