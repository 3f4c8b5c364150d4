import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.quantities import (
    LARGEST_SIZE,
    LONGEST_DURATION,
    format_duration,
    format_size,
    format_uptime,
    format_uptime_long,
    parse_duration,
    parse_size,
)

JUNK = ["", " ", "x", "1X", "1 2", "--1", "-1", "1e3", "٣", "1..2", "nan", "inf", "0x10", "1s2"]
NO_NUMBERS = [None, True, False, [], {}, math.nan, math.inf, -math.inf, -1, -0.5, 10**40, 10**400]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (500, 0.5),
        (1.5, 0.002),
        ("500", 0.5),
        ("500ms", 0.5),
        ("3s", 3.0),
        (" 3 s ", 3.0),
        ("3S", 3.0),
        ("2m", 120.0),
        ("1h", 3600.0),
        ("1.5h", 5400.0),
        (".5s", 0.5),
        ("1d", 86400.0),
        (0, 0.0),
        ("0", 0.0),
    ],
)
def test_a_duration_is_read_as_seconds(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "size"),
    [
        (1048576, 1048576),
        ("1048576", 1048576),
        ("150M", 150 * 1024**2),
        ("1.5G", 1536 * 1024**2),
        ("512MB", 512 * 1024**2),
        ("300mb", 300 * 1024**2),
        ("10KiB", 10240),
        ("1 TB", 1024**4),
        ("7b", 7),
        (1e3, 1000),
        (0, 0),
        (str(LARGEST_SIZE), LARGEST_SIZE),
    ],
)
def test_a_size_is_read_as_bytes_by_powers_of_1024(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("value", [*JUNK, *NO_NUMBERS, "36501d", "9" * 5000, "9" * 400 + "d"])
def test_what_is_no_duration_is_refused(value):
    with pytest.raises(InvalidInput, match=r"^not a duration: .* \(examples: 500ms, 3s, 2m\)$"):
        parse_duration(value)


@pytest.mark.parametrize(
    "value", [*JUNK, *NO_NUMBERS, "3s", "9" * 5000, "9E", str(2**63), "8388608T"]
)
def test_what_is_no_size_is_refused(value):
    with pytest.raises(InvalidInput, match=r"^not a size: .* \(examples: 150M, 1.5G\)$"):
        parse_size(value)


def test_a_refusal_names_the_value():
    with pytest.raises(InvalidInput) as refusal:
        parse_size("1X")

    assert refusal.value.message == "not a size: 1X (examples: 150M, 1.5G)"
    assert (refusal.value.code, refusal.value.details) == ("invalid_input", {"value": "1X"})
    with pytest.raises(InvalidInput) as refusal:
        parse_duration("1X")
    assert refusal.value.message == "not a duration: 1X (examples: 500ms, 3s, 2m)"
    assert refusal.value.details == {"value": "1X"}


@given(st.integers(0, int(LONGEST_DURATION) * 1000))
@example(10**9)
@example(10**9 - 1000)
@example(int(LONGEST_DURATION) * 1000)
def test_a_duration_survives_being_written(milliseconds):
    seconds = parse_duration(milliseconds)

    assert parse_duration(format_duration(seconds)) == seconds


@given(st.text() | st.floats() | st.integers())
def test_whatever_is_read_is_within_bounds_or_refused(value):
    for parse, largest in ((parse_duration, LONGEST_DURATION), (parse_size, LARGEST_SIZE)):
        try:
            result = parse(value)
        except InvalidInput:
            continue
        assert 0 <= result <= largest


@pytest.mark.parametrize(("seconds", "text"), [(1.6, "1.6s"), (3.0, "3s"), (0.0, "0s")])
def test_a_duration_is_written_short(seconds, text):
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KB"),
        (47448064, "45.2 MB"),
        (1024**2 - 1, "1.0 MB"),
        (1024**3 - 1, "1.0 GB"),
        (5 * 1024**4, "5.0 TB"),
        (5000 * 1024**4, "5000.0 TB"),
    ],
)
def test_a_size_is_written_with_one_decimal(size, text):
    assert format_size(size) == text


@pytest.mark.parametrize(
    ("seconds", "short", "long"),
    [
        (0.9, "0s", "0s"),
        (-5.0, "0s", "0s"),
        (12.0, "12s", "12s"),
        (60.0, "1m", "1m 0s"),
        (3599.9, "59m", "59m 59s"),
        (8130.0, "2h", "2h 15m 30s"),
        (477_005.0, "5d", "5d 12h 30m"),
        (86400.0, "1d", "1d 0h 0m"),
    ],
)
def test_an_uptime_is_written_in_its_largest_units(seconds, short, long):
    assert format_uptime(seconds) == short
    assert format_uptime_long(seconds) == long


def test_the_largest_size_is_one_and_the_next_is_none():
    assert parse_size(LARGEST_SIZE) == LARGEST_SIZE
    with pytest.raises(InvalidInput):
        parse_size(LARGEST_SIZE + 1)
