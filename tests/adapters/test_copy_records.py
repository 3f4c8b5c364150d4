import os

import pytest

from pmdaemon.adapters.copy_records import FOLDER, CopyRecord, Place, settle_all

BEFORE, AFTER = Place(1, 2, 3), Place(1, 2, 30)


@pytest.fixture
def target(tmp_path):
    path = tmp_path / "copy.log"
    path.write_bytes(b"there already\n")
    return path


@pytest.fixture
def record(tmp_path, target):
    return CopyRecord(str(tmp_path / "logs" / "web-0.out"), str(target))


def logs(tmp_path):
    return str(tmp_path / "logs")


def test_a_copy_that_never_began_has_no_place(record):
    assert record.place() is None


def test_a_place_is_remembered_and_forgotten(record):
    record.settle(AFTER)
    assert record.place() == AFTER

    record.remove()
    record.remove()
    assert record.place() is None


def test_two_copies_of_one_stream_have_records_of_their_own(tmp_path, record):
    record.settle(AFTER)

    assert CopyRecord(str(tmp_path / "logs" / "web-0.out"), "/elsewhere").place() is None


@pytest.mark.parametrize(
    ("written", "place"),
    [(b"", BEFORE), (b"half", BEFORE), (b"whole piece\n", AFTER), (b"whole piece\nmore", AFTER)],
)
def test_a_piece_counts_when_it_is_there_as_a_whole(tmp_path, record, target, written, place):
    record.begin(BEFORE, AFTER, target.stat(), len(b"whole piece\n"))
    with target.open("ab") as file:
        file.write(written)

    settle_all(logs(tmp_path))

    assert record.place() == place
    left = b"" if place is BEFORE else written
    assert target.read_bytes() == b"there already\n" + left


def test_a_copy_that_was_moved_away_or_emptied_is_not_cut(tmp_path, record, target):
    record.begin(BEFORE, AFTER, target.stat(), 10)
    target.rename(tmp_path / "rotated")
    settle_all(logs(tmp_path))
    assert record.place() == AFTER

    target.write_bytes(b"new")
    record.begin(AFTER, BEFORE, os.stat(tmp_path / "rotated"), 10)
    settle_all(logs(tmp_path))
    assert record.place() == BEFORE
    assert target.read_bytes() == b"new"


def test_a_record_that_is_none_counts_for_nothing(tmp_path, record):
    record.settle(AFTER)
    [path] = (tmp_path / "logs" / FOLDER).iterdir()
    path.write_bytes(b"torn")

    settle_all(logs(tmp_path))

    assert record.place() is None


def test_without_copies_there_is_nothing_to_settle(tmp_path):
    settle_all(str(tmp_path / "nowhere"))
