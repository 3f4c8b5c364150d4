"""`describe`: everything about a process, and none of its secrets."""

import pytest

from tests.acceptance.conftest import FOREVER
from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.shared_home


def facts(text):
    """Read what is described back, by the labels."""
    pairs = (line.strip().split("  ", 1) for line in text.splitlines() if line.startswith("  "))
    return {label: value.strip() for label, value in pairs}


def test_a_process_is_described(pmdaemon, port):
    pmdaemon.run(
        "start", "sleep 1000", "--name", "app", "--port", str(port), "--kill-timeout", "3s",
        "--max-memory-restart", "150M", "--restart-delay", "2s", "-e", "COLOUR=blue",
    )  # fmt: skip

    described = facts(pmdaemon.run("describe", "app").out)

    assert (described["status"], described["restarts"]) == ("online", "0")
    assert described["pid"] == str(pmdaemon.pid("app"))
    assert described["port"] == str(port)
    assert described["script"] == "sleep 1000"
    assert described["cwd"] == str(pmdaemon.work)
    assert described["COLOUR"] == "blue"
    assert described["stop"] == "SIGINT, after 3 s SIGKILL"
    assert described["max memory"] == "150.0 MB"
    assert described["out"] == pmdaemon.process("app")["out_file"]


def test_secrets_are_not_shown(pmdaemon):
    pmdaemon.run(
        "start", FOREVER, "--name", "app",
        "-e", "API_KEY=sesame", "-e", "DB_URL=postgres://me:sesame@host/db",
    )  # fmt: skip

    assert "sesame" not in pmdaemon.run("describe", "app").out


def test_several_are_described_with_an_empty_line_between(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app", "-i", "2")

    shown = pmdaemon.run("describe", "app").out

    assert shown.startswith("app:0 (id 0)\n")
    assert "\n\napp:1 (id 1)\n" in shown
    assert "1 of 2" in shown


def test_a_description_for_machines_has_the_declaration(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app", "--max-restarts", "5")

    [described] = pmdaemon.run("info", "0", "--json").json

    assert described["declaration"]["restart"]["max_restarts"] == 5
    assert described["declaration"]["command"]["argv"][1:] == ["1000"]


def test_a_process_that_failed_tells_how_it_ended(pmdaemon):
    pmdaemon.run("start", "sh -c 'exit 5'", "--name", "app", "--no-autorestart")

    eventually_sync(lambda: "exited" in pmdaemon.run("show", "app").out)

    assert facts(pmdaemon.run("desc", "app").out)["last exit"] == "exit code 5, ended by itself"


def test_what_is_not_there_cannot_be_described(pmdaemon):
    assert pmdaemon.refused("describe", "7", status=3).endswith("is called 7")
