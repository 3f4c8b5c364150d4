import pytest

from pmdaemon.cli.render.gateway import request_line, services_table
from pmdaemon.cli.render.terminal import Terminal
from tests.cli.commands.test_proxy import SERVICE
from tests.cli.commands.test_requests import REQUEST

PLAIN = Terminal(columns=120, unicode=True, colour=False, interactive=False)


@pytest.mark.parametrize(
    ("changes", "declared_by"),
    [
        ({"declared": True}, "its app"),
        ({"source": "/srv/shop/prox.yaml"}, "prox.yaml"),
        ({"source": None}, ""),
    ],
)
def test_a_service_is_shown_with_what_it_goes_with(changes, declared_by):
    service = {**SERVICE, "declared": False, **changes}

    rows = services_table([service], PLAIN).splitlines()

    cells = [[cell.strip() for cell in row.split("│")] for row in rows if "│" in row]
    assert cells[0][-2] == "declared by"
    assert cells[1][-2] == declared_by


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
