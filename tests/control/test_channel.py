import signal
import socket
import threading

import pytest

from pmdaemon.config.paths import Home
from pmdaemon.control import channel as channel_module
from pmdaemon.control.channel import Channel
from pmdaemon.core.errors import (
    DaemonNotRunning,
    DaemonUnavailable,
    HomeUnusable,
    PmdaemonError,
    ProtocolViolation,
)
from tests.support.scripted_daemon import WELCOME, ScriptedDaemon
from tests.support.waiting import eventually_sync

REFUSED = b'{"error": {"code": "unsupported", "message": "not today", "details": {}}}\n'


def test_a_request_gets_its_result(home, daemon):
    daemon.answers("ping", {"result": {"pid": 7}})

    result = Channel(home).request("ping", {"a": 1})

    assert result == {"pid": 7}
    assert daemon.requests == [("ping", {"a": 1})]
    assert daemon.hellos[0]["pmdaemon"] == 1


def test_progress_is_passed_on(home, daemon):
    daemon.answers("stop", {"progress": "stopping a"}, {"progress": "b"}, {"result": {}})
    heard = []

    Channel(home).request("stop", on_progress=heard.append)

    assert heard == ["stopping a", "b"]


def test_an_error_of_the_daemon_is_raised_with_its_code_and_details(home, daemon):
    body = {"code": "tcp_port_taken", "message": "port 3000 is taken", "details": {"port": 3000}}
    daemon.answers("start", {"error": body})

    with pytest.raises(PmdaemonError, match="port 3000 is taken") as caught:
        Channel(home).request("start")

    assert (caught.value.code, caught.value.details) == ("tcp_port_taken", {"port": 3000})


def test_a_refused_hello_says_why(home, daemon):
    body = {"code": "protocol_violation", "message": "hello is too old", "details": {}}
    daemon.welcome = [{"error": body}]

    with pytest.raises(PmdaemonError, match="hello is too old"):
        Channel(home).request("ping")


def test_a_daemon_of_another_protocol_is_named(home, daemon):
    daemon.welcome = [{**WELCOME, "pmdaemon": 2, "version": "9.9"}]

    with pytest.raises(ProtocolViolation, match=r"pmdaemon 9\.9.* kill 4242"):
        Channel(home).request("ping")


@pytest.mark.parametrize(
    "answer", [b"garbage\n", b"[]\n", b"{}\n", b'{"result": 3}\n', b'{"item": {}}\n']
)
def test_an_answer_that_is_none_is_a_violation(home, daemon, answer):
    daemon.answers("list", answer)

    with pytest.raises(ProtocolViolation):
        Channel(home).request("list")


def test_a_line_without_an_end_is_a_violation(home, daemon, monkeypatch):
    monkeypatch.setattr(channel_module, "MAX_MESSAGE", 1000)
    daemon.answers("list", b"x" * 2000)
    daemon.held = {"list"}

    with pytest.raises(ProtocolViolation, match="over 1000 bytes"):
        Channel(home).request("list")


def test_a_large_result_comes_whole(home, daemon):
    daemon.answers("list", {"result": {"text": "x" * 3_000_000}})

    assert len(Channel(home).request("list")["text"]) == 3_000_000


def test_a_daemon_that_dies_within_its_answer_is_an_error(home, daemon):
    daemon.answers("list", b'{"result": {"proc')

    with pytest.raises(DaemonUnavailable, match="ended before it had answered"):
        Channel(home).request("list")


def test_a_daemon_that_does_not_answer_is_given_up(home, daemon):
    daemon.answers("list")
    daemon.held = {"list"}

    with pytest.raises(DaemonUnavailable, match=r"not answer within 0\.05 s"):
        Channel(home).request("list", deadline=0.05)


def test_a_daemon_that_hangs_up_before_its_welcome_is_asked_again(home, daemon):
    daemon.welcome = [b"", b"", WELCOME]
    daemon.answers("ping", {"result": {"pid": 7}})

    assert Channel(home).request("ping") == {"pid": 7}
    assert len(daemon.hellos) == 3
    assert len(daemon.requests) == 1


def test_without_a_daemon_and_a_starter_nothing_is_started(home):
    with pytest.raises(DaemonNotRunning):
        Channel(home).request("ping")


def test_there_is_no_daemon_in_what_is_no_folder(tmp_path):
    file = tmp_path / "file"
    file.write_text("mine")

    with pytest.raises(DaemonNotRunning):
        Channel(Home(str(file))).request("ping")


def test_a_home_whose_path_is_too_long_is_said_to_be_unusable(tmp_path):
    with pytest.raises(HomeUnusable, match=r"^cannot use .* as home: file name too long$"):
        Channel(Home(str(tmp_path / ("a" * 300)))).request("ping")


