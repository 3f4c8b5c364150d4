import pytest

from pmdaemon.cli.render.gateway import request_line
from pmdaemon.cli.render.terminal import Terminal
from tests.cli.commands.test_requests import REQUEST

PLAIN = Terminal(columns=100, unicode=True, colour=False, interactive=False)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "200    12.3 ms"),
        ({"status": None, "seconds": None}, "...  in flight"),
        ({"status": None, "seconds": None, "stale": True}, "...      stale"),
        ({"aborted": True}, "200 broken"),
        ({"url": "/\x1b[2J"}, "\\x1b"),
    ],
)
def test_a_request_is_worded_on_one_line(changes, text):
    line = request_line({**REQUEST, **changes}, PLAIN)

    assert text in line
    assert "\n" not in line
