import gzip
import os
import zlib
from pathlib import Path

import pytest

from pmdaemon.control.log_sources import CHUNK, CompressedSource, LogSource, newest_first
from pmdaemon.core.logs import Mark
from tests.support.log_files import compress


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


def test_an_index_that_is_emptied_while_it_is_searched_tells_no_times(
    log: Path, monkeypatch: pytest.MonkeyPatch
):
    log.write_bytes(b"0\n1\n2\n")
    write_times(log, Mark(0, 1_000), Mark(2, 2_000), Mark(4, 3_000))
    source = LogSource(str(log))
    read = os.pread

    def read_what_was_flushed(fd: int, size: int, offset: int) -> bytes:
        write_times(log)
        return read(fd, size, offset)

    monkeypatch.setattr(os, "pread", read_what_was_flushed)

    assert source.marks(2, 6).time_at(2) is None
    source.close()


def test_the_index_of_the_next_file_is_not_taken_for_that_of_a_rotated_one(log: Path):
    log.write_bytes(b"x")
    source = LogSource(str(log))
    log.rename(f"{log}.1")
    log.write_bytes(b"y")
    write_times(log, Mark(0, 3_000_000_000))

    assert source.marks(0, 1).time_at(0) is None
    source.close()


def compressed(log: Path, data: bytes) -> CompressedSource:
    older = Path(f"{log}.2")
    older.write_bytes(data)
    compress(older)
    return CompressedSource(str(older))


LINES = b"".join(b"line %d of many that were written\n" % number for number in range(10_000))


def whole(source: LogSource) -> bytes:
    found = b""
    while chunk := source.read(len(found)):
        found += chunk
    return found


def test_a_compressed_file_reads_as_what_it_was_made_of(log: Path):
    source = compressed(log, LINES)

    assert source.end == source.size() == len(LINES)
    assert whole(source) == LINES
    assert source.read(70_000, 10) == LINES[70_000:70_010]
    assert source.read(CHUNK - 5, 100) == LINES[CHUNK - 5 : CHUNK]
    assert source.read(len(LINES)) == b""
    source.close()


@pytest.mark.parametrize("behind", [0, 1, 9_999, 10_000])
def test_a_newline_is_found_alike_in_plain_and_compressed_files(log: Path, behind: int):
    log.write_bytes(LINES)
    plain, packed = LogSource(str(log)), compressed(log, LINES)

    assert packed.find_newline_back(behind) == plain.find_newline_back(behind)
    assert packed.count_newlines() == plain.count_newlines() == 10_000
    plain.close()
    packed.close()


def test_newlines_of_a_compressed_file_are_counted_without_decompressing_it(
    log: Path, monkeypatch: pytest.MonkeyPatch
):
    source = compressed(log, LINES)
    monkeypatch.setattr(zlib, "decompressobj", None)

    assert source.count_newlines() == 10_000
    source.close()


def test_a_file_that_somebody_else_compressed_is_read_as_well(log: Path):
    Path(f"{log}.3.gz").write_bytes(gzip.compress(b"one\ntwo\n"))
    source = CompressedSource(f"{log}.3")

    assert source.end == 8
    assert source.count_newlines() == 2
    assert source.read(4) == b"two\n"
    source.close()


@pytest.mark.parametrize("damage", [b"", b"no gzip at all", gzip.compress(LINES)[:-4000]])
def test_a_damaged_file_is_read_up_to_the_damage(log: Path, damage: bytes):
    Path(f"{log}.2.gz").write_bytes(damage)
    source = CompressedSource(f"{log}.2")

    assert LINES.startswith(whole(source))
    assert source.end == len(whole(source))
    source.close()


def test_compressed_files_stand_in_the_row_of_the_others(log: Path):
    for suffix in ("", ".1", ".2", ".3"):
        Path(f"{log}{suffix}").write_bytes(b"file" + suffix.encode())
    compress(Path(f"{log}.2"))

    assert contents(log) == [b"file", b"file.1", b"file.2", b"file.3"]


def test_of_a_file_in_two_forms_the_plain_one_is_read(log: Path):
    log.write_bytes(b"file")
    Path(f"{log}.2").write_bytes(b"file.2")
    compress(Path(f"{log}.2"))
    Path(f"{log}.1").write_bytes(b"file.1")
    Path(f"{log}.2").write_bytes(b"plain")

    assert contents(log) == [b"file", b"file.1", b"plain"]


def test_a_file_that_is_compressed_and_moved_while_we_look_is_met_once(log: Path):
    for suffix in ("", ".1", ".2"):
        Path(f"{log}{suffix}").write_bytes(b"file" + suffix.encode())
    files = newest_first(str(log))
    met = [next(files), next(files), next(files)]

    compress(Path(f"{log}.2"))
    Path(f"{log}.2.gz").rename(f"{log}.3.gz")

    assert list(files) == []
    for source in met:
        source.close()


def test_a_compressed_file_keeps_its_times(log: Path):
    (log.parent / ".times" / f"{log.name}.2").write_bytes(Mark(0, 3_000_000_000).encode())
    source = compressed(log, b"one\n")

    assert source.marks(0, 4).time_at(0) == 3.0
    source.close()


def test_files_may_be_closed_as_soon_as_they_have_been_looked_at(log: Path):
    for suffix in ("", ".1", ".2", ".3"):
        Path(f"{log}{suffix}").write_bytes(b"file" + suffix.encode())
    compress(Path(f"{log}.2"))
    compress(Path(f"{log}.3"))

    sizes = []
    for source in newest_first(str(log)):
        sizes.append(source.end)
        source.close()

    assert sizes == [4, 6, 6, 6]


@pytest.mark.parametrize("offset", [0, 1, 5, CHUNK, CHUNK + 7, len(LINES) - 1])
def test_the_first_line_from_somewhere_is_found_alike_in_plain_and_compressed_files(
    log: Path, offset: int
):
    log.write_bytes(LINES)
    plain, packed = LogSource(str(log)), compressed(log, LINES)

    found = plain.line_from(offset)

    assert packed.line_from(offset) == found
    assert found == 0 or LINES[found - 1 : found] == b"\n"
    assert found <= offset + 1 or b"\n" not in LINES[offset : found - 1]
    plain.close()
    packed.close()
