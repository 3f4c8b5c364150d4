"""`monit` on a real terminal of 80 columns and 24 rows."""

import os
import signal

import pexpect
import pytest

from tests.acceptance.conftest import FOREVER

pytestmark = pytest.mark.shared_home

SPEAKS = "echo hello from the program; exec sleep 1000"


@pytest.fixture
def screen(pmdaemon):
    """A terminal on which `monit` has begun, in front of one program."""
    pmdaemon.run("start", SPEAKS, "--name", "web")
    program, *rest = pmdaemon.command("monit")
    terminal = pexpect.spawn(
        program,
        rest,
        env={**pmdaemon.environment, "TERM": "xterm", "LANG": "C.UTF-8"},
        cwd=str(pmdaemon.work),
        dimensions=(24, 80),
        encoding="utf-8",
        timeout=60,
    )
    yield terminal
    terminal.close(force=True)


def ended(terminal):
    """Wait for its end, and return the status; the terminal is to be as it was before."""
    rest = terminal.read()
    terminal.close()
    assert "\x1b[?1049l" in rest  # the screen of before is back
    assert "Traceback" not in rest
    return terminal.exitstatus


def test_a_program_is_seen_with_its_output_and_q_leaves(pmdaemon, screen):
    screen.expect_exact("1 process:")
    screen.expect_exact("hello from the program")

    screen.send("q")

    assert ended(screen) == 0
    assert pmdaemon.process("web")["state"] == "online"


def test_a_key_restarts_the_chosen_program(pmdaemon, screen):
    screen.expect_exact("hello from the program")
    before = pmdaemon.pid("web")

    screen.send("r")
    screen.expect_exact("Restart web (id 0)?")
    screen.send("y")

    pmdaemon.when("web", lambda web: web["pid"] not in {before, None})
    screen.sendintr()
    assert ended(screen) == 0


def test_the_screen_outlives_the_daemon(pmdaemon, screen):
    screen.expect_exact("hello from the program")
    keeper, daemon = pmdaemon.keeper, pmdaemon.daemon
    os.kill(keeper, signal.SIGKILL)  # so that no other daemon takes its place too soon
    os.kill(daemon, signal.SIGKILL)
    screen.expect_exact("waiting for the daemon")

    pmdaemon.run("start", FOREVER, "--name", "another")

    screen.expect_exact("another")
    screen.send("q")
    assert ended(screen) == 0


def test_without_a_terminal_it_is_refused(pmdaemon):
    assert "monit needs a terminal" in pmdaemon.refused("monit", status=2)
