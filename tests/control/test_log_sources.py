from pathlib import Path

import pytest

from pmdaemon.control.log_sources import LogSource, newest_first
from pmdaemon.core.logs import Mark


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / ".times").mkdir()
    return tmp_path / "app-0.out"


def write_times(log: Path, *marks: Mark) -> None:
    (log.parent / ".times" / log.name).write_bytes(b"".join(mark.encode() for mark in marks))


def contents(log: Path) -> list[bytes]:
    found = []
    for source in newest_first(str(log)):
        found.append(source.read(0))
        source.close()
    return found


def test_the_files_of_a_stream_come_from_the_current_one_back(log: Path):
    for suffix in ("", ".1", ".2", ".3"):
        Path(f"{log}{suffix}").write_bytes(b"file" + suffix.encode())

    assert contents(log) == [b"file", b"file.1", b"file.2", b"file.3"]


def test_a_rotation_under_way_hides_no_file(log: Path):
    for suffix in (".1", ".3"):
        Path(f"{log}{suffix}").write_bytes(b"file" + suffix.encode())

    assert contents(log) == [b"file.1", b"file.3"]


def test_a_file_that_is_rotated_while_we_look_is_met_once(log: Path):
    log.write_bytes(b"first")
    files = newest_first(str(log))
    first = next(files)

    log.rename(f"{log}.1")
    others = list(files)

    assert first.read(0) == b"first"
    assert others == []
    first.close()


def test_there_are_no_files_of_what_never_ran(log: Path):
    assert contents(log) == []


def test_only_the_marks_that_matter_are_read(log: Path):
    log.write_bytes(b"x" * 1000)
    write_times(log, *(Mark(offset, offset) for offset in range(0, 1000, 10)))
    source = LogSource(str(log))

    marks = source.marks(105, 125)

    assert [marks[number].offset for number in range(len(marks))] == [100, 110, 120]
    source.close()


def test_a_file_without_a_time_index_has_no_times(log: Path):
    log.write_bytes(b"x")
    source = LogSource(str(log))

    assert source.marks(0, 1).time_at(0) is None
    source.close()


def test_an_index_that_appears_later_is_found(log: Path):
    log.write_bytes(b"x")
    source = LogSource(str(log))
    write_times(log, Mark(0, 3_000_000_000))

    assert source.marks(0, 1).time_at(0) == 3.0
    source.close()


def test_the_index_of_the_next_file_is_not_taken_for_that_of_a_rotated_one(log: Path):
    log.write_bytes(b"x")
    source = LogSource(str(log))
    log.rename(f"{log}.1")
    log.write_bytes(b"y")
    write_times(log, Mark(0, 3_000_000_000))

    assert source.marks(0, 1).time_at(0) is None
    source.close()
