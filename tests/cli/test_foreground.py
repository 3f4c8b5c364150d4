import os
import signal
import sys
import threading

import pytest

from pmdaemon.cli import foreground as module
from pmdaemon.cli.context import Context
from pmdaemon.cli.foreground import Foreground
from pmdaemon.control.starter import Started
from pmdaemon.core.errors import DaemonUnavailable, PmdaemonError
from tests.support.views import a_view
from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.posix

ENDS_ON_TERM = "import signal; signal.sigwait([15])"


def spawn(code="import signal; signal.pause()", mask=()):
    return os.posix_spawn(sys.executable, [sys.executable, "-c", code], os.environ, setsigmask=mask)


def end(pid):
    try:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError):
        pass


@pytest.fixture
def keepers(monkeypatch):
    """What stands for keepers: children that wait; and how each was asked for."""
    begun = []
    monkeypatch.setattr(module, "KEEPER_PATIENCE", 60.0)  # however busy the machine is

    def start_keeper(home, environment, *, log, take_over):
        begun.append((spawn(ENDS_ON_TERM, [signal.SIGTERM]), take_over))
        return Started(begun[-1][0], 1)

    monkeypatch.setattr(module, "start_keeper", start_keeper)
    yield begun
    for pid, _ in begun:
        end(pid)


@pytest.fixture
def foreground(home, keepers):
    with Foreground(Context({"PMDAEMON_HOME": home.path})) as foreground:
        foreground.start_daemon()
        yield foreground


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_a_signal_to_end_ends_well(foreground, number):
    os.kill(os.getpid(), number)

    assert foreground.wait() == 0


def test_another_thread_can_say_with_what_to_end(foreground):
    thread = threading.Thread(target=lambda: [foreground.end_with(7), foreground.end_with(8)])
    thread.start()

    assert foreground.wait() == 7
    thread.join()


def test_orphans_are_reaped(foreground):
    child = spawn("pass")
    eventually_sync(lambda: os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT))
    os.kill(os.getpid(), signal.SIGHUP)  # there is no daemon to pass it on to
    foreground.end_with(0)

    foreground.wait()

    with pytest.raises(ChildProcessError):
        os.waitpid(child, os.WNOHANG)


def test_a_keeper_that_was_killed_gets_a_successor(foreground, keepers, capsys):
    first = keepers[0][0]
    os.kill(first, signal.SIGKILL)
    waiting = threading.Thread(
        target=lambda: [eventually_sync(lambda: len(keepers) == 2), foreground.end_with(3)]
    )
    waiting.start()

    assert foreground.wait() == 3

    waiting.join()
    assert [take_over for _, take_over in keepers] == [False, True]
    assert capsys.readouterr().err == "pmdaemon: the keeper was killed; starting another\n"


def test_signals_for_programs_reach_those_that_run(foreground, daemon):
    program = spawn("import signal; raise SystemExit(signal.sigwait([12]))", [signal.SIGUSR2])
    views = [a_view(pid=program), a_view("down", pid=None), a_view("gone", pid=2**22 - 1)]
    daemon.answers("list", {"result": {"processes": views}})
    try:
        foreground._pass_on(signal.SIGUSR2)

        assert os.waitstatus_to_exitcode(os.waitpid(program, 0)[1]) == signal.SIGUSR2
    finally:
        end(program)


def test_everything_is_stopped_before_the_keeper_is_waited_for(foreground, daemon, keepers):
    daemon.answers("kill", {"result": {"pid": 1, "keeper": 1, "processes": []}})
    os.kill(keepers[0][0], signal.SIGTERM)

    foreground.stop_everything()

    assert daemon.asked("kill") == [{}]
    with pytest.raises(ChildProcessError):
        os.waitpid(keepers[0][0], os.WNOHANG)


def test_without_a_daemon_the_keeper_is_told(foreground, keepers):
    foreground.stop_everything()

    with pytest.raises(ChildProcessError):
        os.waitpid(keepers[0][0], os.WNOHANG)


def test_what_could_not_be_stopped_is_said_at_the_end(foreground, daemon, keepers):
    error = {"code": "operation_failed", "message": "survived SIGKILL: pid 9", "details": {}}
    daemon.answers("kill", {"error": error})
    os.kill(keepers[0][0], signal.SIGTERM)

    with pytest.raises(PmdaemonError, match="survived SIGKILL"):
        foreground.stop_everything()


def test_a_keeper_that_does_not_end_is_not_waited_for_for_ever(foreground, daemon, monkeypatch):
    monkeypatch.setattr(module, "KEEPER_PATIENCE", 0.01)
    daemon.answers("kill", {"result": {"pid": 1, "keeper": 1, "processes": []}})

    with pytest.raises(PmdaemonError, match="the daemon did not end"):
        foreground.stop_everything()


def test_the_signals_are_as_they_were_afterwards(home, keepers, monkeypatch):
    before = signal.getsignal(signal.SIGINT)

    with Foreground(Context({"PMDAEMON_HOME": home.path})):
        assert signal.getsignal(signal.SIGINT) != before

    assert signal.getsignal(signal.SIGINT) == before
    assert signal.set_wakeup_fd(-1) == -1


def test_when_there_can_be_no_other_keeper_it_ends(foreground, keepers, monkeypatch):
    def refuse(*_, **__):
        raise DaemonUnavailable("no more")

    monkeypatch.setattr(module, "start_keeper", refuse)
    os.kill(keepers[0][0], signal.SIGKILL)

    with pytest.raises(DaemonUnavailable):
        foreground.wait()
    foreground.stop_everything()
