import asyncio
import re

import pytest
from aiohttp import ClientConnectionError, ClientSession
from msgspec.structs import replace

from pmdaemon.core.access import Scope, digest_of
from pmdaemon.core.rate_limits import RateLimit
from pmdaemon.engine.interfaces import WebSettings
from pmdaemon.server.http.access import Gate
from pmdaemon.server.http.app import DIALECTS, HttpServer, access_table, build_app
from pmdaemon.server.http.guard import Guard
from pmdaemon.server.http.listeners import AddressUnusable
from tests.dialects.transcripts import ask, send
from tests.fakes.descriptor_store import FakeDescriptorStore
from tests.support.builders import an_app
from tests.support.waiting import eventually

OPEN = WebSettings("127.0.0.1", 0)
LOCKED = WebSettings("127.0.0.1", 0, digest_of("sesame"))


@pytest.fixture
async def server(parts):
    server = HttpServer(parts.engine)
    yield server
    await server.turn_off()


def port_of(server):
    return int(server.address.rsplit(":", 1)[1])


async def status_at(port, *headers):
    answer = await ask(port, ["GET /api/status HTTP/1.1", *headers])
    return answer.status


async def test_it_answers_at_the_address_it_says(server):
    assert server.address is None

    await server.turn_on(OPEN)

    assert server.address.startswith("http://127.0.0.1:")
    assert await status_at(port_of(server)) == 200


async def test_it_is_off_when_it_was_turned_off(server):
    await server.turn_on(OPEN)
    port = port_of(server)

    await server.turn_off()

    assert server.address is None
    with pytest.raises(ConnectionRefusedError):
        await status_at(port)


async def test_turning_off_what_is_off_does_nothing(server):
    await server.turn_off()

    assert server.address is None


async def test_other_settings_at_the_same_address_hold_at_once(server):
    await server.turn_on(OPEN)
    address = server.address

    await server.turn_on(LOCKED)

    assert server.address == address
    assert await status_at(port_of(server)) == 401
    assert await status_at(port_of(server), "X-API-Key: sesame") == 200


async def test_other_settings_hold_for_connections_that_are_there(server):
    await server.turn_on(OPEN)
    async with ClientSession(server.address) as session:
        async with session.get("/api/status") as before:
            pass

        await server.turn_on(LOCKED)

        async with session.get("/api/status") as after:
            pass
    assert (before.status, after.status) == (200, 401)


async def test_it_moves_to_another_address(server, unused_tcp_port):
    await server.turn_on(OPEN)
    old = port_of(server)

    await server.turn_on(WebSettings("127.0.0.1", unused_tcp_port))

    assert await status_at(unused_tcp_port) == 200
    with pytest.raises(ConnectionRefusedError):
        await status_at(old)


async def test_it_moves_to_an_address_that_takes_in_its_own(server):
    await server.turn_on(OPEN)
    port = port_of(server)

    await server.turn_on(WebSettings("0.0.0.0", port, digest_of("sesame")))

    assert server.address == f"http://0.0.0.0:{port}"
    assert await status_at(port, "X-API-Key: sesame") == 200


async def test_it_comes_back_when_another_is_in_the_way_of_such_a_move(server):
    await server.turn_on(OPEN)
    port = port_of(server)
    await server.turn_on(WebSettings("127.0.0.1", 0, digest_of("mellon")))
    taken = await asyncio.start_server(lambda *_: None, "127.0.0.2", port)

    with pytest.raises(AddressUnusable):
        await server.turn_on(WebSettings("0.0.0.0", port, digest_of("sesame")))

    taken.close()
    assert server.address == f"http://127.0.0.1:{port}"
    assert await status_at(port, "X-API-Key: mellon") == 200


