import os
import signal
import socket
import sqlite3
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from pmdaemon import __version__
from pmdaemon.config.paths import Home
from pmdaemon.control.channel import Channel
from pmdaemon.control.starter import start_daemon
from pmdaemon.core.errors import DaemonNotRunning, PmdaemonError
from tests.support.daemon import ENVIRONMENT
from tests.support.daemon_in_home import DaemonInHome, a_daemon_in_home
from tests.support.running import is_alive, parent_of
from tests.support.waiting import eventually_sync

pytestmark = [
    pytest.mark.posix,
    pytest.mark.skipif(sys.platform != "linux", reason="needs a keeper that is a subreaper"),
]

STAYS = "exec sleep 1000"


@pytest.fixture
def daemon(tmp_path):
    with a_daemon_in_home(tmp_path) as daemon:
        yield daemon


def out_of(process):
    return Path(process["out_file"]).read_text()


def same_run(before, after):
    return [(one["pid"], one["restarts"], one["started"]) for one in (before, after)]


# deaths


def test_a_daemon_that_is_killed_is_back_and_its_programs_did_not_notice(daemon):
    before = daemon.run("i=0; while sleep 0.01; do i=$((i+1)); echo $i; done")
    eventually_sync(lambda: out_of(before).count("\n") > 5)

    for _ in range(3):
        daemon.crash()

    after = daemon.get()
    assert (after["state"], after["pid"], after["restarts"]) == ("online", before["pid"], 0)
    assert after["started"] == before["started"]
    seen = out_of(before).count("\n")
    eventually_sync(lambda: out_of(before).count("\n") > seen + 5)
    lines = out_of(before).split("\n")[:-1]
    assert lines == [str(number + 1) for number in range(len(lines))]


def test_a_program_that_ended_while_no_daemon_was_there_has_its_exit_and_its_last_words(daemon):
    gate = Path(daemon.home.path).parent / "gate"
    os.mkfifo(gate)
    before = daemon.run(
        f"echo first; read line < {gate}; echo last; exit 7", autorestart=False, name="app"
    )
    keeper, pid = daemon.keeper, daemon.pid
    os.kill(keeper, signal.SIGSTOP)
    os.kill(pid, signal.SIGKILL)
    gate.write_text("\n")
    eventually_sync(lambda: not is_alive(before["pid"]))

    os.kill(keeper, signal.SIGCONT)

    eventually_sync(lambda: daemon.get()["state"] == "exited")
    assert daemon.get()["last_exit"] == {"code": 7, "signal": None}
    eventually_sync(lambda: out_of(before) == "first\nlast\n")


def test_a_program_that_died_while_no_daemon_was_there_is_started_again(daemon):
    before = daemon.run(STAYS)
    keeper, pid = daemon.keeper, daemon.pid
    os.kill(keeper, signal.SIGSTOP)
    os.kill(pid, signal.SIGKILL)
    os.kill(before["pid"], signal.SIGKILL)
    eventually_sync(lambda: not is_alive(before["pid"]))

    os.kill(keeper, signal.SIGCONT)

    after = eventually_sync(lambda: (one := daemon.get())["state"] == "online" and one)
    assert (after["restarts"], after["last_exit"]) == (1, {"code": None, "signal": 9})
    assert daemon.programs() == {after["pid"]}


def test_an_adopted_program_that_dies_later_has_its_exit(daemon):
    before = daemon.run(STAYS)
    daemon.crash()

    os.kill(before["pid"], signal.SIGUSR1)

    eventually_sync(lambda: daemon.get()["restarts"] == 1)
    assert daemon.get()["last_exit"] == {"code": None, "signal": signal.SIGUSR1}


def test_an_adopted_program_is_stopped_with_all_it_started(daemon):
    daemon.run("(setsid sleep 1000 &); sleep 1000 & exec sleep 1000")
    eventually_sync(lambda: len(daemon.programs()) == 3)
    daemon.crash()

    daemon.ask("stop", "app")

    assert daemon.programs() == set()


def test_a_stop_that_was_going_on_when_all_died_is_carried_through_by_the_next_daemon(daemon):
    # Two that heed nothing, one of them in a session of its own.
    script = "trap '' INT TERM; (setsid sleep 1000 &); exec sleep 1000"
    before = daemon.run(script, kill_timeout=6000)
    eventually_sync(lambda: len(daemon.programs()) == 2)
    keeper, pid = daemon.keeper, daemon.pid
    asking = threading.Thread(target=hushed, args=(daemon, "stop"))
    asking.start()
    eventually_sync(lambda: daemon.get()["state"] == "stopping")
    os.kill(keeper, signal.SIGSTOP)
    os.kill(pid, signal.SIGKILL)
    os.kill(before["pid"], signal.SIGKILL)

    os.kill(keeper, signal.SIGCONT)

    eventually_sync(lambda: daemon.get()["state"] == "stopped")
    assert daemon.programs() == set()
    assert daemon.get()["last_exit"] == {"code": None, "signal": signal.SIGKILL}
    asking.join(60)


