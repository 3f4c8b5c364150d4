import json
import os
import resource
import signal
import socket
import sys

import pytest

from pmdaemon.daemon.keeper import DEATHS_ALLOWED, RESTART_CODE
from tests.support.keeper import KeeperProcess, a_keeper
from tests.support.running import is_alive
from tests.support.waiting import eventually_sync

pytestmark = [
    pytest.mark.posix,
    pytest.mark.skipif(sys.platform != "linux", reason="needs subreapers and /proc"),
]


@pytest.fixture
def keeper(tmp_path):
    with a_keeper(tmp_path) as keeper:
        yield keeper


def settled_descriptors(keeper: KeeperProcess) -> int:
    """Count what the keeper has open when its daemon is ready, and that has been told."""
    keeper.ping()
    eventually_sync(lambda: (keeper.folder / "told").exists() and keeper.told)
    return eventually_sync(lambda: (n := keeper.descriptors()) == keeper.descriptors() and n)


def connect(keeper: KeeperProcess) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(60)
    connection.connect(str(keeper.folder / "control"))
    return connection


def parent_of(pid: int) -> int:
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        return int(stat.read().rpartition(")")[2].split()[1])


def start_time_of(pid: int) -> int:
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        return int(stat.read().rpartition(")")[2].split()[19])


def leave_down(keeper: KeeperProcess) -> None:
    """Let daemons die until none is started any more."""
    for number in range(DEATHS_ALLOWED):
        keeper.daemon(number)
        keeper.ping()
        keeper.kill_daemon(number)
    eventually_sync(lambda: "keeper.daemon_left_down" in keeper.log)


# daemons come and go


def test_the_first_daemon_is_told_to_be_ready(keeper):
    pid = keeper.daemon(0)

    eventually_sync(lambda: (keeper.folder / "told").exists() and keeper.told)
    assert keeper.told == [{"ready": pid}]
    assert keeper.begun[0]["deaths"] == 0


def test_a_daemon_is_told_to_have_one_heap_for_all_its_threads(keeper):
    keeper.daemon(0)

    assert keeper.begun[0]["arenas"] == os.environ.get("MALLOC_ARENA_MAX", "1")


@pytest.mark.parametrize("command", ["abort", "exit 1", "exit 127"])
def test_a_daemon_that_dies_is_followed_by_another(keeper, command):
    first = keeper.daemon(0)

    keeper.command(command)

    assert keeper.daemon(1) != first
    keeper.ping()
    assert keeper.begun[1]["deaths"] == 1
    assert "keeper.daemon_died deaths=1" in keeper.log


def test_a_daemon_that_ends_well_ends_the_keeper(keeper):
    keeper.command("exit 0")

    assert keeper.wait() == 0
    assert len(keeper.begun) == 1


@pytest.mark.parametrize(
    ("how", "code", "told"),
    [
        ("cannot-start", 1, [{"error": {"code": "c", "message": "m", "details": {}}}]),
        ("dies-at-once", 3, []),
    ],
)
def test_a_first_daemon_that_cannot_start_ends_the_keeper(tmp_path, how, code, told):
    (tmp_path / how).touch()
    (tmp_path / "told").touch()
    with a_keeper(tmp_path) as keeper:
        assert keeper.wait() == code
        assert keeper.told == told
        assert len(keeper.begun) == 1


def test_a_daemon_that_cannot_start_again_is_tried_until_it_is_left_down(keeper):
    keeper.ping()
    (keeper.folder / "dies-at-once").touch()

    keeper.command("abort")

    eventually_sync(lambda: "keeper.daemon_left_down" in keeper.log)
    assert len(keeper.begun) == DEATHS_ALLOWED
    assert keeper.process.poll() is None


def test_a_daemon_left_down_is_revived_by_a_connection_that_it_then_answers(keeper):
    leave_down(keeper)

    with connect(keeper) as connection:
        revived = keeper.daemon(DEATHS_ALLOWED)
        keeper.command("accept")
        assert connection.recv(100) == f"{revived}\n".encode()

    keeper.kill_daemon(DEATHS_ALLOWED)
    keeper.daemon(DEATHS_ALLOWED + 1)
    assert keeper.begun[-1]["deaths"] == 1


