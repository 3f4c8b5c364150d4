import re
import time
from datetime import datetime

import pytest

from pmdaemon.cli.moments import parse_moment
from pmdaemon.core.errors import InvalidInput

NOW = datetime.fromisoformat("2026-11-22T09:30:00").timestamp()


def local(*parts):
    return datetime(*parts).timestamp()  # noqa: DTZ001 - local time is what is typed


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", NOW),
        ("10m", NOW - 600),
        ("1.5h ago", NOW - 5400),
        ("2 d", NOW - 2 * 86400),
        ("1W", NOW - 7 * 86400),
        ("500ms", NOW - 0.5),
        ("@1700000000.5", 1700000000.5),
        ("09:15", local(2026, 11, 22, 9, 15)),
        ("9:30:00", NOW),
        ("23:15:01", local(2026, 11, 21, 23, 15, 1)),
        ("2026-11-21", local(2026, 11, 21)),
        (" 2026-11-21 10:20 ", local(2026, 11, 21, 10, 20)),
        ("2026-11-21T10:20:30Z", 1795256430.0),
    ],
)
def test_a_moment_is_read(text, moment):
    assert parse_moment(text, now=NOW) == moment


def test_now_is_now():
    assert abs(parse_moment("now") - time.time()) < 60


@pytest.mark.parametrize(
    "text", ["", "yesterday", "25:00", "10", "-5m", "2026-13-01", "@", "@nan", "@1e300", "9" * 400]
)
def test_what_is_no_moment_is_refused_with_examples(text):
    with pytest.raises(InvalidInput, match=re.escape("(examples: 10m, 2h, 09:30")):
        parse_moment(text, now=NOW)