def hushed(daemon: DaemonInHome, verb: str) -> None:
    with suppress(PmdaemonError):  # the daemon that was asked has died
        daemon.ask(verb, "app")


def test_when_keeper_and_daemon_are_killed_the_next_command_finds_everything_running(daemon):
    before = daemon.run("i=0; while sleep 0.01; do i=$((i+1)); echo $i; done")
    eventually_sync(lambda: out_of(before).count("\n") > 5)

    daemon.crash_altogether()
    assert is_alive(before["pid"])

    after = daemon.get()
    assert same_run(before, after)[0] == same_run(before, after)[1]
    seen = out_of(before).count("\n")
    eventually_sync(lambda: out_of(before).count("\n") > seen + 5)
    lines = out_of(before).split("\n")[:-1]
    assert lines == [str(number + 1) for number in range(len(lines))]


def test_when_the_keeper_alone_is_killed_the_daemon_takes_its_place(daemon):
    before, pid = daemon.run(STAYS), daemon.pid

    os.kill(daemon.keeper, signal.SIGKILL)

    eventually_sync(lambda: daemon.pid != pid)
    assert daemon.keeper == pid
    assert len(daemon.machinery()) == 2
    assert same_run(before, daemon.get())[0] == same_run(before, daemon.get())[1]
    os.kill(before["pid"], signal.SIGUSR1)
    eventually_sync(lambda: daemon.get()["restarts"] == 1)
    assert daemon.get()["last_exit"] == {"code": None, "signal": signal.SIGUSR1}
    daemon.crash()
    assert daemon.keeper == pid


def test_a_home_whose_keeper_was_killed_is_not_free_for_another(daemon):
    daemon.run(STAYS)
    os.kill(daemon.keeper, signal.SIGKILL)

    with pytest.raises(PmdaemonError) as refusal:
        daemon.start()

    assert refusal.value.code == "daemon_already_running"


def test_a_daemon_that_is_left_down_is_revived_by_a_command(daemon):
    before = daemon.run(STAYS)

    def is_left_down():
        daemon.real.kill()
        return "keeper.daemon_left_down" in daemon.log

    eventually_sync(is_left_down)

    assert daemon.get()["pid"] == before["pid"]


# making way


@pytest.mark.parametrize("how", ["update", "SIGHUP", "SIGHUP to the keeper"])
def test_a_daemon_makes_way_for_the_next_and_nothing_else_changes(daemon, how):
    before = daemon.run(STAYS)
    pid, keeper = daemon.pid, daemon.keeper

    match how:
        case "update":
            assert daemon.client.request("update")["pid"] == pid
        case "SIGHUP":
            os.kill(pid, signal.SIGHUP)
        case _:
            os.kill(keeper, signal.SIGHUP)

    eventually_sync(lambda: daemon.pid != pid)
    assert daemon.keeper == keeper
    assert same_run(before, daemon.get())[0] == same_run(before, daemon.get())[1]
    assert "keeper.daemon_died" not in daemon.log


def test_requests_that_come_while_a_daemon_makes_way_are_answered_by_the_next(daemon):
    daemon.run(STAYS)
    pid = daemon.pid
    client = Channel(daemon.home)
    refused = []

    def keep_asking():
        while (answer := client.request("ping"))["pid"] == pid:
            continue
        refused.append(answer["pid"])

    asking = [threading.Thread(target=keep_asking) for _ in range(4)]
    for thread in asking:
        thread.start()
    daemon.client.request("update")
    for thread in asking:
        thread.join(60)

    assert len(set(refused)) == 1
    assert len(refused) == 4


def test_a_follower_does_not_hold_up_a_daemon_that_makes_way(daemon):
    daemon.run(STAYS)
    pid = daemon.pid
    items = daemon.client.stream("follow", {"selectors": ["all"]})
    next(items)

    daemon.client.request("update")

    with suppress(PmdaemonError):  # it is told the end, or finds the daemon gone
        list(items)
    eventually_sync(lambda: daemon.pid != pid)


# the end


@pytest.mark.parametrize("whom", ["daemon", "keeper"])
def test_a_daemon_that_is_ended_stops_its_programs_and_the_next_brings_them_back(daemon, whom):
    daemon.run(STAYS)
    stopped = daemon.run(STAYS, name="stopped")
    daemon.ask("stop", "stopped")
    pids = {"daemon": daemon.pid, "keeper": daemon.keeper}

    os.kill(pids[whom], signal.SIGTERM)
    eventually_sync(lambda: not daemon.machinery())
    assert daemon.programs() == set()
    assert not os.path.exists(daemon.home.socket)
    assert not os.path.exists(daemon.home.pid_file)

    daemon.start()
    eventually_sync(lambda: daemon.get()["state"] == "online")
    assert daemon.get()["restarts"] == 0
    assert daemon.get("stopped")["state"] == "stopped"
    assert stopped["pm_id"] == 1


def test_a_signal_to_end_just_after_a_death_is_not_lost(daemon):
    daemon.run(STAYS)
    pid, keeper = daemon.pid, daemon.keeper

    os.kill(pid, signal.SIGKILL)
    os.kill(keeper, signal.SIGTERM)

    eventually_sync(lambda: not daemon.machinery())
    assert daemon.programs() == set()


