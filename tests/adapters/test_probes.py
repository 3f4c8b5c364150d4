import os

import pytest

from pmdaemon.adapters.clock import SystemClock
from pmdaemon.adapters.commands import Commands
from pmdaemon.adapters.platforms import process_handles, process_reader
from pmdaemon.adapters.probes import SystemProber
from pmdaemon.engine.interfaces import ProbeOrder
from tests.support.serving import a_server

pytestmark = pytest.mark.posix


@pytest.fixture
async def prober():
    reader = process_reader()
    handles = process_handles(reader)
    yield SystemProber(SystemClock(), Commands(reader, handles))
    handles.close()


@pytest.fixture
async def port():
    """A port where somebody answers every request with 500, or not at all when told `/slow`."""

    async def serve(reader, writer):
        request = await reader.readline()
        if b"/slow" in request:
            await reader.read()
        writer.write(
            b"HTTP/1.1 500 No\r\n\r\n" if b"/bad" in request else b"HTTP/1.1 200 OK\r\n\r\n"
        )

    async with a_server(serve) as port:
        yield port


def order(kind, target, timeout=60.0, **changes):
    return ProbeOrder(kind=kind, target=target, timeout=timeout, **changes)


async def found(prober, *asked, **changes):
    result = await prober.probe(order(*asked, **changes))
    return result.ok, result.detail


async def test_a_url_is_asked_for_its_status(prober, port):
    assert await found(prober, "http", f"http://127.0.0.1:{port}/") == (True, "HTTP status 200")
    assert await found(prober, "http", f"http://127.0.0.1:{port}/bad") == (False, "HTTP status 500")


async def test_one_that_does_not_answer_is_given_up(prober, port):
    assert await found(prober, "http", f"http://127.0.0.1:{port}/slow", timeout=0.2) == (
        False, "no answer within 0.2 s",
    )  # fmt: skip


async def test_a_port_is_connected_to(prober, port):
    assert await found(prober, "tcp", f"127.0.0.1:{port}") == (True, "connected")
    assert await found(prober, "tcp", str(port)) == (True, "connected")


async def test_nobody_there_is_said_in_words(prober, unused_tcp_port):
    assert await found(prober, "tcp", f"127.0.0.1:{unused_tcp_port}") == (
        False,
        "connection refused",
    )
    assert await found(prober, "http", f"http://localhost:{unused_tcp_port}/") == (
        False, "connection refused",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("exit 0", (True, "exit code 0")),
        ("echo fine; echo", (True, "exit code 0: fine")),
        ("echo the queue is full >&2; exit 1", (False, "exit code 1: the queue is full")),
        ("kill -KILL $$", (False, "signal 9")),
        ("no-such-command", None),
    ],
)
async def test_a_command_is_run(prober, command, expected):
    result = await found(prober, "command", command, env={"PATH": os.defpath})

    if expected is None:
        assert result[0] is False
        assert "exit code 127" in result[1]
    else:
        assert result == expected


async def test_a_command_that_hangs_is_given_up(prober):
    assert await found(prober, "command", "sleep 1000", timeout=0.2) == (
        False, "no answer within 0.2 s",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "target"), [("http", "http://[::1"), ("tcp", "nowhere"), ("tcp", "host:0")]
)
async def test_nonsense_is_a_failure_and_no_exception(prober, kind, target):
    ok, detail = await found(prober, kind, target)

    assert not ok
    assert detail


async def test_the_time_it_took_is_told(prober, port):
    result = await prober.probe(order("tcp", str(port)))

    assert 0 <= result.seconds < 60
