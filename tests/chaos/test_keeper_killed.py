import fcntl
import os
import random
import signal
import struct
import termios
from pathlib import Path

import pytest

from pmdaemon.adapters.listening_ports import ProcListeningPorts
from pmdaemon.core.process import Identity
from tests.chaos.seeds import a_seed, pass_a_while
from tests.chaos.test_update_under_load import NODE_APP
from tests.chaos.writers import Writer, check_at_rest, check_output
from tests.support.daemon import a_daemon, until
from tests.support.machine import needs
from tests.support.ports import answers, free_port
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.posix, pytest.mark.slow]

FULL_PIPE = 60_000


@pytest.fixture
def seed():
    return a_seed()


@pytest.fixture
def writers(tmp_path, seed):
    return [Writer(tmp_path, f"writer-{n}", seed=seed + n, rate=50.0, crash=0.0) for n in range(6)]


@pytest.fixture
def daemon(tmp_path, writers):
    with a_daemon(tmp_path / "home") as daemon:
        daemon.start_apps(*(one.app() for one in writers))
        until(lambda: all(one.notes() for one in writers))
        yield daemon


def pids(daemon):
    return {name: one["pid"] for name, one in daemon.processes().items()}


def waiting_in(fifo):
    """Count the bytes that nobody has read yet, ioctl_list(2)."""
    descriptor = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        return struct.unpack("i", fcntl.ioctl(descriptor, termios.FIONREAD, b"\0" * 4))[0]
    finally:
        os.close(descriptor)


def test_keeper_and_daemon_killed_together_leave_everything_running(daemon, writers, seed):
    rng = random.Random(seed)
    before = pids(daemon)

    for number in range(6):
        pass_a_while(rng, 0.5)
        if number % 2:
            daemon.kill_both()
        else:
            # One right after the other: the second may find the place of the first taken.
            for pid in rng.sample([daemon.keeper, daemon.pid], 2):
                os.kill(pid, signal.SIGKILL)
        until(daemon.is_up)

    assert pids(daemon) == before
    check_at_rest(daemon, writers)
    check_output(daemon, writers)


def test_a_crash_while_neither_is_there_is_counted_and_made_up_for(tmp_path, seed):
    writer = Writer(tmp_path, "writer", seed=seed, rate=50.0, crash=0.02)
    with a_daemon(tmp_path / "home") as daemon:
        daemon.start_apps(writer.app())
        for _ in range(4):
            crashes = writer.crashes()
            eventually_sync(lambda: writer.notes()[-1:] and writer.notes()[-1].what == "began")
            daemon.kill_both()
            eventually_sync(lambda n=crashes: writer.crashes() > n)
            until(daemon.is_up)

        check_at_rest(daemon, [writer])


@needs("node")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may copy descriptors everywhere")
def test_a_cluster_is_reloaded_after_keeper_and_daemon_were_killed_together(tmp_path):
    port = free_port()
    script = tmp_path / "app.js"
    script.write_text(NODE_APP)
    with a_daemon(tmp_path / "home") as daemon:
        app = {"name": "app", "script": str(script), "instances": 2, "port": port}
        daemon.start_apps({**app, "listen_timeout": "60s"})
        before = {one["pid"] for one in daemon.request("list")["processes"]}
        # One that is only about to ask for the socket would be alone with its wish.
        ports = ProcListeningPorts()
        until(lambda: all(port in ports.of([Identity(pid, 0)]) for pid in before))

        daemon.kill_both()
        until(daemon.is_up)
        assert {one["pid"] for one in daemon.request("list")["processes"]} == before
        daemon.request("reload", {"selectors": ["app"]})

        assert answers(port)
        assert not before & {one["pid"] for one in daemon.request("list")["processes"]}


@pytest.mark.parametrize("times", [3])
def test_a_daemon_whose_keeper_is_killed_takes_its_place(daemon, writers, times):
    before = pids(daemon)

    for _ in range(times):
        orphan = daemon.pid
        os.kill(daemon.keeper, signal.SIGKILL)
        daemon.note_keeper(orphan)
        eventually_sync(lambda: daemon.pid)
        until(daemon.is_up)

    assert pids(daemon) == before
    daemon.kill()
    until(daemon.is_up)
    assert pids(daemon) == before
    check_at_rest(daemon, writers)
    check_output(daemon, writers)


def test_exits_are_exact_and_last_words_kept_after_a_long_absence_of_the_daemon(tmp_path):
    ends = {
        "fails": ("exit 7", {"code": 7, "signal": None}),
        "is-killed": ("kill -KILL $$", {"code": None, "signal": 9}),
        "ends-well": ("exit 0", {"code": 0, "signal": None}),
    }
    gates = {name: tmp_path / name for name in ends}
    for gate in gates.values():
        os.mkfifo(gate)
    with a_daemon(tmp_path / "home") as daemon:
        daemon.start_apps(
            *(
                {
                    "name": name,
                    "script": f"read _ < {gates[name]}; echo last words; {command}",
                    "autorestart": False,
                }
                for name, (command, _) in ends.items()
            )
        )
        programs = daemon.programs()
        os.kill(daemon.keeper, signal.SIGSTOP)
        daemon.kill()

        for gate in gates.values():
            gate.write_text("go\n")
        eventually_sync(lambda: not daemon.programs() & programs)
        os.kill(daemon.keeper, signal.SIGCONT)

        until(lambda: {v["state"] for v in daemon.processes().values()} == {"exited"})
        views = daemon.processes()
        assert {name: v["last_exit"] for name, v in views.items()} == {
            name: ended for name, (_, ended) in ends.items()
        }
        for view in views.values():
            eventually_sync(lambda v=view: Path(v["out_file"]).read_text() == "last words\n")


def test_a_daemon_that_stands_still_makes_programs_wait_and_loses_nothing(tmp_path, seed):
    slow = Writer(tmp_path, "slow", seed=seed, rate=50.0, crash=0.0)
    fast = Writer(tmp_path, "fast", seed=seed, rate=1e9, crash=0.0)
    with a_daemon(tmp_path / "home") as daemon:
        daemon.start_apps(slow.app(), fast.app())
        before = pids(daemon)
        fifo = os.path.join(daemon.home.run_dir, f"{daemon.processes()['fast']['pm_id']}.out")
        stopped = daemon.pid

        os.kill(stopped, signal.SIGSTOP)
        eventually_sync(lambda: waiting_in(fifo) > FULL_PIPE)
        os.kill(stopped, signal.SIGCONT)

        until(lambda: waiting_in(fifo) < FULL_PIPE)
        assert pids(daemon) == before
        assert daemon.pid == stopped
        check_at_rest(daemon, [slow, fast])
        check_output(daemon, [slow, fast])


def test_a_daemon_works_while_its_keeper_stands_still(daemon, writers):
    os.kill(daemon.keeper, signal.SIGSTOP)
    crowd = [{"name": f"crowd-{n}", "script": "sleep", "args": ["1000"]} for n in range(150)]

    daemon.start_apps(*crowd)
    daemon.request("restart", {"selectors": ["/crowd-.*/"]})
    daemon.request("delete", {"selectors": ["/crowd-.*/"]})
    os.kill(daemon.keeper, signal.SIGCONT)

    daemon.kill()
    until(daemon.is_up)
    check_at_rest(daemon, writers)
    check_output(daemon, writers)
