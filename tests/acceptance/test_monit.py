"""`monit` on a real terminal of 80 columns and 24 rows."""

import os
import signal

import pytest

from tests.acceptance.conftest import FOREVER
from tests.support.terminals import on_a_terminal, rest_of

pytestmark = pytest.mark.shared_home

SPEAKS = "echo hello from the program; exec sleep 1000"


@pytest.fixture
def screen(pmdaemon):
    """A terminal on which `monit` has begun, in front of one program."""
    pmdaemon.run("start", SPEAKS, "--name", "web")
    with on_a_terminal(pmdaemon, "monit", LANG="C.UTF-8") as terminal:
        yield terminal


def ended(terminal):
    """Wait for a good end, which leaves the terminal as it was before."""
    rest = rest_of(terminal)
    return "\x1b[?1049l" in rest and "Traceback" not in rest  # the screen of before is back


def test_a_program_is_seen_with_its_output_and_q_leaves(pmdaemon, screen):
    screen.expect_exact("1 process:")
    screen.expect_exact("hello from the program")

    screen.send("q")

    assert ended(screen)
    assert pmdaemon.process("web")["state"] == "online"


def test_a_key_restarts_the_chosen_program(pmdaemon, screen):
    screen.expect_exact("hello from the program")
    before = pmdaemon.pid("web")

    screen.send("r")
    screen.expect_exact("Restart web (id 0)?")
    screen.send("y")

    pmdaemon.when("web", lambda web: web["pid"] not in {before, None})
    screen.sendintr()
    assert ended(screen)


def test_the_screen_outlives_the_daemon(pmdaemon, screen):
    screen.expect_exact("hello from the program")
    keeper, daemon = pmdaemon.keeper, pmdaemon.daemon
    # So that no other daemon takes its place too soon; alone for a moment, it would see to that.
    os.kill(daemon, signal.SIGSTOP)
    os.kill(keeper, signal.SIGKILL)
    os.kill(daemon, signal.SIGKILL)
    screen.expect_exact("waiting for the daemon")

    pmdaemon.run("start", FOREVER, "--name", "another")

    screen.expect_exact("another")
    screen.send("q")
    assert ended(screen)


def test_without_a_terminal_it_is_refused(pmdaemon):
    assert "monit needs a terminal" in pmdaemon.refused("monit", status=2)