def test_a_kill_leaves_nothing_and_nothing_comes_back(daemon):
    daemon.run(STAYS)

    daemon.client.request("kill")

    eventually_sync(lambda: not daemon.machinery())
    assert daemon.programs() == set()
    with pytest.raises(DaemonNotRunning):
        Channel(daemon.home).request("ping")
    assert daemon.get()["state"] == "stopped"


# beginnings


def test_of_two_daemons_started_at_once_one_wins_and_the_other_says_so(daemon):
    outcomes = []

    def start():
        try:
            outcomes.append(daemon.start())
        except PmdaemonError as error:
            outcomes.append(error.code)

    starting = [threading.Thread(target=start) for _ in range(4)]
    for thread in starting:
        thread.start()
    for thread in starting:
        thread.join(60)

    assert outcomes.count("daemon_already_running") == 3
    assert [one for one in outcomes if isinstance(one, int)] == [daemon.pid]
    eventually_sync(lambda: len(daemon.machinery()) == 2)  # those that said so end by themselves


def test_the_home_is_open_to_its_owner_only(daemon):
    daemon.start()

    modes = {
        path: os.stat(path).st_mode & 0o777
        for path in (daemon.home.path, daemon.home.socket, daemon.home.lock, daemon.home.database)
    }
    assert set(modes.values()) == {0o700, 0o600}
    assert modes[daemon.home.path] == 0o700
    assert Path(daemon.home.pid_file).read_text() == f"{daemon.pid}\n"


@pytest.mark.parametrize("path", ["/proc/pmdaemon", "/dev/null", "/dev/null/home"])
def test_a_home_that_cannot_be_used_is_refused(path):
    home = Home(path)

    with pytest.raises(PmdaemonError) as refusal:
        start_daemon(home.path, ENVIRONMENT, log=home.daemon_log)

    assert refusal.value.code == "home_unusable"
    assert path in refusal.value.message


@pytest.mark.parametrize(
    ("content", "code"), [(b"this is no database" * 100, "store_corrupt"), (None, "store_newer")]
)
def test_a_store_that_cannot_be_used_is_refused_and_left_as_it_is(daemon, content, code):
    daemon.home.ensure()
    database = Path(daemon.home.database)
    if content is not None:
        database.write_bytes(content)
    else:
        daemon.start()
        os.kill(daemon.keeper, signal.SIGTERM)
        eventually_sync(lambda: not daemon.machinery())
        with sqlite3.connect(database) as connection:
            connection.execute("PRAGMA user_version = 999")
        connection.close()
    before = database.read_bytes()

    with pytest.raises(PmdaemonError) as refusal:
        daemon.start()

    assert refusal.value.code == code
    assert str(database) in refusal.value.message
    eventually_sync(lambda: not daemon.machinery())
    assert database.read_bytes() == before
    assert f"daemon.failed reason={refusal.value.message}" in daemon.log


def test_a_home_whose_path_is_too_long_for_a_socket_works_all_the_same(tmp_path):
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    with a_daemon_in_home(folder) as daemon:
        before = daemon.run(STAYS)
        assert len(daemon.home.socket) > 107

        daemon.crash()
        pid = daemon.pid
        daemon.client.request("update")

        eventually_sync(lambda: daemon.pid != pid)
        assert daemon.get()["pid"] == before["pid"]


def test_what_lies_where_the_socket_belongs_is_replaced(daemon):
    daemon.home.ensure()
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(daemon.home.socket)
    stale.close()

    assert daemon.pid


def test_a_socket_that_somebody_removed_is_made_anew_when_the_daemon_makes_way(daemon):
    pid = daemon.pid
    Path(daemon.home.socket).unlink()

    os.kill(pid, signal.SIGHUP)

    eventually_sync(lambda: os.path.exists(daemon.home.socket))
    assert daemon.pid != pid


def test_a_daemon_holds_nothing_of_whoever_started_it(daemon):
    daemon.start()

    for pid in daemon.machinery():
        assert os.getsid(pid) == daemon.keeper
        assert [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in range(3)] == ["/dev/null"] * 3


def test_programs_begin_with_no_signal_blocked_or_ignored(daemon):
    process = daemon.run(STAYS)

    status = dict(
        line.split(":\t", 1)
        for line in Path(f"/proc/{process['pid']}/status").read_text().splitlines()
    )

    assert int(status["SigBlk"], 16) == 0
    assert int(status["SigIgn"], 16) & ((1 << signal.SIGSYS) - 1) == 0
    assert parent_of(process["pid"]) == daemon.pid


def test_the_daemon_s_log_has_a_line_a_fact(daemon):
    process = daemon.run(STAYS)

    assert f"daemon.starting version={__version__} home={daemon.home.path}" in daemon.log
    assert "daemon.ready deaths=0" in daemon.log
    assert f"process.spawned pm_id=0 pid={process['pid']}" in daemon.log
