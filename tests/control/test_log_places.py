from pathlib import Path

import pytest

from pmdaemon.control.log_beginnings import with_last_lines
from pmdaemon.control.log_places import BehindPlace, Place
from pmdaemon.control.log_reader import Follower, tail
from tests.support.log_files import append, compress, rotate, texts


def read_all(follower: Follower) -> list[str]:
    found = []
    while lines := follower.read_new():
        found += texts(lines)
    follower.close()
    return found


def placed(log: Path, backlog: int = 0) -> Follower:
    return Follower(str(log), backlog=backlog, placed=True)


def places(log: Path) -> list[Place]:
    follower = placed(log, backlog=1000)
    found = [line.place for line in follower.read_new() if line.place is not None]
    follower.close()
    return found


def read_behind(log: Path, place: Place) -> tuple[list[str], bool]:
    beginning = BehindPlace(place, with_last_lines(0))
    found = read_all(Follower(str(log), beginning=beginning))
    return found, beginning.lost


LONG = b"x" * 100_000


@pytest.mark.parametrize(
    "lines", [b"one\ntwo\nthree\n", b"\n\n\n", b"%b\n%b\nend\n" % (LONG, LONG)]
)
def test_reading_goes_on_behind_any_line(log: Path, lines: bytes):
    log.write_bytes(lines)
    everything = texts(tail(str(log), 3))

    for number, place in enumerate(places(log), 1):
        assert read_behind(log, place) == (everything[number:], False)


def test_reading_goes_on_through_rotation_and_compression(log: Path):
    log.write_bytes(b"one\ntwo\n")
    first, _ = places(log)
    append(log, b"three\n")
    rotate(log)
    append(log, b"four\n")

    assert read_behind(log, first) == (["two", "three", "four"], False)

    rotate(log)
    compress(Path(f"{log}.2"))
    append(log, b"five\n")
    behind_four = placed(log, backlog=2).read_new()[0].place
    assert behind_four is not None
    assert read_behind(log, behind_four) == (["five"], False)


def test_a_place_in_a_compressed_file_is_found_again(log: Path):
    log.write_bytes(b"one\ntwo\nthree\n")
    rotate(log)
    rotate(log)
    compress(Path(f"{log}.2"))

    _, second, _ = places(log)

    assert read_behind(log, second) == (["three"], False)


def test_a_place_that_is_gone_is_a_gap(log: Path):
    log.write_bytes(b"one\ntwo\n")
    first, _ = places(log)

    log.write_bytes(b"")

    assert read_behind(log, first) == ([], True)


def test_another_file_with_the_same_inode_is_not_taken_for_the_one_that_was(log: Path):
    log.write_bytes(b"one\ntwo\n")
    first, _ = places(log)

    log.write_bytes(b"uno\ndue\n")

    assert read_behind(log, first)[1]


def test_a_follower_that_has_read_nothing_yet_knows_its_place(log: Path):
    log.write_bytes(b"one\ntwo\n")
    follower = placed(log)
    place = follower.beginning
    follower.close()
    append(log, b"three\n")

    assert place is not None
    assert read_behind(log, place) == (["three"], False)
    log.unlink()
    assert placed(log).beginning is None
