import pytest

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.rate_limits import RateLimit, parse_rate_limit


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("100/60s", (100, 60.0)),
        (" 5/500ms ", (5, 0.5)),
        ("20/1 M", (20, 60.0)),
        ("1/1s", (1, 1.0)),
        ("1000000/1d", (1_000_000, 86400.0)),
    ],
)
def test_a_limit_is_a_number_in_a_time(text, limit):
    assert parse_rate_limit(text) == RateLimit(*limit)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("100", "invalid_rate_limit"),
        ("0/60s", "invalid_rate_limit"),
        ("9999999/60s", "invalid_rate_limit"),
        ("5/0s", "invalid_rate_limit"),
        ("five/60s", "invalid_rate_limit"),
        ("5/1.2.3s", "invalid_input"),
    ],
)
def test_anything_else_is_none(text, code):
    with pytest.raises(InvalidInput) as refusal:
        parse_rate_limit(text)

    assert refusal.value.code == code


def test_a_refusal_shows_how_a_limit_is_written():
    with pytest.raises(InvalidInput, match=r"^not a limit: often [(]examples: 100/60s, 20/10s[)]$"):
        parse_rate_limit("often")