@pytest.mark.parametrize(
    ("how", "code", "tries"), [("cannot-start", "c", 1), ("dies-at-once", "daemon_failed", 4)]
)
def test_whoever_asks_for_a_daemon_that_cannot_start_again_is_told_why(keeper, how, code, tries):
    keeper.ping()
    (keeper.folder / how).touch()
    keeper.command("abort")
    eventually_sync(lambda: "keeper.daemon_left_down" in keeper.log)
    assert len(keeper.begun) == 1 + tries

    for number in range(2, 4):
        with connect(keeper) as connection:
            connection.sendall(b"what is asked\n")
            answer = connection.makefile().read()
            assert json.loads(answer)["error"]["code"] == code
        eventually_sync(lambda n=number: keeper.log.count("keeper.daemon_left_down") >= n)

    (keeper.folder / how).unlink()
    with connect(keeper) as connection:
        keeper.command("accept")
        assert int(connection.recv(100)) == keeper.begun[-1]["pid"]


# descriptors


def test_what_is_kept_is_handed_to_every_daemon_to_come(keeper):
    keeper.command("keep fifo")
    keeper.command("abort")
    keeper.daemon(1)
    keeper.command("read fifo")
    keeper.command("abort")

    keeper.daemon(2)

    assert keeper.noted("read") == "fifo"
    assert [one["kept"] for one in keeper.begun] == [[], ["control", "fifo"], ["control", "fifo"]]


def test_what_is_dropped_is_closed(keeper):
    before = settled_descriptors(keeper)
    keeper.command("keep fifo")
    eventually_sync(lambda: keeper.descriptors() == before + 1)

    keeper.command("drop fifo")

    eventually_sync(lambda: keeper.descriptors() == before)
    keeper.command("abort")
    keeper.daemon(1)
    assert keeper.begun[1]["kept"] == ["control"]


def test_what_is_kept_again_under_a_name_takes_the_place_of_the_old(keeper):
    before = settled_descriptors(keeper)

    for _ in range(10):
        keeper.command("keep fifo")
    keeper.ping()

    eventually_sync(lambda: keeper.descriptors() == before + 1)


def test_a_listening_socket_accepts_while_no_daemon_is_there(keeper):
    leave_down(keeper)

    waiting = [connect(keeper) for _ in range(3)]

    revived = keeper.daemon(DEATHS_ALLOWED)
    for connection in waiting:
        keeper.command("accept")
        with connection:
            assert connection.recv(100) == f"{revived}\n".encode()


def test_a_daemon_inherits_nothing_that_is_kept(keeper):
    for number in range(20):
        keeper.command(f"keep fifo{number}")
    keeper.command("abort")

    keeper.daemon(1)

    assert len(keeper.begun[1]["kept"]) == 21
    assert keeper.begun[1]["inherited"] == keeper.begun[0]["inherited"]


def test_more_can_be_kept_than_a_program_may_open(tmp_path):
    limited = ("sh", "-c", 'ulimit -S -n 64 && exec "$@"', "sh")

    with a_keeper(tmp_path, prefix=limited) as keeper:
        for number in range(100):
            keeper.command(f"keep fifo{number}")
        keeper.ping()
        eventually_sync(lambda: keeper.descriptors() > 100)

        assert keeper.begun[0]["open_files"] == 64


@pytest.mark.slow
def test_nothing_leaks_over_20_restarts(keeper):
    before = settled_descriptors(keeper) + 1
    keeper.command("keep fifo")
    eventually_sync(lambda: keeper.descriptors() == before)

    for number in range(1, 21):
        keeper.command(f"exit {RESTART_CODE}")
        keeper.daemon(number)
    keeper.ping()

    eventually_sync(lambda: keeper.descriptors() == before)
    assert keeper.begun[-1]["inherited"] == keeper.begun[0]["inherited"]
    assert keeper.process.poll() is None


# exits


def test_the_exits_of_orphans_reach_the_next_daemon_exactly(keeper):
    gate = keeper.folder / "gate"
    os.mkfifo(gate)
    by_code = keeper.start_program(f"read line < {gate}; exit 7")
    by_signal = keeper.start_program("exec sleep 1000")
    starts = {pid: start_time_of(pid) for pid in (by_code, by_signal)}
    leave_down(keeper)
    assert parent_of(by_code) == parent_of(by_signal) == keeper.pid

    gate.write_text("\n")
    os.kill(by_signal, signal.SIGUSR1)
    for pid in (by_code, by_signal):
        eventually_sync(lambda pid=pid: not os.path.exists(f"/proc/{pid}"))
    connect(keeper).close()

    keeper.daemon(DEATHS_ALLOWED)
    exits = keeper.begun[-1]["exits"]
    assert [by_code, starts[by_code], 7, None] in exits
    assert [by_signal, starts[by_signal], None, signal.SIGUSR1] in exits


