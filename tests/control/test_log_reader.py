import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmdaemon.control.log_reader import (
    LONGEST,
    ByteFollower,
    Follower,
    LogLine,
    count_lines,
    merge,
    tail,
)
from pmdaemon.control.log_sources import LogSource
from pmdaemon.core.logs import Mark, OutputStream
from tests.support.log_files import append, compress, rotate, texts


@pytest.fixture
def follower(log: Path) -> Iterator[Follower]:
    log.touch()
    follower = Follower(str(log))
    yield follower
    follower.close()


def read_all(follower: Follower) -> list[str]:
    found = []
    while lines := follower.read_new():
        found += texts(lines)
    return found


def test_the_last_lines_come_in_their_order(log: Path):
    log.write_bytes(b"one\ntwo\nthree\n")

    assert texts(tail(str(log), 2)) == ["two", "three"]
    assert texts(tail(str(log), 3)) == ["one", "two", "three"]
    assert texts(tail(str(log), 100)) == ["one", "two", "three"]
    assert tail(str(log), 0) == []


def test_an_unfinished_line_at_the_end_counts(log: Path):
    log.write_bytes(b"one\ntwo\n>")

    assert texts(tail(str(log), 1)) == [">"]
    assert texts(tail(str(log), 2)) == ["two", ">"]
    assert count_lines(str(log)) == 3


def test_empty_lines_are_lines(log: Path):
    log.write_bytes(b"\n\n\n")

    assert texts(tail(str(log), 2)) == ["", ""]
    assert count_lines(str(log)) == 3


def test_there_is_nothing_in_an_empty_or_missing_file(log: Path):
    assert tail(str(log), 5) == []
    assert count_lines(str(log)) == 0

    log.touch()

    assert tail(str(log), 5) == []
    assert count_lines(str(log)) == 0


def test_the_rotated_files_and_the_current_one_are_one_stream(log: Path):
    Path(f"{log}.2").write_bytes(b"a\nb\nc")
    Path(f"{log}.1").write_bytes(b"c\nd\n")
    log.write_bytes(b"")

    assert texts(tail(str(log), 9)) == ["a", "b", "cc", "d"]
    assert texts(tail(str(log), 2)) == ["cc", "d"]
    assert count_lines(str(log)) == 4


def test_lines_know_their_stream_and_time(log: Path):
    log.write_bytes(b"early\nlate\nlater\n")
    marks = Mark(0, 1_000_000_000), Mark(6, 2_500_000_000)
    (log.parent / ".times" / log.name).write_bytes(b"".join(mark.encode() for mark in marks))

    lines = tail(str(log), 3, stream=OutputStream.ERR)

    assert lines == [
        LogLine(OutputStream.ERR, 1.0, "early"),
        LogLine(OutputStream.ERR, 2.5, "late"),
        LogLine(OutputStream.ERR, 2.5, "later"),
    ]


def test_bytes_that_are_not_text_are_replaced(log: Path):
    log.write_bytes(b"caf\xe9\n\x00\n")

    assert texts(tail(str(log), 2)) == ["caf\ufffd", "\x00"]


def test_of_a_very_long_line_the_beginning_is_kept_and_the_rest_is_counted(log: Path):
    log.write_bytes(b"x" * (LONGEST + 1000) + b"\nshort\n")

    long, short = texts(tail(str(log), 2))

    assert long == "x" * LONGEST + " [... 1000 more bytes]"
    assert short == "short"


def test_a_line_of_exactly_the_longest_length_is_whole(log: Path):
    log.write_bytes(b"x" * LONGEST + b"\n")

    assert texts(tail(str(log), 1)) == ["x" * LONGEST]


@given(st.lists(st.binary(max_size=40), max_size=6), st.integers(0, 8))
def test_a_tail_is_what_splitting_the_whole_stream_gives(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], lines: int
):
    log = tmp_path_factory.mktemp("logs") / "app-0.out"
    stream = b"\n".join(piece.replace(b"a", b"\n") for piece in pieces)
    for number, piece in enumerate((stream[20:], stream[10:20], stream[:10])):
        Path(f"{log}.{number}" if number else log).write_bytes(piece)

    expected = stream.decode("utf-8", "replace").split("\n")
    expected = expected if expected[-1] else expected[:-1]

    assert texts(tail(str(log), lines)) == (expected[-lines:] if lines else [])
    assert count_lines(str(log)) == len(expected)


