import os
from contextlib import ExitStack

import pytest

from pmdaemon.control.log_beginnings import (
    at_end,
    at_place,
    at_time,
    with_files,
    with_last_bytes,
    with_last_lines,
)
from pmdaemon.core.logs import Mark
from tests.support.log_files import compress, rotate


class Stream:
    """The files of one stream; each piece that is written came at a time."""

    def __init__(self, folder):
        self.path = folder / "app-0.out"
        self.times = folder / ".times"
        self.times.mkdir()
        self.path.touch()

    def write(self, text, at):
        mark = Mark(self.path.stat().st_size, int(at * 1e9))
        with self.path.open("ab") as file:
            file.write(text.encode())
        with (self.times / self.path.name).open("ab") as file:
            file.write(mark.encode())

    def rotate(self, *, compressed=False):
        rotate(self.path)
        if compressed:
            compress(self.path.with_name(f"{self.path.name}.1"))

    def begins(self, beginning):
        """Read what a beginning finds."""
        with ExitStack() as stack:
            sources, offset = beginning(str(self.path), stack)
            texts = [source.read(0, 1 << 20).decode() for source in sources]
        return "".join(texts)[offset:]


@pytest.fixture
def stream(tmp_path):
    return Stream(tmp_path)


def test_at_a_time_is_where_the_piece_before_it_began(stream):
    stream.write("one\n", 10)
    stream.write("two\n", 20)
    stream.write("three\n", 30)

    assert stream.begins(at_time(25)) == "two\nthree\n"
    assert stream.begins(at_time(30)) == "two\nthree\n"
    assert stream.begins(at_time(31)) == "three\n"
    assert stream.begins(at_time(5)) == "one\ntwo\nthree\n"


@pytest.mark.parametrize("compressed", [False, True])
def test_at_a_time_looks_into_older_files_as_far_as_need_be(stream, compressed):
    for number, text in enumerate(["one\n", "two\n", "three\n"]):
        stream.write(text, 10 * (number + 1))
        stream.rotate(compressed=compressed)
    stream.write("four\n", 40)

    assert stream.begins(at_time(45)) == "four\n"
    assert stream.begins(at_time(35)) == "three\nfour\n"
    assert stream.begins(at_time(5)) == "one\ntwo\nthree\nfour\n"


@pytest.mark.parametrize("compressed", [False, True])
def test_a_file_is_looked_into_whose_last_change_is_noted_as_of_the_latest_tick(stream, compressed):
    stream.write("one\n", 10.001)
    stream.write("two\n", 10.003)
    os.utime(stream.path, (10, 10))
    stream.rotate(compressed=compressed)
    stream.write("three\n", 10.004)

    assert stream.begins(at_time(10.003)) == "one\ntwo\nthree\n"


def test_files_without_times_count_by_their_last_change(stream):
    stream.path.write_text("old\n")
    now = stream.path.stat().st_mtime
    stream.rotate()
    stream.path.write_text("new\n")

    assert stream.begins(at_time(now - 100)) == "old\nnew\n"
    assert stream.begins(at_time(now + 100)) == "new\n"


def test_so_many_files_are_the_youngest(stream):
    for text in ("one\n", "two\n"):
        stream.path.write_text(text)
        stream.rotate()
    stream.path.write_text("three\n")

    assert stream.begins(with_files(1)) == "three\n"
    assert stream.begins(with_files(2)) == "two\nthree\n"
    assert stream.begins(with_files(100)) == "one\ntwo\nthree\n"


def test_so_many_lines_may_be_in_older_files(stream):
    stream.path.write_text("one\ntwo\n")
    stream.rotate()
    stream.path.write_text("three\nunfinished")

    assert stream.begins(with_last_lines(2)) == "two\nthree\nunfinished"
    assert stream.begins(with_last_lines(0)) == "unfinished"


def test_so_many_bytes_are_those_of_whole_lines(stream):
    stream.path.write_text("one\ntwo\n")
    stream.rotate()
    stream.path.write_text("three\nunfinished")

    assert stream.begins(with_last_bytes(100)) == "one\ntwo\nthree\nunfinished"
    assert stream.begins(with_last_bytes(20)) == "two\nthree\nunfinished"
    assert stream.begins(with_last_bytes(19)) == "three\nunfinished"
    assert stream.begins(with_last_bytes(15)) == "unfinished"
    assert stream.begins(with_last_bytes(5)) == ""
    assert stream.begins(with_last_bytes(0)) == ""


def test_nothing_written_is_nothing_to_begin_with(stream):
    stream.path.unlink()

    assert stream.begins(at_time(1)) == ""
    assert stream.begins(with_files(3)) == ""


def place_of(path):
    found = path.stat()
    return found.st_dev, found.st_ino


def test_who_comes_back_reads_on_where_the_file_is_by_now(stream):
    stream.write("one\ntwo\n", 10)
    place = place_of(stream.path)
    stream.rotate()
    stream.write("three\n", 20)

    assert stream.begins(at_place(place, 4)) == "two\nthree\n"
    assert stream.begins(at_place(place_of(stream.path), 6)) == ""


def test_what_was_emptied_or_is_another_file_is_all_new(stream):
    stream.write("one\n", 10)

    assert stream.begins(at_place(place_of(stream.path), 5)) == "one\n"
    assert stream.begins(at_place((0, 0), 3)) == "one\n"


def test_at_the_end_is_where_the_next_bytes_will_be(stream):
    assert stream.begins(at_end) == ""
    stream.write("one\n", 10)

    with ExitStack() as stack:
        [source], offset = at_end(str(stream.path), stack)
        assert offset == source.end == 4
    stream.path.unlink()
    assert stream.begins(at_end) == ""
