import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmdaemon.config.due_times import cron, time_zone
from pmdaemon.core.errors import InvalidInput


@pytest.mark.parametrize(
    ("value", "expression"),
    [
        ("*/5 * * * *", "*/5 * * * *"),
        (" 0 3 * * MON-FRI ", "0 3 * * MON-FRI"),
        ("*/10 * * * * *", "*/10 * * * * *"),
        ("0 0 L * *", "0 0 L * *"),
        ("@daily", "0 0 * * *"),
        ("@Hourly", "0 * * * *"),
        (0, None),
        ("0", None),
        (False, None),
    ],
)
def test_cron_expressions_are_read(value, expression):
    assert cron(value) == expression


@pytest.mark.parametrize(
    "value",
    ["", "x", "61 * * * *", "* * *", "@reboot", "0 0 31 2 *", 5, ["* * * * *"], "* * * * * * *"],
)
def test_cron_nonsense_is_refused(value):
    with pytest.raises(InvalidInput, match=r"^(not |it is empty)"):
        cron(value)


def test_a_time_zone_is_one_that_there_is():
    assert time_zone("Europe/Berlin") == "Europe/Berlin"
    assert time_zone("UTC") == "UTC"


@pytest.mark.parametrize("value", ["Mars/Base", "../etc/passwd", "/etc/passwd", "", "a\0b", 7])
def test_another_word_is_no_time_zone(value):
    with pytest.raises(InvalidInput):
        time_zone(value)


@given(st.text("0123456789*/,-LW#? MONFRIJANDEC@", max_size=25))
def test_whatever_is_typed_is_a_cron_expression_or_refused(text):
    try:
        expression = cron(text)
    except InvalidInput:
        return
    assert expression is None or len(expression.split()) in {5, 6}
