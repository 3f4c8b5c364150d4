import errno
import os
import resource
from collections.abc import Iterator
from math import inf
from pathlib import Path

import pytest

from pmdaemon.adapters.fifos import Move, best_move, copy, open_fifo
from pmdaemon.adapters.log_writer import AGE_RETRY, ROTATION_RETRY, LogWriter
from pmdaemon.core.logs import Marks, times_path
from pmdaemon.core.process import Instant
from pmdaemon.core.spec import LogPolicy
from tests.support.limits import limited
from tests.support.loop_clock import LoopClock

LIMIT = 1 << 20


class SetClock(LoopClock):
    wall = 1.0
    monotonic = 0.0

    def now(self) -> Instant:
        return Instant(wall=self.wall, monotonic=self.monotonic)


class Bench:
    """A writer with a FIFO before it and a file behind it."""

    def __init__(self, folder: Path, policy: LogPolicy, move: Move) -> None:
        self.log = folder / "logs" / "app-0.out"
        self.clock = SetClock()
        self.fifo = open_fifo(str(folder / "0.out"))
        self.rotations = 0
        self.writer = LogWriter(
            str(self.log), policy, self.clock, move=move, on_rotated=self._rotated
        )

    def _rotated(self, _: LogWriter) -> None:
        self.rotations += 1

    def put(self, data: bytes) -> int:
        os.write(self.fifo, data)
        return self.writer.take(self.fifo, LIMIT)

    def older(self, number: int) -> bytes | None:
        path = Path(f"{self.log}.{number}")
        return path.read_bytes() if path.exists() else None

    def close(self) -> None:
        self.writer.rest()
        os.close(self.fifo)


