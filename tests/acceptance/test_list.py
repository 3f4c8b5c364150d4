"""`list`: a table for people, JSON for programs."""

import json
import os
import re
import subprocess

import pytest

from tests.acceptance.conftest import FOREVER
from tests.support.running import is_alive
from tests.support.terminals import on_a_terminal, rest_of

pytestmark = pytest.mark.shared_home

ESCAPE = "\x1b["


@pytest.fixture
def programs(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "web", "-i", "2", "--namespace", "shop")
    pmdaemon.run("start", FOREVER, "--name", "a-program-with-quite-a-long-name")
    pmdaemon.run("stop", "web:1")


def rows(table):
    """Read a table back: a dictionary for each row, by the titles."""
    lines = [line for line in table.splitlines() if line.startswith("│")]
    titles, *cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]
    return [dict(zip(titles, row, strict=True)) for row in cells]


@pytest.mark.usefixtures("programs")
def test_the_table_shows_what_runs(pmdaemon):
    shown = rows(pmdaemon.run("list").out)

    assert [(row["id"], row["name"], row["status"]) for row in shown] == [
        ("2", "a-program-with-quite-a-long-name", "online"),
        ("0", "web:0", "online"),
        ("1", "web:1", "stopped"),
    ]
    assert [row["namespace"] for row in shown] == ["default", "shop", "shop"]
    assert is_alive(int(shown[1]["pid"]))
    assert (shown[2]["pid"], shown[2]["mem"], shown[2]["uptime"]) == ("-", "-", "-")


def test_an_empty_list_is_a_table_of_nothing(pmdaemon):
    assert rows(pmdaemon.run("list").out) == []
    assert pmdaemon.run("list", "--json").out == "[]\n"


@pytest.mark.parametrize("alias", ["ls", "l", "ps", "status"])
def test_the_list_has_the_names_that_people_type(pmdaemon, alias):
    assert pmdaemon.run(alias, "--json").json == []


@pytest.mark.usefixtures("programs")
def test_what_a_machine_reads_has_all_of_it(pmdaemon):
    # What has only just been executed uses so little that Linux rounds it down to nothing.
    pmdaemon.when("web", lambda process: process["memory"] > 0)

    [web, *_] = pmdaemon.run("list", "--json").json

    assert (web["name"], web["namespace"], web["instance"], web["pm_id"]) == ("web", "shop", 0, 0)
    assert (web["state"], web["wish"], web["restarts"]) == ("online", "up", 0)
    assert web["uptime"] > 0
    assert web["memory"] > 0


@pytest.mark.usefixtures("programs")
def test_a_pipe_gets_no_colours_and_nothing_is_cut(pmdaemon):
    environment = {"NO_COLOR": "", "COLUMNS": "40", "TERM": "xterm"}

    shown = pmdaemon.run("list", **environment).out

    assert ESCAPE not in shown
    assert "a-program-with-quite-a-long-name" in shown
    assert ESCAPE in pmdaemon.run("list", FORCE_COLOR="1", **environment).out


def shown_by(pmdaemon, *arguments, columns, **environment):
    """Run a command on a terminal with colours, and return what it shows there."""
    options = {"NO_COLOR": "", **environment}
    with on_a_terminal(pmdaemon, *arguments, columns=columns, **options) as terminal:
        return rest_of(terminal).replace("\r\n", "\n")


@pytest.mark.usefixtures("programs")
def test_a_terminal_gets_colours_unless_it_wants_none(pmdaemon):
    assert ESCAPE in shown_by(pmdaemon, "list", columns=100)
    assert ESCAPE not in shown_by(pmdaemon, "list", columns=100, NO_COLOR="1")
    assert ESCAPE not in shown_by(pmdaemon, "list", "--no-color", columns=100)
    assert ESCAPE not in shown_by(pmdaemon, "list", columns=100, TERM="dumb")


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize("columns", [120, 80, 60, 40, 30])
def test_the_table_is_as_wide_as_the_terminal_allows(pmdaemon, columns):
    shown = shown_by(pmdaemon, "list", columns=columns, NO_COLOR="1")

    widths = {len(line) for line in shown.splitlines()}
    assert len(widths) == 1
    assert widths.pop() <= columns
    assert [row["status"] for row in rows(shown)] == ["online", "online", "stopped"]
    assert all(row["name"].startswith(("web", "a-p")) for row in rows(shown))


@pytest.mark.usefixtures("programs")
def test_the_variable_columns_counts_more_than_the_terminal(pmdaemon):
    shown = shown_by(pmdaemon, "list", columns=200, COLUMNS="50", NO_COLOR="1")

    assert max(map(len, shown.splitlines())) <= 50


def test_wide_and_strange_names_do_not_bend_the_table(pmdaemon):
    for name in ("日本語のサーバー", "🚀 rocket", "naïve"):
        pmdaemon.run("start", FOREVER, "--name", name)

    shown = pmdaemon.run("list").out

    assert {row["name"] for row in rows(shown)} == {"日本語のサーバー", "🚀 rocket", "naïve"}
    ascii_only = pmdaemon.run("list", PYTHONIOENCODING="ascii", PYTHONUTF8="0").out
    assert ascii_only.isascii()
    assert re.search(r"^\+-+\+", ascii_only)


@pytest.mark.usefixtures("programs")
def test_a_reader_that_has_had_enough_is_no_error(pmdaemon):
    for command in ("list", "list --json", "jlist", "describe all", "env web:0", "start web"):
        reading, writing = os.pipe()
        os.close(reading)
        with os.fdopen(writing, "wb") as unread:
            listing = subprocess.run(
                pmdaemon.command(*command.split()),
                env=pmdaemon.environment,
                cwd=pmdaemon.work,
                stdout=unread,
                stderr=subprocess.PIPE,
                timeout=60,
                check=False,
            )

        assert (command, listing.returncode, listing.stderr) == (command, 0, b"")


def test_the_json_of_a_failure_is_one_value_too(pmdaemon):
    outcome = pmdaemon.run("describe", "app", "--json", status=3)

    assert json.loads(outcome.out)["error"]["code"] == "process_not_found"
    assert outcome.err == "pmdaemon: no process, id or namespace is called app\n"


@pytest.mark.usefixtures("programs")
def test_the_list_is_shown_anew_until_ctrl_c(pmdaemon):
    with on_a_terminal(pmdaemon, "list", "--watch", "--sort", "id:desc") as terminal:
        terminal.expect_exact("stopped")
        pmdaemon.run("restart", "web:1")
        terminal.expect(r"\x1b\[H[^\x1b]*(\x1b\[K[^\x1b]*)+online")

        terminal.sendintr()

        rest_of(terminal)


def test_what_the_machine_uses_is_told(pmdaemon):
    told = pmdaemon.run("slist").json

    assert told["RAM Total"]["unit"] == "mb"
    assert 0 <= told["CPU Usage"]["value"] <= 100
    assert told["RAM Total"]["value"] > told["RAM Free"]["value"] > 0
