import socket

import pytest

from pmdaemon.control import async_channel
from pmdaemon.control.async_channel import AsyncChannel
from pmdaemon.core.errors import (
    DaemonNotRunning,
    DaemonUnavailable,
    PmdaemonError,
    ProtocolViolation,
)
from tests.support.scripted_daemon import WELCOME

REFUSED = b'{"error": {"code": "unsupported", "message": "not today", "details": {}}}\n'


async def test_a_request_gets_its_result_and_progress_is_passed_on(home, daemon):
    daemon.answers("stop", {"progress": "stopping a"}, {"result": {"pid": 7}})
    heard = []

    result = await AsyncChannel(home).request("stop", {"a": 1}, on_progress=heard.append)

    assert (result, heard) == ({"pid": 7}, ["stopping a"])
    assert daemon.requests == [("stop", {"a": 1})]


async def test_a_large_result_comes_whole(home, daemon):
    daemon.answers("list", {"result": {"text": "x" * 3_000_000}})

    assert len((await AsyncChannel(home).request("list"))["text"]) == 3_000_000


async def test_a_line_without_an_end_is_a_violation(home, daemon, monkeypatch):
    monkeypatch.setattr(async_channel, "MAX_MESSAGE", 1000)
    daemon.answers("list", b"x" * 4000)
    daemon.held = {"list"}

    with pytest.raises(ProtocolViolation, match="a line of over"):
        await AsyncChannel(home).request("list")


@pytest.mark.parametrize("answer", [b"garbage\n", b"[]\n", b"{}\n", b'{"item": {}}\n'])
async def test_an_answer_that_is_none_is_a_violation(home, daemon, answer):
    daemon.answers("list", answer)

    with pytest.raises(ProtocolViolation):
        await AsyncChannel(home).request("list")


async def test_a_daemon_that_dies_within_its_answer_is_an_error(home, daemon):
    daemon.answers("list", b'{"result": {"proc')

    with pytest.raises(DaemonUnavailable, match="ended before it had answered"):
        await AsyncChannel(home).request("list")


async def test_a_daemon_that_does_not_answer_is_given_up(home, daemon):
    daemon.answers("list")
    daemon.held = {"list"}

    with pytest.raises(DaemonUnavailable, match=r"not answer within 0\.05 s"):
        await AsyncChannel(home).request("list", deadline=0.05)


async def test_a_daemon_that_hangs_up_before_its_welcome_is_asked_again(home, daemon):
    daemon.welcome = [b"", b"", WELCOME]
    daemon.answers("ping", {"result": {"pid": 7}})

    assert await AsyncChannel(home).request("ping") == {"pid": 7}
    assert len(daemon.hellos) == 3


async def test_a_daemon_of_another_protocol_is_named(home, daemon):
    daemon.welcome = [{**WELCOME, "pmdaemon": 2, "version": "9.9"}]

    with pytest.raises(ProtocolViolation, match=r"pmdaemon 9\.9.* kill 4242"):
        await AsyncChannel(home).request("ping")


async def test_without_a_daemon_and_a_starter_nothing_is_started(home):
    with pytest.raises(DaemonNotRunning):
        await AsyncChannel(home).request("ping")


async def test_a_missing_daemon_is_started(home, starter):
    assert await AsyncChannel(home, starter).request("ping") == {}
    assert starter.times == 1


async def test_a_race_that_nobody_wins_is_given_up(home, monkeypatch):
    monkeypatch.setattr(async_channel, "CONNECT_PATIENCE", 0.0)

    def lose():
        raise PmdaemonError("there is one already", code="daemon_already_running")

    with pytest.raises(DaemonUnavailable, match="no daemon answered"):
        await AsyncChannel(home, lose).request("ping")


async def test_a_start_that_failed_says_why(home):
    def fail():
        raise PmdaemonError("the store is damaged", code="store_unavailable")

    with pytest.raises(PmdaemonError, match="damaged"):
        await AsyncChannel(home, fail).request("ping")


async def test_a_full_queue_of_connections_is_no_connection(home, monkeypatch):
    monkeypatch.setattr(async_channel, "CONNECT_PATIENCE", 0.05)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(home.socket)
        listener.listen(0)
        waiting = async_channel._connected(home)  # fills the queue

        with pytest.raises(DaemonUnavailable, match="no daemon answered"):
            await AsyncChannel(home).request("ping")

        waiting.close()


async def test_a_stream_yields_items_until_its_result(home, daemon):
    daemon.answers(
        "follow", {"item": {"n": 1}}, {"progress": "…"}, {"item": {"n": 2}}, {"result": {}}
    )

    assert [item async for item in AsyncChannel(home).stream("follow")] == [{"n": 1}, {"n": 2}]


async def test_a_stream_whose_daemon_goes_away_says_so(home, daemon):
    daemon.answers("follow", {"item": {"n": 1}})
    items = AsyncChannel(home).stream("follow")

    assert await anext(items) == {"n": 1}
    with pytest.raises(DaemonUnavailable):
        await anext(items)


async def test_progress_that_nobody_asked_for_is_passed_over(home, daemon):
    daemon.answers("stop", {"progress": "stopping a"}, {"result": {"pid": 7}})

    assert await AsyncChannel(home).request("stop") == {"pid": 7}


async def test_who_is_not_listened_to_hears_why(home, who_does_not_listen):
    who_does_not_listen(REFUSED)

    with pytest.raises(PmdaemonError, match="not today") as refusal:
        await AsyncChannel(home).request("start", {"text": "x" * 4_000_000})

    assert refusal.value.code == "unsupported"


async def test_who_is_never_listened_to_gives_up(home, who_does_not_listen, monkeypatch):
    monkeypatch.setattr(async_channel, "CONNECT_PATIENCE", 0.0)
    who_does_not_listen(b"")

    with pytest.raises(DaemonUnavailable, match="no daemon answered"):
        await AsyncChannel(home).request("ping")


async def test_a_daemon_that_does_not_read_is_given_up(home):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(home.socket)
        listener.listen()

        with pytest.raises(DaemonUnavailable, match=r"not answer within 0\.05 s"):
            await AsyncChannel(home).request("start", {"text": "x" * 4_000_000}, deadline=0.05)


async def test_what_is_no_daemons_socket_cannot_be_reached(home):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(home.socket)

        with pytest.raises(DaemonUnavailable, match=r"cannot reach the daemon at .*daemon.sock: "):
            await AsyncChannel(home).request("ping")