async def test_an_address_that_cannot_be_used_leaves_everything_as_it_was(server):
    await server.turn_on(LOCKED)
    port = port_of(server)
    taken = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)

    with pytest.raises(AddressUnusable) as refused:
        await server.turn_on(WebSettings("127.0.0.1", taken.sockets[0].getsockname()[1]))

    taken.close()
    assert refused.value.code == "address_in_use"
    assert await status_at(port, "X-API-Key: sesame") == 200
    assert await status_at(port) == 401


async def test_it_lets_nobody_in_from_the_network_without_a_key(server):
    await server.turn_on(WebSettings("0.0.0.0", 0))

    assert await status_at(port_of(server)) == 401


async def test_a_token_lets_in_until_it_is_revoked(parts, server):
    await server.turn_on(LOCKED)
    port = port_of(server)
    _, secret = await parts.engine.tokens.make("ci", scopes=["read"])
    assert await status_at(port, f"X-API-Key: {secret}") == 200

    await parts.engine.tokens.revoke("ci")

    assert await status_at(port, f"X-API-Key: {secret}") == 401


async def test_a_key_that_is_made_closes_an_open_server_at_once(parts, server):
    await server.turn_on(OPEN)
    port = port_of(server)
    assert await status_at(port) == 200

    _, secret = await parts.engine.tokens.make()

    assert await status_at(port) == 401
    assert await status_at(port, f"Authorization: Bearer {secret}") == 200


async def test_it_can_be_turned_on_again(server, unused_tcp_port):
    settings = WebSettings("127.0.0.1", unused_tcp_port)
    await server.turn_on(settings)
    await status_at(unused_tcp_port)
    await server.turn_off()

    await server.turn_on(settings)

    assert await status_at(unused_tcp_port) == 200


async def test_idle_connections_do_not_keep_it_from_ending(server):
    await server.turn_on(OPEN)
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(server))
    writer.write(b"GET /api/status HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await reader.readuntil(b"}\n")

    await server.turn_off()

    assert await reader.read() == b""
    writer.close()


async def test_a_request_that_waits_for_a_program_does_not_keep_it_from_ending(
    parts, server, monkeypatch
):
    monkeypatch.setattr("pmdaemon.server.http.site.PATIENCE", 0.01)
    await parts.start(an_app(name="web"))
    parts.program(0).ignores = frozenset({"SIGINT"})
    await server.turn_on(OPEN)
    async with ClientSession(server.address) as session:
        pending = asyncio.get_running_loop().create_task(
            session.post("/api/processes/web/stop").__aenter__()
        )
        await eventually(lambda: parts.trees.signals)

        await server.turn_off()

        with pytest.raises(ClientConnectionError):
            await pending


async def test_making_way_leaves_clients_to_the_next_server(parts):
    keeper = FakeDescriptorStore()
    first, second = HttpServer(parts.engine, keeper), HttpServer(parts.engine, keeper)
    await first.turn_on(LOCKED)
    port = port_of(first)

    await first.make_way()
    waiting = asyncio.get_running_loop().create_task(status_at(port, "X-API-Key: sesame"))
    await second.turn_on(LOCKED)

    assert await waiting == 200
    assert port_of(second) == port
    await second.turn_off()
    assert keeper.kept == {}


async def test_every_answer_says_that_it_is_nobody_elses(server):
    await server.turn_on(LOCKED)

    answers = [
        await ask(port_of(server), [f"{line} HTTP/1.1"])
        for line in ("GET /", "GET /api/status", "GET /nowhere", "DELETE /", "no request")
    ]

    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["server"] == "pmdaemon"


@pytest.mark.parametrize("letters", [1000, 8000])
async def test_an_id_of_any_length_is_not_found_in_a_short_sentence(server, letters):
    await server.turn_on(OPEN)

    answer = await ask(port_of(server), [f"GET /api/processes/{'x' * letters} HTTP/1.1"])

    assert answer.status == 404
    assert len(answer.body) < 500


async def test_an_id_of_ten_thousand_letters_is_too_much(server):
    await server.turn_on(OPEN)

    answer = await ask(port_of(server), [f"GET /api/processes/{'x' * 10_000} HTTP/1.1"])

    assert (answer.status, answer.json["error"]["code"]) == (431, "HEAD_TOO_LARGE")