def test_a_home_that_is_closed_to_this_user_is_said_to_be_unusable(home, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    # Nothing is closed to root, who may be running this.
    monkeypatch.setattr(socket.socket, "connect", refuse)

    with pytest.raises(HomeUnusable, match=r"^cannot use .* as home: permission denied$"):
        Channel(home).request("ping")


def test_a_missing_daemon_is_started(home, starter):
    assert Channel(home, starter).request("ping") == {}
    assert starter.times == 1


def test_a_stale_socket_does_not_count_as_a_daemon(home):
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(home.socket)
    stale.close()

    with pytest.raises(DaemonNotRunning):
        Channel(home).request("ping")


def test_a_start_that_another_command_won_is_a_connection(home):
    daemons = []

    def lose_the_race():
        if daemons:
            return
        daemons.append(ScriptedDaemon(home.socket))
        daemons[0].answers("ping", {"result": {}})
        daemons[0].__enter__()
        raise PmdaemonError("there is one already", code="daemon_already_running")

    try:
        assert Channel(home, lose_the_race).request("ping") == {}
    finally:
        daemons[0].__exit__()


def test_a_start_that_failed_says_why(home):
    def fail():
        raise PmdaemonError("the store is damaged", code="store_unavailable")

    with pytest.raises(PmdaemonError, match="damaged") as caught:
        Channel(home, fail).request("ping")

    assert caught.value.code == "store_unavailable"


def test_a_race_that_nobody_wins_is_given_up(home, monkeypatch):
    monkeypatch.setattr(channel_module, "CONNECT_PATIENCE", 0.0)

    def lose():
        raise PmdaemonError("there is one already", code="daemon_already_running")

    with pytest.raises(DaemonUnavailable, match="no daemon answered"):
        Channel(home, lose).request("ping")


def test_a_stream_yields_items_until_its_result(home, daemon):
    daemon.answers(
        "follow", {"item": {"n": 1}}, {"progress": "…"}, {"item": {"n": 2}}, {"result": {}}
    )

    assert list(Channel(home).stream("follow")) == [{"n": 1}, {"n": 2}]


def test_a_stream_whose_daemon_goes_away_says_so(home, daemon):
    daemon.answers("follow", {"item": {"n": 1}})
    items = Channel(home).stream("follow")

    assert next(items) == {"n": 1}
    with pytest.raises(DaemonUnavailable):
        next(items)


def test_a_stream_heeds_a_signal_that_did_not_interrupt_its_waiting(home, daemon, monkeypatch):
    monkeypatch.setattr(channel_module, "SIGNAL_DELAY", 0.01)
    daemon.answers("follow", {"item": {"n": 1}})
    daemon.held = {"follow"}
    items = Channel(home).stream("follow")
    next(items)

    # Raised in another thread, it interrupts no system call of this one.
    elsewhere = threading.Timer(0.1, signal.raise_signal, [signal.SIGINT])

    def wait():
        elsewhere.start()
        next(items)

    with pytest.raises(KeyboardInterrupt):
        wait()
    elsewhere.join()


def test_a_closed_stream_hangs_up(home, daemon):
    daemon.answers("follow", {"item": {"n": 1}})
    daemon.held = {"follow"}
    items = Channel(home).stream("follow")
    next(items)

    items.close()

    eventually_sync(lambda: daemon.hang_ups == 1)


def test_progress_that_nobody_asked_for_is_passed_over(home, daemon):
    daemon.answers("stop", {"progress": "stopping a"}, {"result": {"pid": 7}})

    assert Channel(home).request("stop") == {"pid": 7}


def test_who_is_not_listened_to_hears_why(home, who_does_not_listen):
    who_does_not_listen(REFUSED)

    with pytest.raises(PmdaemonError, match="not today") as refusal:
        Channel(home).request("start", {"text": "x" * 4_000_000})

    assert refusal.value.code == "unsupported"


def test_who_is_never_listened_to_gives_up(home, who_does_not_listen, monkeypatch):
    monkeypatch.setattr(channel_module, "CONNECT_PATIENCE", 0.0)
    who_does_not_listen(b"")

    with pytest.raises(DaemonUnavailable, match="no daemon answered"):
        Channel(home).request("ping")


def test_a_daemon_that_does_not_read_is_given_up(home):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(home.socket)
        listener.listen()

        with pytest.raises(DaemonUnavailable, match=r"not answer within 0\.05 s"):
            Channel(home).request("start", {"text": "x" * 4_000_000}, deadline=0.05)


def test_what_is_no_daemons_socket_cannot_be_reached(home):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(home.socket)

        with pytest.raises(DaemonUnavailable, match=r"cannot reach the daemon at .*daemon.sock: "):
            Channel(home).request("ping")


def test_a_full_queue_of_connections_is_no_connection(home, monkeypatch):
    monkeypatch.setattr(channel_module, "CONNECT_PATIENCE", 0.05)
    monkeypatch.setattr(channel_module, "ANSWER_PATIENCE", 0.0)
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as waiting:
        listener.bind(home.socket)
        listener.listen(0)
        waiting.connect(home.socket)  # fills the queue

        with pytest.raises(DaemonUnavailable, match="no daemon answered"):
            Channel(home).request("ping")
