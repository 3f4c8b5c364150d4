"""What every OutputCapture does, run on the fake and on the real one with real FIFOs."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import pytest

from pmdaemon.adapters.fifos import copy, splice
from pmdaemon.adapters.log_files import LogFiles
from pmdaemon.core.logs import LAST_LINES, OutputStream
from pmdaemon.core.spec import LogPolicy
from pmdaemon.engine.interfaces import OutputCapture
from tests.fakes.capture import FakeCapture
from tests.support.loop_clock import LoopClock
from tests.support.waiting import eventually

POLICY = LogPolicy(max_size=100, keep=2)


class World(Protocol):
    """A capture, and what is around it."""

    capture: OutputCapture

    def write(self, fifo: str, data: bytes) -> None: ...
    def read(self, path: str) -> bytes | None: ...
    def turn(self) -> None: ...


class FakeWorld:
    def __init__(self) -> None:
        self.fake = FakeCapture()
        self.capture: OutputCapture = self.fake

    def write(self, fifo: str, data: bytes) -> None:
        self.fake.write(fifo, data)

    def read(self, path: str) -> bytes | None:
        return self.fake.contents.get(path)

    def turn(self) -> None:
        self.fake.turn()


class RealWorld:
    def __init__(self, log_files: LogFiles) -> None:
        self.capture: OutputCapture = log_files
        self.held: dict[str, int] = {}

    def write(self, fifo: str, data: bytes) -> None:
        if fifo not in self.held:
            self.held[fifo] = os.open(fifo, os.O_RDWR)
        os.write(self.held[fifo], data)

    def read(self, path: str) -> bytes | None:
        return Path(path).read_bytes() if Path(path).exists() else None

    def turn(self) -> None:
        pass


@pytest.fixture(params=["fake", "splice", "copy"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    if request.param == "fake":
        yield FakeWorld()
        return
    move = splice if request.param == "splice" else copy
    log_files = LogFiles(tmp_path / "logs", tmp_path / "run", LoopClock(), move=move)
    world = RealWorld(log_files)
    yield world
    log_files.leave()
    for fd in world.held.values():
        os.close(fd)


async def test_the_files_are_there_and_empty_before_anything_is_written(world: World):
    world.capture.open(0, "app", 0, POLICY)

    out, err = world.capture.files("app", 0)

    assert world.read(out) == b""
    assert world.read(err) == b""


async def test_what_was_written_is_in_the_files_after_a_drain(world: World):
    stdout, stderr = world.capture.open(0, "app", 0, POLICY)
    out, err = world.capture.files("app", 0)
    world.write(stdout, b"hello\n")
    world.write(stderr, b"oh no\n")

    world.capture.drain(0)

    assert world.read(out) == b"hello\n"
    assert world.read(err) == b"oh no\n"


async def test_output_gets_into_the_files_by_itself(world: World):
    stdout, _ = world.capture.open(0, "app", 0, POLICY)
    out, _ = world.capture.files("app", 0)

    world.write(stdout, b"one\n")
    world.turn()
    await eventually(lambda: world.read(out) == b"one\n")
    world.write(stdout, b"two\n")
    world.turn()

    await eventually(lambda: world.read(out) == b"one\ntwo\n")


async def test_processes_have_files_of_their_own(world: World):
    first, _ = world.capture.open(0, "app", 0, POLICY)
    second, _ = world.capture.open(1, "app", 1, POLICY)
    world.write(first, b"first\n")
    world.write(second, b"second\n")

    world.capture.drain(0)
    world.capture.drain(1)

    assert world.read(world.capture.files("app", 0)[0]) == b"first\n"
    assert world.read(world.capture.files("app", 1)[0]) == b"second\n"


async def test_opening_again_keeps_what_waits(world: World):
    before = world.capture.open(0, "app", 0, POLICY)
    world.write(before[0], b"hello\n")

    again = world.capture.open(0, "app", 0, POLICY)
    world.capture.drain(0)

    assert again == before
    assert world.read(world.capture.files("app", 0)[0]) == b"hello\n"


async def test_a_full_file_makes_way_and_so_many_are_kept(world: World):
    stdout, _ = world.capture.open(0, "app", 0, POLICY)
    out, _ = world.capture.files("app", 0)

    for letter in b"abcd":
        world.write(stdout, bytes([letter]) * 99 + b"\n")
        world.capture.drain(0)
    world.write(stdout, b"e\n")
    world.capture.drain(0)

    assert world.read(out) == b"e\n"
    assert world.read(f"{out}.1") == b"d" * 99 + b"\n"
    assert world.read(f"{out}.2") == b"c" * 99 + b"\n"
    assert world.read(f"{out}.3") is None


async def test_opening_again_takes_over_a_new_policy(world: World):
    stdout, _ = world.capture.open(0, "app", 0, POLICY)
    out, _ = world.capture.files("app", 0)

    world.capture.open(0, "app", 0, LogPolicy(max_size=3, keep=1))
    world.write(stdout, b"one\n")
    world.capture.drain(0)

    assert world.read(f"{out}.1") == b"one\n"


async def test_with_none_to_keep_a_full_file_is_begun_anew(world: World):
    stdout, _ = world.capture.open(0, "app", 0, LogPolicy(max_size=3, keep=0))
    out, _ = world.capture.files("app", 0)

    world.write(stdout, b"one\n")
    world.capture.drain(0)

    assert world.read(out) == b""
    assert world.read(f"{out}.1") is None


async def test_a_flush_empties_and_capture_goes_on(world: World):
    stdout, _ = world.capture.open(0, "app", 0, POLICY)
    out, _ = world.capture.files("app", 0)
    for _ in range(3):
        world.write(stdout, b"x" * 99 + b"\n")
        world.capture.drain(0)
    world.write(stdout, b"not drained yet\n")

    world.capture.flush(0)
    emptied = [world.read(path) for path in (out, f"{out}.1", f"{out}.2")]
    world.write(stdout, b"after\n")
    world.capture.drain(0)

    assert emptied == [b"", None, None]
    assert world.read(out) == b"after\n"


async def test_closing_saves_what_waits_and_leaves_the_files(world: World):
    stdout, _ = world.capture.open(0, "app", 0, POLICY)
    world.write(stdout, b"last words\n")

    world.capture.close(0)

    assert world.read(world.capture.files("app", 0)[0]) == b"last words\n"


async def test_growth_is_told_by_process_and_stream(world: World):
    grown: list[tuple[int, OutputStream]] = []
    world.capture.open(0, "app", 0, POLICY)
    _, stderr = world.capture.open(1, "app", 1, POLICY)
    world.capture.on_growth(lambda pm_id, stream: grown.append((pm_id, stream)))

    world.write(stderr, b"oh no\n")
    world.turn()

    await eventually(lambda: grown)
    assert set(grown) == {(1, OutputStream.ERR)}


async def test_nobody_is_told_any_more_after_growth_was_declined(world: World):
    grown: list[tuple[int, OutputStream]] = []
    stdout, _ = world.capture.open(0, "app", 0, POLICY)
    world.capture.on_growth(lambda pm_id, stream: grown.append((pm_id, stream)))

    world.capture.on_growth(None)
    world.write(stdout, b"hello\n")
    world.capture.drain(0)

    assert grown == []


async def test_a_drain_without_output_is_no_growth(world: World):
    grown: list[tuple[int, OutputStream]] = []
    world.capture.open(0, "app", 0, POLICY)
    world.capture.on_growth(lambda pm_id, stream: grown.append((pm_id, stream)))

    world.capture.drain(0)

    assert grown == []


async def test_processes_that_are_not_open_are_no_trouble(world: World):
    world.capture.drain(7)
    world.capture.flush(7)
    world.capture.close(7)


async def test_the_last_words_are_the_last_lines_on_stderr(world: World):
    stdout, stderr = world.capture.open(0, "app", 0, LogPolicy())
    world.write(stdout, b"all is well\n")
    world.write(stderr, b"".join(b"line %d\n\n" % number for number in range(50)))
    world.capture.drain(0)

    words = world.capture.last_words(0)

    assert len(words) == LAST_LINES
    assert words[-1] == "line 49"


async def test_the_last_words_are_those_of_the_latest_run(world: World):
    _, stderr = world.capture.open(0, "app", 0, LogPolicy())
    world.write(stderr, b"of the first\n")
    world.capture.drain(0)

    world.capture.open(0, "app", 0, LogPolicy())
    assert world.capture.last_words(0) == ()
    world.write(stderr, b"of the second\xff\n")
    world.capture.drain(0)

    assert world.capture.last_words(0) == ("of the second\\xff",)


async def test_who_was_never_opened_has_no_last_words(world: World):
    assert world.capture.last_words(7) == ()


async def test_the_files_have_sizes(world: World):
    assert world.capture.sizes("app", 0) == (0, 0)
    stdout, stderr = world.capture.open(0, "app", 0, LogPolicy())
    world.write(stdout, b"12345")
    world.write(stderr, b"123")

    world.capture.drain(0)

    assert world.capture.sizes("app", 0) == (5, 3)


@pytest.mark.parametrize(
    ("policy", "dropped"),
    [
        (LogPolicy(disabled=True), (True, True)),
        (LogPolicy(out_file="/dev/null"), (True, False)),
        (LogPolicy(error_file="/dev/null"), (False, True)),
        (LogPolicy(), (False, False)),
    ],
)
async def test_what_nobody_wants_is_not_even_read(world, policy, dropped):
    paths = world.capture.open(0, "app", 0, policy)

    assert tuple(path == "/dev/null" for path in paths) == dropped
