import asyncio
import errno
import os
import socket

import pytest

from pmdaemon.server.http.listeners import (
    AddressUnusable,
    KeptListeners,
    NothingKept,
    listen,
    port_of,
    url_of,
)
from tests.support.ports import has_ipv6


@pytest.fixture
async def listening():
    """Listen until the test is over."""
    opened = []

    async def start(host, tcp_port):
        listeners = await listen(host, tcp_port)
        opened.extend(listeners)
        return listeners

    yield start
    for listener in opened:
        listener.close()


def addresses(listeners):
    return sorted(listener.getsockname()[0] for listener in listeners)


async def test_a_free_port_is_found(listening):
    [listener] = await listening("127.0.0.1", 0)

    with socket.create_connection(("127.0.0.1", port_of(listener))) as connection:
        assert connection.getpeername() == listener.getsockname()


async def test_a_name_is_listened_on_at_all_its_addresses_and_one_port(listening):
    listeners = await listening("localhost", 0)

    assert "127.0.0.1" in addresses(listeners)
    assert len({port_of(listener) for listener in listeners}) == 1


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
async def test_an_ipv6_address_is_listened_on(listening):
    [listener] = await listening("::1", 0)

    with socket.create_connection(("::1", port_of(listener))):
        pass


async def test_an_address_that_the_machine_has_not_is_left_out(listening, monkeypatch):
    async def resolve(*_, **__):
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 0)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0)),
        ]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)

    assert addresses(await listening("both.example.com", 0)) == ["127.0.0.1"]


async def test_a_port_that_is_in_use_is_refused(listening):
    [listener] = await listening("127.0.0.1", 0)
    port = port_of(listener)

    with pytest.raises(AddressUnusable, match="another program is listening there") as refused:
        await listen("127.0.0.1", port)

    assert refused.value.code == "address_in_use"
    assert refused.value.details == {"host": "127.0.0.1", "port": port}


async def test_a_port_of_which_one_address_is_in_use_is_not_half_taken(listening):
    [listener] = await listening("127.0.0.1", 0)
    port = port_of(listener)
    if not has_ipv6():
        pytest.skip("this machine has no IPv6")

    with pytest.raises(AddressUnusable):
        await listen("localhost", port)

    await listening("::1", port)


async def test_a_port_is_free_again_at_once(listening):
    [first] = await listen("127.0.0.1", 0)
    port = port_of(first)
    with socket.create_connection(("127.0.0.1", port)):
        accepted, _ = first.accept()
        # Whoever closes first keeps the address in TIME_WAIT.
        accepted.close()
    first.close()

    assert await listening("127.0.0.1", port)


async def test_an_address_of_another_machine_is_refused():
    with pytest.raises(AddressUnusable, match="this machine does not have that address") as refused:
        await listen("192.0.2.1", 9615)

    assert refused.value.code == "address_unusable"


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("no-such-host.invalid", 9615),
        ("999.1.1.1", 9615),
        ("a" * 300, 9615),
        ("bad host", 9615),
        ("é" * 70, 9615),
        ("nul\0", 9615),
        ("127.0.0.1", 65536),
        ("127.0.0.1", -1),
    ],
)
async def test_what_is_no_address_is_refused(host, port):
    with pytest.raises(AddressUnusable) as refused:
        await listen(host, port)

    assert refused.value.code == "address_unusable"
    assert refused.value.message.startswith("cannot listen on ")
    assert "\0" not in refused.value.message


async def test_a_port_that_is_not_for_this_user_is_refused(monkeypatch):
    def bind(*_):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(socket.socket, "bind", bind)

    with pytest.raises(AddressUnusable, match="this user may not") as refused:
        await listen("127.0.0.1", 80)

    assert refused.value.code == "address_forbidden"
    assert refused.value.message.endswith("this user may not (ports below 1024 are for root)")


async def test_what_is_written_to_a_connection_is_sent_at_once(listening):
    def serve(_, writer):
        connection = writer.get_extra_info("socket")
        at_once.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    at_once = asyncio.get_running_loop().create_future()
    [listener] = await listening("127.0.0.1", 0)
    async with await asyncio.start_server(serve, sock=listener):
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(listener))
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()

    assert at_once.result()


@pytest.mark.skipif(
    not hasattr(socket, "TCP_USER_TIMEOUT"), reason="this system has no such option"
)
async def test_connections_are_given_up_when_their_client_stops_reading(listening):
    [listener] = await listening("127.0.0.1", 0)

    with socket.create_connection(("127.0.0.1", port_of(listener))):
        accepted, _ = listener.accept()
        with accepted:
            limit = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)

    assert limit == 60_000


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:80"), ("::1", "http://[::1]:80"), ("a.b", "http://a.b:80")],
)
def test_an_address_is_worded_as_a_url(host, url):
    assert url_of(host, 80) == url


def port_at(listeners):
    return port_of(listeners.sockets[0])


async def test_clients_that_come_between_two_daemons_wait_for_the_next(keeper):
    first = await KeptListeners.open("localhost", 0, keeper)
    port = port_at(first)
    first.close()

    with socket.create_connection(("127.0.0.1", port)):
        second = await KeptListeners.open("localhost", 0, keeper)
        [listener] = [one for one in second.sockets if one.family == socket.AF_INET]
        accepted, _ = listener.accept()

    assert port_at(second) == port
    accepted.close()
    second.close()


async def test_listeners_that_are_forgotten_leave_their_port_free(keeper, listening):
    kept = await KeptListeners.open("127.0.0.1", 0, keeper)
    port = port_at(kept)

    kept.forget()
    kept.close()

    assert keeper.kept == {}
    assert await listening("127.0.0.1", port)


async def test_what_is_kept_of_one_address_is_not_taken_for_another(keeper):
    first = await KeptListeners.open("127.0.0.1", 0, keeper)

    other = await KeptListeners.open("127.0.0.2", 0, keeper)

    assert other.sockets[0].getsockname()[0] == "127.0.0.2"
    first.close()
    other.close()


async def test_an_address_that_cannot_be_used_keeps_nothing(keeper):
    with pytest.raises(AddressUnusable):
        await KeptListeners.open("192.0.2.1", 9615, keeper)

    assert keeper.kept == {}


async def test_where_nobody_keeps_anything_each_daemon_binds_anew():
    kept = await KeptListeners.open("127.0.0.1", 0, NothingKept())
    port = port_at(kept)
    kept.forget()
    kept.close()

    again = await KeptListeners.open("127.0.0.1", port, NothingKept())

    assert port_at(again) == port
    again.close()
