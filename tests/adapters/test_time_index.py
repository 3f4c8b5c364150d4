import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pmdaemon.adapters.time_index import TimeIndex
from pmdaemon.core.logs import Mark, Marks


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".times" / "app-0.out"


@pytest.fixture
def index(path: Path) -> Iterator[TimeIndex]:
    index = TimeIndex(str(path))
    yield index
    index.rest()


def marks(path: Path) -> list[Mark]:
    return list(Marks(path.read_bytes()))


def test_marks_are_appended(index: TimeIndex, path: Path):
    index.mark(0, 1.0)
    index.mark(10, 2.0)

    assert marks(path) == [Mark(0, 1_000_000_000), Mark(10, 2_000_000_000)]


def test_marks_close_together_in_time_are_one(index: TimeIndex, path: Path):
    index.mark(0, 1.0)
    index.mark(10, 1.004)
    index.mark(20, 1.006)

    assert [mark.offset for mark in marks(path)] == [0, 20]


def test_a_clock_that_was_set_back_does_not_stop_the_index(index: TimeIndex, path: Path):
    index.mark(0, 100.0)
    index.mark(10, 1.0)
    index.mark(20, 1.1)

    assert [mark.time_ns for mark in marks(path)] == [10**11, 10**9, 1_100_000_000]


def test_the_index_begins_anew_with_an_output_file_that_was_emptied(index: TimeIndex, path: Path):
    index.mark(0, 1.0)
    index.mark(1000, 2.0)

    index.mark(0, 3.0)

    assert marks(path) == [Mark(0, 3_000_000_000)]


def test_another_daemon_goes_on_with_the_index(index: TimeIndex, path: Path):
    index.mark(0, 1.0)
    index.mark(1000, 2.0)

    other = TimeIndex(str(path))
    other.mark(2000, 3.0)
    other.rest()

    assert [mark.offset for mark in marks(path)] == [0, 1000, 2000]


def test_another_daemon_notices_that_the_output_file_was_emptied(index: TimeIndex, path: Path):
    index.mark(0, 1.0)
    index.mark(1000, 2.0)

    other = TimeIndex(str(path))
    other.mark(5, 3.0)
    other.rest()

    assert marks(path) == [Mark(5, 3_000_000_000)]


def test_half_a_mark_left_by_a_kill_is_cut_off(index: TimeIndex, path: Path):
    path.parent.mkdir()
    path.write_bytes(Mark(0, 1).encode() + b"half")

    index.mark(10, 1.0)

    assert marks(path) == [Mark(0, 1), Mark(10, 1_000_000_000)]


def test_a_cleared_index_is_empty_and_goes_on(index: TimeIndex, path: Path):
    index.mark(0, 1.0)

    index.clear()
    index.mark(0, 1.001)

    assert marks(path) == [Mark(0, 1_001_000_000)]


def test_an_index_that_cannot_be_written_is_no_trouble(tmp_path: Path):
    (tmp_path / ".times").write_bytes(b"in the way")
    index = TimeIndex(str(tmp_path / ".times" / "app-0.out"))

    index.mark(0, 1.0)
    index.clear()

    assert (tmp_path / ".times").read_bytes() == b"in the way"


def test_a_resting_index_holds_no_descriptor(index: TimeIndex):
    before = os.listdir("/dev/fd")
    index.mark(0, 1.0)

    index.rest()

    assert os.listdir("/dev/fd") == before


def test_an_index_tells_when_its_output_began(index: TimeIndex):
    assert index.begins() is None

    index.mark(0, 1.5)
    index.mark(10, 2.0)

    assert index.begins() == 1.5
