import pytest

from pmdaemon.cli.render.deployments import deployment_lines, deployments_table, line_text
from pmdaemon.cli.render.terminal import Terminal
from tests.cli.commands.test_deployments import VIEW

TERMINAL = Terminal(columns=200, colour=False, unicode=True, interactive=True)
COLOURED = Terminal(columns=200, colour=True, unicode=True, interactive=True)


def row(**changes):
    line = deployments_table([{**VIEW, **changes}], TERMINAL).splitlines()[3]
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_a_deployment_is_one_line():
    project, number, status, commit, branch, release, created, took = row()

    assert (project, number, status, commit) == ("shop", "3", "running", "abcdef1")
    assert (branch, release, took) == ("main", "3", "2.5s")
    assert created.startswith("2023-11-1")


@pytest.mark.parametrize(
    ("changes", "column", "shown"),
    [
        ({"status": "building", "phase": "install"}, 2, "building (install)"),
        ({"commit": ""}, 3, "-"),
        ({"kept": False}, 5, "(3)"),
        ({"release": None}, 5, "-"),
        ({"finished": None}, 7, "-"),
        ({"branch": "a\x1b[2J"}, 4, "a\\x1b[2J"),
    ],
)
def test_what_is_special_is_shown(changes, column, shown):
    assert row(**changes)[column] == shown


def test_one_is_told_in_lines_without_what_is_empty():
    lines = deployment_lines({**VIEW, "error": "", "live": False})

    assert "phases   fetch 0.2 s, start 1.0 s" in lines
    assert not any(line.startswith(("error", "url")) for line in lines)


def test_what_commands_say_is_set_in():
    line = {"level": "info", "stream": "stdout", "message": "a\x1b[31m"}

    assert line_text(line, COLOURED) == "    a\\x1b[31m"


def test_tabs_are_room():
    line = {"level": "info", "stream": "stderr", "message": "\tat main"}

    assert line_text(line, TERMINAL) == "            at main"


def test_what_the_deployer_says_has_an_arrow_and_a_colour():
    line = {"level": "error", "stream": "system", "message": "failed: no"}

    assert line_text(line, TERMINAL) == "--> failed: no"
    assert line_text(line, COLOURED) == "\x1b[31m--> failed: no\x1b[0m"
