from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmdaemon.core.date_formats import format_moment, is_date_format
from pmdaemon.core.logs import TIME_FORMAT

AT = datetime(2026, 3, 5, 14, 7, 9, 61500, timezone(timedelta(hours=5, minutes=30)))
MIDNIGHT = AT.replace(hour=0)


@pytest.mark.parametrize(
    ("pattern", "worded"),
    [
        (TIME_FORMAT, "2026-03-05T14:07:09"),
        ("YYYY-MM-DD HH:mm:ss.SSS Z", "2026-03-05 14:07:09.061 +05:30"),
        ("YYYY-MM-DD-HH:mm:ss", "2026-03-05-14:07:09"),
        ("D/M/YY H:m:s ZZ", "5/3/26 14:7:9 +0530"),
        ("dddd ddd dd d, MMMM MMM", "Thursday Thu Th 4, March Mar"),
        ("hh:mm A h a", "02:07 PM 2 pm"),
        ("[at] HH [HH]", "at 14 HH"),
        ("X", "1772699829"),
        ("x", "1772699829061"),
        ("%d.%m.%Y %H:%M", "05.03.2026 14:07"),
        ("", ""),
        ("--", "--"),
    ],
)
def test_a_moment_is_worded_by_its_format(pattern, worded):
    assert format_moment(pattern, AT) == worded


def test_midnight_is_twelve_on_a_clock_of_twelve_hours():
    assert format_moment("hh:mm a", MIDNIGHT) == "12:07 am"


@given(st.integers(0, 999))
@settings(max_examples=50)
def test_milliseconds_since_the_epoch_end_in_those_of_the_second(milliseconds):
    at = AT.replace(year=2039, microsecond=1000 * milliseconds)

    assert format_moment("x", at) == format_moment("XSSS", at)


@pytest.mark.parametrize(
    "text", ["YYYY-MM-DD", "YY/MM", "DD.", "HH:mm", "%H:%M", "x", "X", "hh:", "mm:ss", "ss.SSS"]
)
def test_a_format_is_known_as_one(text):
    assert is_date_format(text)


@pytest.mark.parametrize("text", ["web", "0", "all", "", "api-server", "/regex/", "Mm"])
def test_a_name_is_no_format(text):
    assert not is_date_format(text)