def test_an_exit_code_is_told_as_one(keeper):
    gate = keeper.folder / "gate"
    os.mkfifo(gate)
    pid = keeper.start_program(f"read line < {gate}; exit 7")
    started = start_time_of(pid)
    keeper.command("abort")
    keeper.daemon(1)
    keeper.ping()

    gate.write_text("\n")
    keeper.command("exits")

    assert [pid, started, 7, None] in keeper.noted("told")


def test_an_exit_is_told_again_to_a_daemon_that_comes_after_one_that_did_not_get_to_hear(keeper):
    pid = keeper.start_program("exec sleep 1000")
    keeper.ping()
    keeper.command("abort")
    keeper.daemon(1)
    keeper.ping()

    os.kill(pid, signal.SIGKILL)
    eventually_sync(lambda: not os.path.exists(f"/proc/{pid}"))
    keeper.command("abort")

    keeper.daemon(2)
    assert pid in [one[0] for one in keeper.begun[2]["exits"]]


def test_what_ends_together_with_the_daemon_is_told_to_the_next(keeper):
    pid = keeper.start_program("exec sleep 1000")
    keeper.command("abort")
    keeper.daemon(1)
    keeper.ping()
    os.kill(keeper.pid, signal.SIGSTOP)

    os.kill(pid, signal.SIGKILL)
    keeper.kill_daemon(1)
    eventually_sync(lambda: not is_alive(pid) and not is_alive(keeper.daemon(1)))
    os.kill(keeper.pid, signal.SIGCONT)

    keeper.daemon(2)
    assert pid in [one[0] for one in keeper.begun[2]["exits"]]


def test_what_a_daemon_was_starting_when_it_died_is_known_by_its_token(keeper):
    keeper.command("launch_and_die")

    keeper.daemon(1)

    ((token, pid, began),) = keeper.begun[1]["programs"]
    assert token == "the last"
    assert keeper.begun[1]["exits"] == [[pid, began, 7, None]]


def test_an_end_that_is_recorded_is_told_no_more(keeper):
    pid = keeper.start_program("exec sleep 1000")
    began = start_time_of(pid)
    keeper.command("abort")
    keeper.daemon(1)
    os.kill(pid, signal.SIGKILL)
    keeper.command("exits")
    assert keeper.noted("told") == [[pid, began, None, 9]]

    keeper.command(f"record {pid} {began}")
    keeper.command("abort")

    keeper.daemon(2)
    assert (keeper.begun[2]["programs"], keeper.begun[2]["exits"]) == ([], [])


# signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_end_is_passed_on_and_the_keeper_ends_with_its_daemon(keeper, number):
    keeper.ping()

    os.kill(keeper.pid, number)

    assert keeper.wait() == 0
    assert keeper.noted("signal") == number
    assert len(keeper.begun) == 1


def test_a_hangup_is_passed_on(keeper):
    keeper.ping()

    os.kill(keeper.pid, signal.SIGHUP)

    assert keeper.noted("signal") == signal.SIGHUP
    keeper.ping()


def test_a_signal_that_comes_while_a_daemon_starts_waits_until_it_can_be_heeded(tmp_path):
    (tmp_path / "slow").touch()
    with a_keeper(tmp_path) as keeper:
        keeper.daemon(0)

        os.kill(keeper.pid, signal.SIGTERM)
        os.write(keeper.commands, b"go on\n")

        assert keeper.wait() == 0
        assert keeper.noted("signal") == signal.SIGTERM


def test_a_daemon_that_dies_of_its_end_is_followed_by_one_that_is_asked_again(keeper):
    keeper.command("shrug")
    keeper.ping()
    os.kill(keeper.pid, signal.SIGTERM)
    assert keeper.noted("signal") == signal.SIGTERM

    keeper.kill_daemon(0)

    assert keeper.wait() == 0
    assert len(keeper.begun) == 2
    assert [note["pid"] for note in keeper.notes if "signal" in note] == [
        keeper.daemon(0),
        keeper.daemon(1),
    ]


