"""`env`: what a program is started with."""

import pytest

from tests.acceptance.conftest import FOREVER
from tests.support.running import environment_of

pytestmark = pytest.mark.shared_home


def test_the_environment_is_what_the_program_really_has(pmdaemon, port):
    pmdaemon.run(
        "start", FOREVER, "--name", "app", "--port", str(port), "-e", "API_KEY=sesame",
        INHERITED="yes",
    )  # fmt: skip

    told = pmdaemon.run("env", "app", "--json").json

    assert (told["INHERITED"], told["API_KEY"], told["PORT"]) == ("yes", "sesame", str(port))
    assert (told["PMDAEMON_NAME"], told["NODE_APP_INSTANCE"]) == ("app", "0")
    assert told.items() <= environment_of(pmdaemon.pid("app")).items()
    assert f"\nPORT: {port}\n" in pmdaemon.run("env", "0").out


def test_values_cannot_play_with_the_terminal(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app", "-e", "TITLE=\x1b]0;owned\x07\nX: y")

    shown = pmdaemon.run("env", "app").out

    assert "\x1b" not in shown
    assert "\nX: y" not in shown


def test_one_process_at_a_time(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "a")
    pmdaemon.run("start", FOREVER, "--name", "b")

    assert pmdaemon.refused("env", "all", status=2).startswith("env shows one process")
    assert pmdaemon.refused("env", "c", status=3) == "no process, id or namespace is called c"
