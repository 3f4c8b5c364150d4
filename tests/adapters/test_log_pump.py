import fcntl
import os
import resource
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pmdaemon.adapters.fifos import ENLARGED, Capacities, open_fifo
from pmdaemon.adapters.log_pump import (
    LONGEST_PAUSE,
    RETRY,
    RUSH_MEASURED,
    SHORTEST_PAUSE,
    TURN,
    Pump,
)
from pmdaemon.adapters.log_writer import LogWriter
from pmdaemon.adapters.wakeups import Wakeups
from pmdaemon.core.process import Instant
from pmdaemon.core.spec import LogPolicy
from tests.support.waiting import eventually

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's pipes")


class Timer:
    def __init__(self, seconds: float, callback: Callable[[], None]) -> None:
        self.seconds = seconds
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class HandClock:
    """A clock that is moved by hand, from one timer to the next."""

    def __init__(self) -> None:
        self.at = 0.0
        self.timers: list[Timer] = []

    def now(self) -> Instant:
        return Instant(wall=self.at, monotonic=self.at)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        self.timers.append(Timer(seconds, callback))
        return self.timers[-1]

    @property
    def due(self) -> list[float]:
        return [timer.seconds for timer in self.timers if not timer.cancelled]

    def advance(self, *, late: float = 0.0) -> None:
        (timer,) = [timer for timer in self.timers if not timer.cancelled]
        self.timers.clear()
        self.at += timer.seconds + late
        timer.callback()


