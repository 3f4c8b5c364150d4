"""What a command loads before it can ask the daemon: the greater part of the time it takes."""

import json
import os
import subprocess
import sys

import pytest

from tests.support.views import a_view

LIST = {
    "pmdaemon",
    "pmdaemon.cli",
    "pmdaemon.cli.context",
    "pmdaemon.cli.exit_codes",
    "pmdaemon.cli.listing",
    "pmdaemon.cli.main",
    "pmdaemon.cli.render",
    "pmdaemon.cli.render.processes",
    "pmdaemon.cli.render.table",
    "pmdaemon.cli.render.terminal",
    "pmdaemon.cli.render.text",
    "pmdaemon.cli.verbs",
    "pmdaemon.client",
    "pmdaemon.client.blocking",
    "pmdaemon.client.calls",
    "pmdaemon.config",
    "pmdaemon.config.paths",
    "pmdaemon.control",
    "pmdaemon.control.channel",
    "pmdaemon.control.codec",
    "pmdaemon.control.messages",
    "pmdaemon.control.messages.daemon",
    "pmdaemon.control.messages.declaring",
    "pmdaemon.control.messages.processes",
    "pmdaemon.control.messages.web",
    "pmdaemon.core",
    "pmdaemon.core.errors",
    "pmdaemon.core.quantities",
    "pmdaemon.core.wording",
}

SLOW = {
    "aiohttp", "asyncio", "dataclasses", "difflib", "http.client", "importlib.metadata", "inspect",
    "logging", "msgspec", "pathlib", "platformdirs", "psutil", "rich", "subprocess", "tempfile",
    "tomli", "unicodedata", "uuid",
}  # fmt: skip

PROGRAM = """
import json, os, sys
before = set(sys.modules)
from pmdaemon.cli.main import run
status = run(sys.argv[1:], os.environ)
print(json.dumps([status, sorted(set(sys.modules) - before)]), file=sys.stderr)
"""


def loaded_by(cli, *arguments):
    # -S and -I keep out what the environment's .pth files load.
    program = [sys.executable, "-S", "-c", PROGRAM, *arguments]
    paths = os.pathsep.join([os.getcwd(), *(path for path in sys.path if "site-packages" in path)])
    done = subprocess.run(
        program, env={**cli.environment, "PYTHONPATH": paths}, capture_output=True, check=True
    )
    status, modules = json.loads(done.stderr)
    assert status == 0
    return set(modules)


def test_list_loads_what_it_needs_and_nothing_else(cli):
    cli.lists(a_view())

    loaded = loaded_by(cli, "list")

    assert {name for name in loaded if name.split(".")[0] == "pmdaemon"} == LIST
    assert loaded & (SLOW | {"click"}) == set()


def test_jlist_does_without_the_parser_too(cli):
    cli.lists(a_view(detail=True))

    loaded = loaded_by(cli, "jlist")

    assert loaded & (SLOW | {"click"}) == set()
    assert "pmdaemon.config.pm2_shape" in loaded


def test_other_commands_load_the_parser_and_no_more_of_what_is_slow(cli):
    cli.does("stop", a_view())
    cli.lists(a_view())

    loaded = loaded_by(cli, "stop", "app")

    # click itself takes two of them.
    assert loaded & SLOW == {"inspect", "uuid"}
    assert {name for name in loaded if name.startswith("pmdaemon.cli.commands.")} == {
        "pmdaemon.cli.commands.stop"
    }


@pytest.mark.parametrize("target", ["app", "eco.json"])
def test_a_start_without_options_does_without_the_parser_too(cli, tmp_path, target):
    (tmp_path / "eco.json").write_text('{"apps": [{"script": "app.js"}]}')
    cli.does("start", a_view())
    cli.lists(a_view())

    loaded = loaded_by(cli, "start", target.replace("eco", f"{tmp_path}/eco"))

    assert loaded & (SLOW | {"click"}) == set()
    assert "pmdaemon.control.starter" not in loaded


def test_a_start_with_options_loads_the_parser_and_no_more_of_what_is_slow(cli):
    cli.does("start", a_view())
    cli.lists(a_view())

    loaded = loaded_by(cli, "start", "app", "--name", "x")

    assert loaded & SLOW == {"inspect", "uuid"}
    assert "pmdaemon.control.starter" not in loaded


def test_list_is_a_table(cli):
    cli.lists(a_view("web"), a_view("api", pm_id=1))

    assert cli("list") == 0
    assert cli.daemon.asked("list") == [{}]
    assert "│  0 │ web  │" in cli.out
    assert cli.err == ""


@pytest.mark.parametrize("word", ["list", "ls", "l", "ps", "status"])
def test_list_as_json_is_what_the_daemon_says(cli, word):
    cli.lists(a_view("web"))

    assert cli(word, "--json") == 0
    assert cli.json == [a_view("web")]


def test_the_short_way_and_the_parser_print_the_same(cli):
    cli.lists(a_view("web"))

    cli("list")
    at_once = cli.out
    cli("list", "--no-color")

    assert cli.out == at_once


def test_jlist_is_the_shape_of_pm2_on_one_line(cli):
    cli.lists(a_view("web", detail=True))

    assert cli("jlist") == 0
    assert cli.daemon.asked("list") == [{"detail": True}]
    assert cli.out.count("\n") == 1
    assert [entry["name"] for entry in cli.json] == ["web"]