@pytest.fixture(params=[best_move, copy])
def bench(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    bench = Bench(tmp_path, LogPolicy(max_size=100, keep=2), request.param)
    yield bench
    bench.close()


def full_disk(room: int):
    """Let no file grow past `room` bytes: the kernel refuses it as it does on a full disk."""
    return limited(resource.RLIMIT_FSIZE, room)


def test_output_goes_behind_what_is_there(bench: Bench):
    bench.log.parent.mkdir()
    bench.log.write_bytes(b"from before\n")

    taken = bench.put(b"one\n")
    bench.put(b"two\n")

    assert taken == 4
    assert bench.log.read_bytes() == b"from before\none\ntwo\n"


def test_nothing_is_taken_from_an_empty_fifo(bench: Bench):
    assert bench.writer.take(bench.fifo, LIMIT) == 0


def test_a_file_that_is_emptied_by_somebody_is_filled_from_its_beginning(bench: Bench):
    bench.put(b"one\n")

    os.truncate(bench.log, 0)
    bench.put(b"two\n")

    assert bench.log.read_bytes() == b"two\n"


def test_a_file_that_is_deleted_is_made_anew(bench: Bench):
    bench.put(b"one\n")

    bench.log.unlink()
    bench.put(b"two\n")

    assert bench.log.read_bytes() == b"two\n"


def test_a_file_that_is_renamed_is_left_alone(bench: Bench, tmp_path: Path):
    bench.put(b"one\n")

    bench.log.rename(tmp_path / "archived")
    bench.put(b"two\n")

    assert (tmp_path / "archived").read_bytes() == b"one\n"
    assert bench.log.read_bytes() == b"two\n"


def test_a_file_that_is_replaced_gives_way_to_the_new_one(bench: Bench, tmp_path: Path):
    bench.put(b"one\n")

    bench.log.rename(tmp_path / "archived")
    bench.log.touch()
    bench.put(b"two\n")

    assert bench.log.read_bytes() == b"two\n"


def test_what_somebody_else_appends_is_not_overwritten(bench: Bench):
    bench.put(b"one\n")

    with bench.log.open("ab") as file:
        file.write(b"a remark\n")
    bench.put(b"two\n")

    assert bench.log.read_bytes() == b"one\na remark\ntwo\n"


def test_a_full_file_is_rotated_at_the_end_of_a_line(bench: Bench):
    bench.put(b"x" * 120)
    unfinished = bench.older(1)

    bench.put(b"x\n")
    bench.put(b"next\n")

    assert unfinished is None
    assert bench.older(1) == b"x" * 121 + b"\n"
    assert bench.log.read_bytes() == b"next\n"


def test_a_file_is_rotated_at_twice_its_bound_whatever_it_ends_with(bench: Bench):
    taken = bench.put(b"x" * 250)
    while more := bench.writer.take(bench.fifo, LIMIT):
        taken += more

    assert taken == 250
    assert bench.older(1) == b"x" * 200
    assert bench.log.read_bytes() == b"x" * 50


def test_without_a_bound_a_file_grows(bench: Bench):
    bench.writer.policy = LogPolicy(max_size=0, keep=1)

    bench.put(b"x" * 1000 + b"\n")

    assert bench.log.stat().st_size == 1001


def test_a_file_is_there_right_after_a_rotation(bench: Bench):
    bench.put(b"x" * 100 + b"\n")

    assert bench.log.read_bytes() == b""


def test_a_rotation_that_fails_costs_no_output(bench: Bench):
    Path(f"{bench.log}.1").mkdir(parents=True)
    Path(f"{bench.log}.2").mkdir()

    bench.put(b"x" * 100 + b"\n")
    bench.put(b"more\n")

    assert bench.log.read_bytes() == b"x" * 100 + b"\nmore\n"


def test_a_rotation_that_fails_is_said_once_and_tried_again_after_a_while(
    bench: Bench, caplog: pytest.LogCaptureFixture
):
    (blocked := Path(f"{bench.log}.2")).mkdir(parents=True)
    Path(f"{bench.log}.1").mkdir()
    bench.put(b"x" * 100 + b"\n")
    bench.clock.monotonic += ROTATION_RETRY
    bench.put(b"more\n")

    blocked.rmdir()
    bench.put(b"too early\n")
    early = bench.rotations
    bench.clock.monotonic += ROTATION_RETRY
    bench.put(b"in time\n")

    assert (early, bench.rotations) == (0, 1)
    assert bench.older(1) == b"x" * 100 + b"\nmore\ntoo early\nin time\n"
    assert caplog.text.count("logs.not_rotated") == 1


def test_whoever_asked_is_told_of_each_rotation(bench: Bench):
    bench.put(b"x" * 100 + b"\n")
    bench.put(b"x" * 50 + b"\n")

    assert bench.rotations == 1


def test_a_file_is_exchanged_when_its_oldest_output_is_too_old(bench: Bench):
    bench.writer.policy = LogPolicy(max_age=1000.0)
    bench.clock.wall = 5000.0
    bench.put(b"old\n")
    bench.clock.wall = 5900.0
    bench.put(b"younger\n")

    due = bench.writer.age(5999.0)
    untouched = bench.older(1)
    again = bench.writer.age(6000.0)

    assert (due, untouched, again) == (6000.0, None, 7000.0)
    assert bench.older(1) == b"old\nyounger\n"
    assert bench.log.read_bytes() == b""
    assert bench.rotations == 1


def test_an_older_file_goes_when_its_youngest_output_is_too_old(bench: Bench):
    bench.writer.policy = LogPolicy(max_size=100, max_age=1000.0)
    bench.put(b"x" * 100 + b"\n")
    os.utime(f"{bench.log}.1", (5000.0, 5000.0))

    due = bench.writer.age(5999.0)
    there = bench.older(1) is not None
    bench.writer.age(6001.0)

    assert (due, there) == (6000.0, True)
    assert bench.older(1) is None


def test_an_empty_file_does_not_age(bench: Bench):
    bench.writer.policy = LogPolicy(max_age=1000.0)
    bench.writer.make()

    assert bench.writer.age(1e9) == 1e9 + 1000.0
    assert bench.rotations == 0


def test_without_a_time_index_a_file_is_as_old_as_its_last_change(bench: Bench):
    bench.writer.policy = LogPolicy(max_age=1000.0)
    bench.put(b"old\n")
    os.unlink(times_path(str(bench.log)))
    os.utime(bench.log, (5000.0, 5000.0))

    assert bench.writer.age(5500.0) == 6000.0


def test_without_a_bound_on_age_nothing_is_due(bench: Bench):
    bench.writer.policy = LogPolicy(max_age=0.0)
    bench.put(b"old\n")

    assert bench.writer.age(1e12) == inf
    assert bench.log.read_bytes() == b"old\n"


def test_what_is_too_old_and_cannot_be_removed_is_looked_at_again(bench: Bench):
    bench.writer.policy = LogPolicy(max_age=1e6)
    bench.writer.make()
    (blocked := Path(f"{bench.log}.1")).mkdir()
    os.utime(blocked, (0.0, 0.0))

    assert bench.writer.age(2e6) == 2e6 + AGE_RETRY


def test_each_file_has_the_times_of_its_own_lines(bench: Bench):
    bench.put(b"x" * 100 + b"\n")
    bench.clock.wall = 2.0
    bench.put(b"one\n")
    bench.clock.wall = 3.0
    bench.put(b"two\n")

    older = Marks(Path(times_path(f"{bench.log}.1")).read_bytes())
    current = Marks(Path(times_path(str(bench.log))).read_bytes())

    assert list(older) == [(0, 1_000_000_000)]
    assert list(current) == [(0, 2_000_000_000), (4, 3_000_000_000)]


def test_the_first_line_after_a_rotation_has_a_time_however_soon_it_comes(bench: Bench):
    bench.put(b"x" * 100 + b"\n")

    bench.put(b"one\n")

    assert list(Marks(Path(times_path(str(bench.log))).read_bytes())) == [(0, 1_000_000_000)]


def test_emptying_removes_the_content_the_times_and_the_older_files(bench: Bench):
    bench.put(b"x" * 100 + b"\n")
    bench.put(b"one\n")

    bench.writer.empty()

    assert bench.log.read_bytes() == b""
    assert bench.older(1) is None
    assert Path(times_path(str(bench.log))).read_bytes() == b""


def test_output_for_a_full_disk_is_dropped_and_said_later(bench: Bench):
    with full_disk(room=10):
        first = bench.put(b"0123456")
        second = bench.put(b"789 lost")
        while more := bench.writer.take(bench.fifo, LIMIT):
            second += more

    bench.put(b"after\n")

    assert (first, second) == (7, 8)
    assert bench.log.read_bytes() == (
        b"0123456789\n[pmdaemon] 5 bytes of output were lost: File too large\nafter\n"
    )


def test_a_full_disk_can_be_emptied(bench: Bench):
    with full_disk(room=10):
        bench.put(b"0123456789 lost")
        while bench.writer.take(bench.fifo, LIMIT):
            pass

        bench.writer.empty()

        assert bench.log.read_bytes() == b""
    bench.put(b"after\n")
    assert bench.log.read_bytes() == (
        b"[pmdaemon] 5 bytes of output were lost: File too large\nafter\n"
    )


def test_what_was_lost_adds_up_until_it_can_be_said(bench: Bench):
    with full_disk(room=0):
        for _ in range(3):
            bench.put(b"x" * 1000)
    owed = bench.writer.owes_word

    bench.writer.make()

    assert owed
    assert not bench.writer.owes_word
    assert bench.log.read_bytes() == (
        b"[pmdaemon] 3000 bytes of output were lost: File too large\n"
    )


def test_where_there_is_no_room_for_the_word_either_nothing_is_left_of_it(bench: Bench):
    with full_disk(room=0):
        bench.put(b"x" * 1000)

    with full_disk(room=20):
        bench.put(b"more")

    assert bench.log.read_bytes() == b""
    assert bench.writer.owes_word


def test_output_is_dropped_while_no_file_can_be_opened(bench: Bench):
    with limited(resource.RLIMIT_NOFILE, 3):
        dropped = bench.put(b"one\n")

    bench.put(b"two\n")

    assert dropped == 4
    assert bench.log.read_bytes() == (
        b"[pmdaemon] 4 bytes of output were lost: Too many open files\ntwo\n"
    )


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOSYS])
def test_where_splice_is_refused_output_is_copied(tmp_path: Path, code: int):
    def refuse(fifo: int, file: int, count: int, offset: int) -> int:
        raise OSError(code, "refused")

    bench = Bench(tmp_path, LogPolicy(), refuse)

    bench.put(b"one\n")
    bench.put(b"two\n")

    assert bench.log.read_bytes() == b"one\ntwo\n"
    bench.close()


def test_a_resting_writer_holds_no_descriptor(bench: Bench):
    before = os.listdir("/dev/fd")
    bench.put(b"one\n")

    bench.writer.rest()

    assert os.listdir("/dev/fd") == before