def test_a_keeper_whose_daemon_was_left_down_has_one_more_end_the_programs(keeper):
    leave_down(keeper)

    os.kill(keeper.pid, signal.SIGTERM)

    assert keeper.wait() == 0
    assert len(keeper.begun) == DEATHS_ALLOWED + 1
    assert keeper.noted("signal") == signal.SIGTERM


def test_a_keeper_that_cannot_end_its_programs_ends_with_an_error(keeper):
    leave_down(keeper)
    (keeper.folder / "dies-at-once").touch()

    os.kill(keeper.pid, signal.SIGTERM)

    assert keeper.wait() == 1
    assert "keeper.programs_left_behind" in keeper.log


# renewal


def test_a_keeper_renews_itself_and_keeps_its_pid_its_children_and_its_descriptors(keeper):
    orphan = keeper.start_program("exec sleep 1000")
    keeper.command("keep fifo")
    keeper.command(f"exit {RESTART_CODE}")

    keeper.daemon(1)
    keeper.ping()

    assert keeper.process.poll() is None
    assert keeper.log == "renewing\n"
    assert keeper.begun[1]["kept"] == ["control", "fifo"]
    assert keeper.begun[1]["open_files"] == keeper.begun[0]["open_files"]
    assert (parent_of(orphan), parent_of(keeper.daemon(1))) == (keeper.pid, keeper.pid)
    keeper.command("read fifo")
    assert keeper.noted("read") == "fifo"


def test_a_keeper_that_cannot_renew_itself_goes_on_as_it_is(keeper):
    (keeper.folder / "cannot-renew").touch()
    keeper.command(f"exit {RESTART_CODE}")

    keeper.daemon(1)
    keeper.ping()
    os.kill(keeper.pid, signal.SIGTERM)

    assert keeper.wait() == 0


def test_a_keeper_whose_home_was_claimed_leaves_it_to_the_other(keeper):
    (keeper.folder / "claimed").touch()

    keeper.command(f"exit {RESTART_CODE}")

    assert keeper.wait() == 0
    assert len(keeper.begun) == 1


def test_exits_outlive_a_renewal(keeper):
    pid = keeper.start_program("exec sleep 1000")
    keeper.command(f"exit {RESTART_CODE}")
    keeper.daemon(1)
    os.kill(pid, signal.SIGKILL)
    keeper.command("exits")
    assert pid in [one[0] for one in keeper.noted("told")]

    keeper.command(f"exit {RESTART_CODE}")

    keeper.daemon(2)
    assert pid in [one[0] for one in keeper.begun[2]["exits"]]


# a line that does not behave, a machine that has nothing left


@pytest.mark.parametrize(
    "packet",
    [
        b"nonsense", b"\xff\xfe\x00", b"[1, 2]", b"null", b"7", b'{"keep": ["no descriptor"]}',
        b'{"keep": 7}', b'{"drop": "unknown"}', b'{"drop": []}', b'{"future": 1}', b"[" * 60_000,
        b'{"keep": [[]]}', b'{"launched": [7, ["token"], ["token", [], 1]]}',
    ],
    ids=range(13),
)  # fmt: skip
def test_junk_on_the_line_harms_nothing(keeper, packet):
    before = settled_descriptors(keeper)

    keeper.folder.joinpath("junk").write_bytes(packet)
    keeper.command(f"raw {packet.hex()}" if len(packet) < 1000 else "raw " + "5b" * 20_000)
    keeper.command("abort")

    keeper.daemon(1)
    keeper.ping()
    eventually_sync(lambda: keeper.descriptors() == before)
    assert keeper.begun[1]["kept"] == ["control"]


def test_more_descriptors_than_one_are_closed_again(keeper):
    before = settled_descriptors(keeper)

    keeper.command("flood")
    keeper.ping()

    eventually_sync(lambda: keeper.descriptors() == before + 1)


def test_without_descriptors_a_daemon_is_started_as_soon_as_there_are_some(keeper):
    settled_descriptors(keeper)
    limits = resource.prlimit(keeper.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(keeper.pid, resource.RLIMIT_NOFILE, (3, limits[1]))
    keeper.kill_daemon(0)
    eventually_sync(lambda: "keeper.no_daemon_yet" in keeper.log)
    assert keeper.process.poll() is None

    resource.prlimit(keeper.pid, resource.RLIMIT_NOFILE, limits)

    keeper.daemon(1)
    keeper.ping()