@pytest.mark.parametrize("value", [b"\xff\xfe", b"\xc3\xbc", b"caf\xe9", b"a" * 8000])
async def test_a_key_of_odd_bytes_is_a_wrong_key(server, value):
    await server.turn_on(LOCKED)

    answer = await send(
        port_of(server),
        b"GET /api/status HTTP/1.0\r\nHost: localhost\r\nX-API-Key: " + value + b"\r\n\r\n",
    )

    assert (answer.status, answer.json["error"]["code"]) == (401, "UNAUTHORIZED")


async def test_a_request_without_a_host_is_answered(server):
    await server.turn_on(OPEN)

    answer = await send(port_of(server), b"GET /api/status HTTP/1.0\r\n\r\n")

    assert answer.status == 200


def test_no_two_dialects_collide():
    paths = [(one.method, one.path) for dialect in DIALECTS for one in dialect.endpoints]

    assert len(set(paths)) == len(paths)


async def test_what_everything_needs_is_in_the_table(parts):
    guard = Guard(Gate(OPEN), parts.clock, parts.audit)

    routed = {
        (route.method, route.resource.canonical)
        for route in build_app(parts.engine, guard).router.routes()
    }

    preflights = {(method, path) for method, path in routed if method == "OPTIONS"}
    assert routed - preflights == set(access_table())


async def test_nothing_but_what_is_public_can_be_had_without_a_key(server):
    await server.turn_on(replace(LOCKED, rate_limits=()))

    for (method, path), scope in access_table().items():
        address = re.sub(r"\{\w+\}", "0", path)
        answer = await ask(port_of(server), [f"{method} {address} HTTP/1.1"])
        if path.startswith("/git/"):
            assert answer.status in {401, 403}  # it asks by itself, as git understands
        else:
            assert (answer.status == 401) == (scope is not Scope.PUBLIC), (method, path)


async def test_every_answer_has_its_headers(server):
    await server.turn_on(LOCKED)

    for path in ("/api/processes", "/", "/api/status", "/nowhere"):
        answer = await ask(port_of(server), [f"GET {path} HTTP/1.1"])
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["vary"] == "Origin"
        assert answer.headers["x-ratelimit-limit"] == "20"
        assert int(answer.headers["x-ratelimit-remaining"]) < 20
        assert "x-ratelimit-reset" in answer.headers


async def test_an_address_that_asks_too_often_is_told_when_to_come_again(server, parts):
    await server.turn_on(OPEN)
    port = port_of(server)

    for left in range(19, -1, -1):
        answer = await ask(port, ["GET /api/processes HTTP/1.1"])
        assert (answer.status, answer.headers["x-ratelimit-remaining"]) == (200, str(left))
    refused = await ask(port, ["GET /api/processes HTTP/1.1"])
    assert (refused.status, refused.json["error"]["code"]) == (429, "RATE_LIMITED")
    assert refused.headers["retry-after"] == "10"
    assert await status_at(port) == 200

    parts.clock.advance(10)
    assert (await ask(port, ["GET /api/processes HTTP/1.1"])).status == 200


async def test_paths_that_lead_nowhere_are_counted_too(server):
    await server.turn_on(OPEN)

    statuses = [(await ask(port_of(server), ["GET /nowhere HTTP/1.1"])).status for _ in range(21)]

    assert statuses == [404] * 20 + [429]


async def test_a_client_behind_a_trusted_proxy_is_counted_by_its_own_address(server):
    limits = (RateLimit(1, 60.0),)
    await server.turn_on(replace(OPEN, rate_limits=limits, trusted_proxies=("127.0.0.0/8",)))
    port = port_of(server)

    async def status_for(client):
        request = ["GET /api/processes HTTP/1.1", f"X-Forwarded-For: {client}"]
        return (await ask(port, request)).status

    assert [await status_for(f"192.0.2.{n}") for n in (1, 2, 1)] == [200, 200, 429]