def test_lines_longer_than_a_chunk_do_not_confuse_the_tail(log: Path):
    lines = [b"%d:" % number + b"y" * 50_000 for number in range(10)]
    log.write_bytes(b"\n".join(lines) + b"\n")

    assert texts(tail(str(log), 4)) == [line.decode() for line in lines[-4:]]


def test_several_streams_are_merged_by_time():
    one = [LogLine(OutputStream.OUT, at, f"out {at}") for at in (1.0, 3.0)]
    other = [LogLine(OutputStream.ERR, at, f"err {at}") for at in (2.0, 4.0)]

    assert [line.time for line in merge([one, other])] == [1.0, 2.0, 3.0, 4.0]


def test_merging_never_changes_the_order_within_a_stream():
    set_back = [LogLine(OutputStream.OUT, at, str(at)) for at in (5.0, 1.0, None, 6.0)]
    other = [LogLine(OutputStream.ERR, 5.5, "x")]

    assert texts(merge([set_back, other])) == ["5.0", "1.0", "None", "x", "6.0"]


def test_a_follower_reads_what_comes_and_nothing_before(log: Path):
    log.write_bytes(b"old\n")
    follower = Follower(str(log))

    append(log, b"one\ntwo\n")

    assert texts(follower.read_new()) == ["one", "two"]
    assert follower.read_new() == []
    follower.close()


def test_a_follower_can_begin_with_the_last_lines(log: Path):
    Path(f"{log}.1").write_bytes(b"a\nb\n")
    log.write_bytes(b"c\nunfin")
    follower = Follower(str(log), backlog=2)

    first = texts(follower.read_new())
    append(log, b"ished\n")

    assert first == ["b", "c"]
    assert texts(follower.read_new()) == ["unfinished"]
    follower.close()


def test_an_unfinished_line_is_held_back_until_its_newline_comes(log: Path, follower: Follower):
    append(log, b"hel")
    before = follower.read_new()

    append(log, b"lo\nworld")

    assert before == []
    assert texts(follower.read_new()) == ["hello"]


def test_a_follower_waits_for_a_file_that_is_not_there_yet(log: Path):
    follower = Follower(str(log))
    before = follower.read_new()

    append(log, b"first\n")

    assert before == []
    assert texts(follower.read_new()) == ["first"]
    follower.close()


def test_a_follower_finishes_a_rotated_file_and_goes_on(log: Path, follower: Follower):
    append(log, b"one\ntw")
    first = texts(follower.read_new())
    append(log, b"o\nth")

    rotate(log)
    append(log, b"ree\n")
    rotate(log)
    append(log, b"four\n")

    assert first == ["one"]
    assert texts(follower.read_new()) == ["two", "three", "four"]


def test_a_line_written_just_before_a_rotation_is_not_missed(
    log: Path, follower: Follower, monkeypatch: pytest.MonkeyPatch
):
    is_at = LogSource.is_at

    def is_at_after_a_rotation(source: LogSource, path: str) -> bool:
        monkeypatch.undo()
        append(log, b"at the last moment\n")
        rotate(log)
        return is_at(source, path)

    monkeypatch.setattr(LogSource, "is_at", is_at_after_a_rotation)

    assert texts(follower.read_new()) == ["at the last moment"]


def test_a_follower_waits_while_a_rotation_is_half_done(log: Path, follower: Follower):
    append(log, b"one\n")
    log.rename(f"{log}.1")
    half = texts(follower.read_new())

    append(log, b"two\n")

    assert half == ["one"]
    assert texts(follower.read_new()) == ["two"]


def test_a_follower_that_was_left_behind_goes_on_with_the_oldest_there_is(
    log: Path, follower: Follower
):
    append(log, b"one\n")
    read_all(follower)

    for text in (b"lost\n", b"two\n", b"three\n"):
        rotate(log, keep=1)
        os.utime(log, ns=(1, 2**62))  # written later than what was read, whatever the clock's grain
        append(log, text)
        os.utime(log, ns=(1, 2**62))

    assert read_all(follower) == ["two", "three"]


def test_a_follower_does_not_go_back_when_its_file_is_deleted(log: Path):
    Path(f"{log}.1").write_bytes(b"old\n")
    os.utime(f"{log}.1", ns=(1, 1))
    log.write_bytes(b"one\n")
    follower = Follower(str(log))

    log.unlink()
    append(log, b"two\n")

    assert read_all(follower) == ["two"]
    follower.close()


