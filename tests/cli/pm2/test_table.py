import pytest

from pmdaemon.cli.pm2.table import blocks, size, table, uptime
from pmdaemon.cli.render.terminal import Terminal
from pmdaemon.config.pm2_shape import Places
from tests.support.views import a_view


def drawn(*views, columns=200):
    terminal = Terminal(columns=columns, colour=False, unicode=True, interactive=False)
    return table(views, terminal, about=lambda _: ("1.0.0", "root")).splitlines()


def test_columns_have_pm2s_widths():
    lines = drawn(a_view("web", detail=True))

    assert lines[1:] == [
        (
            "│ id │ name   │ namespace   │ version │ mode    │ pid      │ uptime │ ↺    "
            "│ status    │ cpu      │ mem      │ user     │ watching │"
        ),
        (
            "├────┼────────┼─────────────┼─────────┼─────────┼──────────┼────────┼──────┼───────────"
            "┼──────────┼──────────┼──────────┼──────────┤"
        ),
        (
            "│ 0  │ web    │ default     │ 1.0.0   │ fork    │ 1234     │ 2m     │ 0    "
            "│ online    │ 1.2%     │ 45.2mb   │ root     │ disabled │"
        ),
        lines[-1],
    ]


def test_what_is_down_uses_nothing():
    [row] = [
        line for line in drawn(a_view(detail=True, pid=None, state="stopped")) if "app" in line
    ]

    assert [cell.strip() for cell in row.split("│")][6:12] == [
        "0", "0", "0", "stopped", "0%", "0b",
    ]  # fmt: skip


def test_a_narrow_terminal_has_fewer_columns():
    assert "namespace" not in drawn(a_view(detail=True), columns=100)[1]
    assert "mode" not in drawn(a_view(detail=True), columns=60)[1]


def test_processes_stand_by_their_names():
    lines = drawn(a_view("b", detail=True), a_view("a", detail=True, pm_id=1))

    assert [line.split("│")[2].strip() for line in lines[3:5]] == ["a", "b"]


def test_an_empty_list_is_an_empty_table():
    assert len(drawn()) == 3


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0s"), (119, "119s"), (120, "2m"), (7199, "119m"), (7200, "2h"), (172800, "2D"),
     (5184000, "2M"), (63072000, "2Y")],
)  # fmt: skip
def test_a_larger_unit_is_taken_from_two_on(seconds, text):
    assert uptime(a_view(uptime=seconds)) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0b"), (1023, "1023b"), (1024, "1.0kb"), (13736346, "13.1mb"), (5 * 2**30, "5.0gb")],
)
def test_sizes(count, text):
    assert size(count) == text


def test_blocks_have_a_line_a_field():
    def places(_):
        return Places("/l/app-out.log", "/l/app-error.log", "/p/app-0.pid")

    [head, *lines] = blocks(
        [a_view(detail=True)], about=lambda _: ("1.2.3", "root"), places=places
    ).splitlines()

    assert head == "+--- app"
    assert dict(line.split(" : ") for line in lines) == {
        "namespace": "default", "version": "1.2.3", "pid": "1234", "pm2 id": "0",
        "status": "online", "mode": "fork", "restarted": "0", "uptime": "2m",
        "memory usage": "45.2mb", "error log": "/l/app-error.log", "watching": "no",
        "PID file": "/p/app-0.pid",
    }  # fmt: skip