class Bench:
    """A pump with a FIFO before it and a file behind it."""

    def __init__(self, folder: Path, writer: type[LogWriter] = LogWriter) -> None:
        self.log = folder / "logs" / "app-0.out"
        self.clock = HandClock()
        self.fifo = open_fifo(str(folder / "0.out"))
        self.moves = 0
        made = writer(str(self.log), LogPolicy(), self.clock)
        self.pump = Pump(
            self.fifo,
            made,
            self.clock,
            capacities=Capacities(),
            wakeups=Wakeups(),
            on_moved=self.count,
        )

    def count(self) -> None:
        self.moves += 1

    def write(self, data: bytes) -> None:
        os.write(self.fifo, data)

    def size(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0

    async def begin(self) -> None:
        """Write twice in no time; from here on the pump looks after pauses."""
        for moves in (1, 2):
            self.write(b"first\n")
            await eventually(lambda moves=moves: self.moves == moves)

    def close(self) -> None:
        self.pump.stop()
        os.close(self.fifo)


@pytest.fixture
async def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.close()


def capacity(fifo: int) -> int:
    return fcntl.fcntl(fifo, fcntl.F_GETPIPE_SZ)


async def test_the_first_output_is_moved_at_once(bench: Bench):
    bench.write(b"first\n")

    await eventually(lambda: bench.log.exists() and bench.log.read_bytes() == b"first\n")


async def test_further_output_is_collected_during_a_pause(bench: Bench):
    await bench.begin()
    for _ in range(100):
        bench.write(b"another line\n")
    due = bench.clock.due

    bench.clock.advance()

    assert due == [LONGEST_PAUSE]
    assert bench.moves == 3
    assert bench.log.read_bytes() == b"first\n" * 2 + b"another line\n" * 100


async def test_after_a_look_that_finds_nothing_the_loop_wakes_us_again(bench: Bench):
    await bench.begin()
    bench.clock.advance()
    due = bench.clock.due

    bench.write(b"again\n")

    await eventually(lambda: bench.moves == 3)
    assert due == []


async def test_a_line_now_and_then_sets_no_timer_and_holds_no_file(bench: Bench):
    before = os.listdir("/dev/fd")

    for moves in (1, 2, 3):
        bench.write(b"now and then\n")
        await eventually(lambda moves=moves: bench.moves == moves)
        bench.clock.at += 0.02

    assert bench.clock.due == []
    assert os.listdir("/dev/fd") == before


async def test_in_silence_no_file_is_held_open(bench: Bench):
    before = os.listdir("/dev/fd")
    await bench.begin()

    bench.clock.advance()

    assert os.listdir("/dev/fd") == before


@linux
async def test_a_pipe_that_fills_quickly_is_enlarged(bench: Bench):
    await bench.begin()

    bench.write(b"x" * 60_000)
    bench.clock.advance()

    assert capacity(bench.fifo) == ENLARGED


@linux
async def test_a_pipe_that_fills_slowly_is_not(bench: Bench):
    await bench.begin()

    for _ in range(5):
        bench.write(b"x" * 1000)
        bench.clock.advance()

    assert capacity(bench.fifo) < ENLARGED


@linux
async def test_the_pause_is_such_that_half_of_the_pipe_fills(bench: Bench):
    await bench.begin()
    bench.write(b"x" * 60_000)
    bench.clock.advance()
    bench.write(b"x" * (3 * ENLARGED // 4))
    bench.clock.advance()
    (pause,) = bench.clock.due

    bench.write(b"x" * (ENLARGED // 2))
    bench.clock.advance()

    assert SHORTEST_PAUSE < pause < LONGEST_PAUSE
    assert bench.clock.due == [pytest.approx(pause, rel=0.01)]


@linux
async def test_a_pipe_that_was_full_shortens_the_pause_even_if_we_came_late(bench: Bench):
    await bench.begin()

    bench.write(b"x" * capacity(bench.fifo))
    bench.clock.advance(late=1.0)
    bench.write(b"x" * ENLARGED)
    bench.clock.advance(late=1.0)

    assert bench.clock.due == [LONGEST_PAUSE / 4]


async def rush(bench: Bench) -> None:
    """Fill the pipe in each pause until the pump looks at each turn."""
    await bench.begin()
    while bench.clock.due != [RUSH_MEASURED]:
        moves = bench.moves
        bench.write(b"x" * capacity(bench.fifo))
        bench.clock.advance()
        assert bench.moves == moves + 1


@linux
async def test_a_program_that_fills_every_pause_is_served_at_each_turn(bench: Bench):
    await rush(bench)
    moves = bench.moves

    bench.write(b"x" * 10)
    await eventually(lambda: bench.moves == moves + 1)
    bench.write(b"x" * 10)

    await eventually(lambda: bench.moves == moves + 2)
    assert bench.clock.due == [RUSH_MEASURED]


@linux
async def test_a_rush_that_slows_down_ends_in_pauses(bench: Bench):
    await rush(bench)
    moves = bench.moves
    bench.write(b"x" * 10)
    await eventually(lambda: bench.moves == moves + 1)

    bench.clock.advance()

    assert bench.clock.due == [LONGEST_PAUSE]


@linux
async def test_a_rush_that_ends_is_a_silence(bench: Bench):
    await rush(bench)

    bench.clock.advance()

    assert bench.clock.due == []
    moves = bench.moves
    bench.write(b"again\n")
    await eventually(lambda: bench.moves == moves + 1)


async def test_a_drain_moves_what_is_there_and_closes_the_file(bench: Bench):
    before = os.listdir("/dev/fd")
    bench.write(b"one\n")

    bench.pump.drain()

    assert bench.log.read_bytes() == b"one\n"
    assert bench.moves == 1
    assert os.listdir("/dev/fd") == before


async def test_a_drain_ends_even_if_the_program_never_stops(tmp_path: Path):
    class Endless(LogWriter):
        taken = 0

        def take(self, fifo: int, limit: int) -> int:
            self.taken += 1000
            return 1000

    bench = Bench(tmp_path, Endless)

    bench.pump.drain()

    assert bench.pump.writer.taken >= capacity(bench.fifo)
    bench.close()


async def test_one_turn_moves_no_more_than_its_share(bench: Bench):
    fcntl.fcntl(bench.fifo, fcntl.F_SETPIPE_SZ, ENLARGED)
    await bench.begin()
    bench.write(b"x" * ENLARGED)

    bench.clock.advance()

    assert bench.size() <= len(b"first\n" * 2) + TURN


async def test_what_was_lost_is_said_although_no_more_output_comes(bench: Bench):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        bench.write(b"first\n")
        await eventually(lambda: bench.moves == 1)
        still_full = bench.clock.due
        bench.clock.advance()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    bench.clock.advance()

    assert still_full == [RETRY]
    assert bench.log.read_bytes() == b"[pmdaemon] 6 bytes of output were lost: File too large\n"
    assert bench.clock.due == []


async def test_a_stopped_pump_leaves_what_waits_in_the_pipe(tmp_path: Path):
    bench = Bench(tmp_path)
    await bench.begin()
    bench.write(b"for the next daemon\n")

    bench.pump.stop()

    assert bench.clock.due == []
    assert os.read(bench.fifo, 100) == b"for the next daemon\n"
    os.close(bench.fifo)