def test_a_follower_begins_anew_in_a_file_that_was_emptied(log: Path, follower: Follower):
    append(log, b"one\nunfinished")
    read_all(follower)

    os.truncate(log, 0)
    append(log, b"two\n")

    assert read_all(follower) == ["two"]


def test_a_follower_takes_much_in_batches_and_loses_nothing(log: Path, follower: Follower):
    expected = [f"line {number}" for number in range(300_000)]
    append(log, "".join(f"{line}\n" for line in expected).encode())

    first = texts(follower.read_new())

    assert len(first) < len(expected)
    assert first + read_all(follower) == expected


def test_a_line_that_never_ends_takes_no_memory(log: Path, follower: Follower):
    for _ in range(5):
        append(log, b"x" * 1024 * 1024)
        assert follower.read_new() == []

    append(log, b"\n")

    (line,) = follower.read_new()
    assert line.text.endswith(f"[... {5 * 1024 * 1024 - LONGEST} more bytes]")


def test_reading_output_loads_nothing_heavy():
    script = "import sys; import pmdaemon.control.log_reader; print('\\n'.join(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()

    assert not {"asyncio", "hashlib", "pathlib", "socket", "psutil", "typing_extensions"} & (
        set(loaded) - set(sys.builtin_module_names) - {"site"}
    )


def test_bytes_are_handed_out_as_they_are_across_rotation(log: Path):
    append(log, b"before\n\xffno newline")
    follower = ByteFollower(str(log))
    rotate(log)
    append(log, b" yet\0" + b"x" * LONGEST + b"\n")

    read = b"".join(iter(lambda: b"".join(follower.read_new()), b""))

    assert read == b"\xffno newline yet\0" + b"x" * LONGEST + b"\n"
    follower.close()


def test_bytes_can_be_read_from_the_very_beginning(log: Path):
    append(log, b"one\n")
    rotate(log)
    append(log, b"two\n")

    follower = ByteFollower(str(log), backlog=sys.maxsize)

    assert b"".join(follower.read_new()) == b"one\ntwo\n"


def test_the_last_lines_reach_back_into_compressed_files(log: Path):
    Path(f"{log}.2").write_bytes(b"a\nb\nc")
    compress(Path(f"{log}.2"))
    Path(f"{log}.1").write_bytes(b"c\nd\n")
    log.write_bytes(b"")

    assert texts(tail(str(log), 9)) == ["a", "b", "cc", "d"]
    assert texts(tail(str(log), 3)) == ["b", "cc", "d"]
    assert count_lines(str(log)) == 4


def test_lines_are_counted_alike_when_all_files_are_compressed(log: Path):
    Path(f"{log}.2").write_bytes(b"a\nb\nunfinished")
    compress(Path(f"{log}.2"))
    log.write_bytes(b"")

    assert count_lines(str(log)) == 3


def test_a_follower_goes_on_from_a_file_that_was_compressed_under_it(log: Path, follower: Follower):
    append(log, b"one\nunfini")
    assert read_all(follower) == ["one"]

    rotate(log)
    append(log, b"shed\n")
    rotate(log)
    compress(Path(f"{log}.2"))
    append(log, b"three\n")

    assert read_all(follower) == ["unfinished", "three"]


def test_a_follower_can_begin_in_a_compressed_file(log: Path):
    Path(f"{log}.2").write_bytes(b"a\nb\n")
    compress(Path(f"{log}.2"))
    Path(f"{log}.1").write_bytes(b"c\n")
    log.write_bytes(b"d\n")
    follower = Follower(str(log), backlog=3)

    Path(f"{log}.2.gz").rename(f"{log}.3.gz")
    rotate(log)
    append(log, b"e\n")

    assert read_all(follower) == ["b", "c", "d", "e"]
    follower.close()


def test_what_was_removed_before_it_was_read_is_counted(log: Path):
    log.write_bytes(b"one\n")
    follower = Follower(str(log))
    append(log, b"two\n")
    for number in range(4):
        rotate(log, keep=2)
        append(log, b"%d\n" % number)

    assert read_all(follower)[-1] == "3"
    assert follower.gaps == 1
    follower.close()


def test_a_flush_is_a_gap(log: Path, follower: Follower):
    append(log, b"one\ntwo\n")
    assert read_all(follower) == ["one", "two"]

    log.write_bytes(b"new\n")

    assert read_all(follower) == ["new"]
    assert follower.gaps == 1
