import asyncio

import pytest

from pmdaemon.core.errors import StoreUnavailable
from pmdaemon.engine.write_behind import MOST_UNWRITTEN, PLENTY, WriteBehind
from tests.support.waiting import eventually


class Disk:
    def __init__(self):
        self.written = []
        self.is_full = False

    async def write(self, records):
        if self.is_full:
            raise StoreUnavailable("disk full")
        self.written.append(records)


@pytest.fixture
def disk():
    return Disk()


@pytest.fixture
def behind(disk):
    return WriteBehind("numbers", disk.write)


async def test_what_came_together_is_written_together(behind, disk):
    behind.add(1)
    behind.add(2)

    await behind.catch_up()
    await behind.catch_up()

    assert disk.written == [[1, 2]]


async def test_what_comes_is_written_without_being_asked_for(behind, disk):
    working = asyncio.get_running_loop().create_task(behind.work())

    behind.add(1)
    await eventually(lambda: disk.written == [[1]])
    behind.add(2)
    await eventually(lambda: disk.written == [[1], [2]])

    working.cancel()


async def test_a_record_waits_for_others_but_not_when_there_are_plenty(behind, disk, monkeypatch):
    monkeypatch.setattr("pmdaemon.engine.write_behind.PAUSE", 3600.0)
    working = asyncio.get_running_loop().create_task(behind.work())

    behind.add(0)
    for _ in range(10):  # more turns of the loop than it takes to write
        await asyncio.sleep(0)
    assert disk.written == []
    for number in range(1, PLENTY):
        behind.add(number)
    await eventually(lambda: disk.written == [[*range(PLENTY)]])

    working.cancel()


async def test_what_the_disk_refuses_is_lost_and_said_so(behind, disk, caplog):
    disk.is_full = True
    behind.add(1)

    await behind.catch_up()
    disk.is_full = False
    behind.add(2)
    await behind.catch_up()

    assert disk.written == [[2]]
    assert "numbers.lost records=1 reason=disk full" in caplog.text


async def test_what_waits_for_the_disk_is_bounded(behind, disk):
    for number in range(MOST_UNWRITTEN + 7):
        behind.add(number)

    await behind.catch_up()

    assert disk.written == [[*range(7, MOST_UNWRITTEN + 7)]]
