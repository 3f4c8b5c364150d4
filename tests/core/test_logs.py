import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmdaemon.core.logs import (
    LAST_BYTES,
    LAST_LINES,
    Mark,
    Marks,
    OutputStream,
    file_name,
    last_lines,
    mark_before,
    of_instance,
    rotated_path,
    rotation_due,
    times_path,
)

OUT, ERR = OutputStream.OUT, OutputStream.ERR

any_name = st.text(st.characters(), max_size=300)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("app", "app-0.out"),
        ("my_app-2.js", "my_app-2.js-0.out"),
        ("a/b", "a%2Fb-0.out"),
        ("../etc", "%2E.%2Fetc-0.out"),
        (".hidden", "%2Ehidden-0.out"),
        ("100%", "100%25-0.out"),
        ("a b\n\0", "a%20b%0A%00-0.out"),
        ("é", "%C3%A9-0.out"),
        ("🚀", "%F0%9F%9A%80-0.out"),
        ("\udc80", "%ED%B2%80-0.out"),
    ],
)
def test_a_name_becomes_a_file_name_that_is_harmless(name: str, expected: str):
    assert file_name(name, 0, OUT) == expected


def test_instances_and_streams_have_files_of_their_own():
    names = {file_name("app", instance, stream) for instance in (0, 1, 10) for stream in (OUT, ERR)}

    assert len(names) == 6
    assert "app-10.err" in names


@given(any_name)
def test_every_name_fits_into_a_file_name(name: str):
    made = file_name(name, 1_000_000, ERR)

    assert len(rotated_path(made, 1000).encode()) < 255
    assert "/" not in made
    assert not made.startswith(".")


@given(any_name, any_name)
def test_two_names_never_share_a_file(one: str, other: str):
    same = file_name(one, 0, OUT) == file_name(other, 0, OUT)

    assert same == (one == other)


def test_names_that_differ_only_after_the_cut_never_share_a_file():
    one, other = file_name("x" * 10_000, 0, OUT), file_name("x" * 10_001, 0, OUT)

    assert one != other
    # Files of programs that run out there have such names.
    assert one == "x" * 163 + "~e4ee97ec252749d2-0.out"


def test_a_name_of_the_longest_length_is_not_cut():
    assert file_name("x" * 180, 0, OUT) == "x" * 180 + "-0.out"
    assert "~" in file_name("x" * 181, 0, OUT)


@pytest.mark.parametrize(
    ("size", "ends_line", "due"),
    [
        (0, True, False),
        (99, True, False),
        (100, True, True),
        (199, False, False),
        (200, False, True),
    ],
)
def test_a_file_is_full_past_its_bound_at_a_line_end_or_at_twice_the_bound(
    size: int, ends_line: bool, due: bool
):
    assert rotation_due(size, 100, ends_line=ends_line) is due


def test_a_bound_of_zero_is_no_bound():
    assert not rotation_due(1 << 40, 0, ends_line=True)
    assert rotation_due(1, 1, ends_line=True)


def test_the_time_index_lies_in_a_folder_beside_the_output():
    assert times_path("/home/logs/app-0.out") == "/home/logs/.times/app-0.out"
    assert times_path("app-0.out") == ".times/app-0.out"
    assert times_path(rotated_path("/l/a", 3)) == "/l/.times/a.3"


def marks(*pairs: tuple[int, int]) -> Marks:
    return Marks(b"".join(Mark(*pair).encode() for pair in pairs))


def test_a_line_came_at_the_time_of_the_last_mark_before_it():
    index = marks((0, 1_500_000_000), (10, 2_000_000_000))

    times = [index.time_at(offset) for offset in (0, 9, 10, 1 << 50)]

    assert times == [1.5, 1.5, 2.0, 2.0]


def test_of_two_marks_at_one_offset_the_later_holds():
    assert marks((0, 0), (5, 10**9), (5, 2 * 10**9)).time_at(5) == 2.0


def test_what_came_before_the_first_mark_has_no_time():
    assert marks((5, 10**9)).time_at(4) is None
    assert marks().time_at(0) is None


def test_a_mark_is_found_wherever_the_marks_are_kept():
    table = [Mark(5, 1), Mark(10, 2)]

    assert [mark_before(table, offset) for offset in (4, 5, 9, 10)] == [-1, 0, 0, 1]


def test_a_torn_mark_at_the_end_is_left_out():
    torn = Marks(Mark(7, 8).encode() + b"torn")

    assert list(torn) == [Mark(7, 8)]


@given(st.binary(max_size=200), st.integers(min_value=0, max_value=2**64))
def test_a_damaged_index_only_loses_times(garbage: bytes, offset: int):
    found = Marks(garbage).time_at(offset)

    assert found is None or found >= 0


@pytest.mark.parametrize(
    ("path", "instance", "named"),
    [
        ("/var/log/app.log", 0, "/var/log/app.log"),
        ("/var/log/app.log", 3, "/var/log/app-3.log"),
        ("/var/log/app.err.log", 3, "/var/log/app.err-3.log"),
        ("/var/log.d/app", 1, "/var/log.d/app-1"),
        ("/var/.hidden", 1, "/var/.hidden-1"),
        ("/dev/null", 1, "/dev/null"),
    ],
)
def test_an_instance_has_a_file_of_its_own(path, instance, named):
    assert of_instance(path, instance) == named


@pytest.mark.parametrize(
    ("data", "whole", "lines"),
    [
        (b"one\ntwo\n", True, ("one", "two")),
        (b"cut\none\ntwo\n", False, ("one", "two")),
        (b"only", False, ("only",)),
        (b"one\n\n  \ntwo", True, ("one", "two")),
        (b"\xff\n", True, ("\\xff",)),
        (b"", True, ()),
    ],
)
def test_the_last_lines_are_whole_ones_with_something_in_them(data, whole, lines):
    assert last_lines(data, whole=whole) == lines


def test_no_more_is_taken_than_there_is_room_for():
    many = b"".join(b"line %d\n" % number for number in range(1000))

    found = last_lines(many, whole=True)

    assert len(found) == LAST_LINES
    assert found[-1] == "line 999"
    # Of what is longer, the first line may have been cut.
    long = b"x" * LAST_BYTES + b"\nend"
    assert last_lines(long, whole=True) == ("end",)
    assert last_lines(b"y" + b"x" * (LAST_BYTES - 5) + b"\nend", whole=True)[-2:][-1] == "end"
    assert len(last_lines(b"x" * (LAST_BYTES - 4) + b"\nend", whole=True)) == 2


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 2**40)), max_size=20),
    st.integers(0, 51),
)
def test_every_place_has_the_time_of_the_last_mark_at_or_before_it(pairs, place):
    rows = sorted((Mark(*pair) for pair in pairs), key=lambda mark: mark.offset)
    index = marks(*rows)

    before = [mark for mark in rows if mark.offset <= place]
    assert index.time_at(place) == (before[-1].time_ns / 1e9 if before else None)
    assert mark_before(index, place) == len(before) - 1