async def test_nobody_else_is_believed_where_a_request_comes_from(server):
    await server.turn_on(replace(OPEN, rate_limits=(RateLimit(1, 60.0),)))
    port = port_of(server)

    statuses = [
        (await ask(port, ["GET /api/processes HTTP/1.1", f"X-Forwarded-For: 192.0.2.{n}"])).status
        for n in (1, 2)
    ]

    assert statuses == [200, 429]


PAGE = "https://app.example.com"


async def preflight(port, origin=PAGE, method="POST", headers="x-api-key"):
    return await ask(
        port,
        [
            "OPTIONS /api/processes/web/restart HTTP/1.1",
            f"Origin: {origin}",
            f"Access-Control-Request-Method: {method}",
            f"Access-Control-Request-Headers: {headers}",
        ],
    )


async def test_pages_of_all_origins_may_ask_where_a_key_is_needed(server):
    await server.turn_on(LOCKED)
    port = port_of(server)

    asked = await preflight(port)
    read = await ask(port, ["GET /api/status HTTP/1.1", "X-API-Key: sesame", f"Origin: {PAGE}"])

    assert asked.status == 200
    assert asked.headers["access-control-allow-origin"] == PAGE
    assert asked.headers["access-control-allow-headers"] == "X-API-KEY"
    assert asked.headers["access-control-allow-methods"] == "POST"
    assert (read.status, read.headers["access-control-allow-origin"]) == (200, PAGE)
    assert "x-ratelimit-remaining" in read.headers["access-control-expose-headers"].lower()
    assert "access-control-allow-credentials" not in read.headers


async def test_a_page_is_told_why_it_was_refused(server):
    await server.turn_on(LOCKED)

    answer = await ask(port_of(server), ["GET /api/processes HTTP/1.1", f"Origin: {PAGE}"])

    assert (answer.status, answer.headers["access-control-allow-origin"]) == (401, PAGE)


async def test_origins_can_be_chosen(server):
    await server.turn_on(replace(LOCKED, cors_origins=(PAGE,)))
    port = port_of(server)

    other = await preflight(port, origin="https://evil.example.com")

    assert (await preflight(port)).status == 200
    assert (other.status, other.json["error"]["code"]) == (403, "PERMISSION_DENIED")
    assert "access-control-allow-origin" not in other.headers


async def test_origins_can_be_changed_while_it_listens(server):
    await server.turn_on(replace(LOCKED, cors_origins=()))
    port = port_of(server)
    assert (await preflight(port)).status == 401

    await server.turn_on(replace(LOCKED, cors_origins=("*",)))

    assert (port_of(server), (await preflight(port)).status) == (port, 200)


@pytest.mark.parametrize(
    "request_lines",
    [
        ["GET / HTTP/1.1", f"Origin: {PAGE}"],
        ["POST /api/processes/web/stop HTTP/1.1", f"Origin: {PAGE}"],
        ["GET /api/status HTTP/1.1", "Host: rebound.example.com"],
        ["GET /nowhere HTTP/1.1", f"Origin: {PAGE}"],
    ],
)
async def test_an_open_server_does_not_let_foreign_pages_in(server, request_lines):
    await server.turn_on(OPEN)

    answer = await ask(port_of(server), request_lines)

    assert (answer.status, answer.json["error"]["code"]) == (403, "PERMISSION_DENIED")


async def test_an_open_server_does_not_let_foreign_pages_ask(server):
    await server.turn_on(OPEN)

    asked = await preflight(port_of(server))

    assert asked.status == 403
    assert "access-control-allow-origin" not in asked.headers


async def test_a_local_page_may_read_an_open_server(server):
    await server.turn_on(OPEN)

    read = await ask(port_of(server), ["GET /api/status HTTP/1.1", "Origin: http://localhost:3000"])

    assert read.headers["access-control-allow-origin"] == "http://localhost:3000"
