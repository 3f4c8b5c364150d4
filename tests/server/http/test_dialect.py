import json

import pytest
from aiohttp import web

from pmdaemon.core.access import Scope, digest_of
from pmdaemon.core.errors import OperationFailed, PmdaemonError
from pmdaemon.core.rate_limits import RateLimit
from pmdaemon.engine.interfaces import WebSettings
from pmdaemon.server.http.access import Gate
from pmdaemon.server.http.dialect import UNLIMITED, Dialect, Endpoint, failure, json_response
from pmdaemon.server.http.guard import Guard, note, principal_of
from tests.fakes.audit_log import FakeAuditLog
from tests.fakes.clock import FakeClock


async def fine(_engine, _request):
    return json_response({"fine": True})


async def refused(_engine, _request):
    raise OperationFailed("cannot do this")


async def broken(_engine, _request):
    raise KeyError("a secret")


async def whose(_engine, request):
    note(request, app="web")
    return json_response(principal_of(request).name)


def encode_error(error):
    return json_response([error.code, error.message], status=418)


DIALECT = Dialect(
    endpoints=(
        Endpoint("GET", "/fine", Scope.READ, fine),
        Endpoint("GET", "/refused", Scope.PUBLIC, refused),
        Endpoint("POST", "/broken", Scope.PUBLIC, broken),
        Endpoint("POST", "/fine", Scope.CONTROL, whose),
        Endpoint("GET", "/often", Scope.READ, fine, limits=UNLIMITED),
        Endpoint("GET", "/rarely", Scope.PUBLIC, fine, limits=(RateLimit(1, 60.0),)),
    ),
    encode_error=encode_error,
)


@pytest.fixture
def audit():
    return FakeAuditLog()


@pytest.fixture
async def client(aiohttp_client, audit):
    app = web.Application()
    gate = Gate(WebSettings("127.0.0.1", 9615, digest_of("K")))
    app.add_routes(DIALECT.routes(None, Guard(gate, FakeClock(), audit)))
    return await aiohttp_client(app)


async def test_a_handler_answers_whoever_may_call_it(client):
    response = await client.get("/fine", headers={"X-API-Key": "K"})

    assert (response.status, await response.json()) == (200, {"fine": True})


async def test_the_dialect_words_that_a_caller_may_not(client):
    response = await client.get("/fine")

    assert (response.status, await response.json()) == (
        418,
        ["unauthorized", "this needs an API key"],
    )


async def test_the_dialect_words_what_the_engine_refuses(client):
    response = await client.get("/refused")

    assert await response.json() == ["operation_failed", "cannot do this"]


async def test_the_dialect_words_a_failure_without_its_details(client, caplog):
    response = await client.post("/broken")

    assert await response.json() == ["internal_error", failure().message]
    assert "a secret" in caplog.text


async def test_head_comes_with_get_and_with_nothing_else(client):
    head = await client.head("/fine", headers={"X-API-Key": "K"})
    other = await client.head("/broken")

    assert (head.status, head.headers["Content-Length"], await head.read()) == (200, "15", b"")
    assert other.status == 405


async def test_a_client_that_asks_before_it_sends_is_told_to_go_on(client):
    response = await client.post("/broken", data=b"{}", expect100=True)

    assert response.status == 418


def test_json_is_readable_and_ends_its_line():
    response = json_response({"name": "späť 🚀"})

    assert response.body == '{"name": "späť 🚀"}\n'.encode()
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"


def test_what_is_no_text_is_still_json():
    response = json_response({"name": "a\udcffb"})

    assert json.loads(response.body) == {"name": "a?b"}


def test_a_failure_is_an_error_of_ours():
    assert isinstance(failure(), PmdaemonError)
    assert failure().code == "internal_error"


KEY = {"X-API-Key": "K"}


async def test_a_handler_can_tell_whose_a_request_is(client):
    response = await client.post("/fine", headers=KEY)

    assert await response.json() == "api-key"


async def test_a_change_is_noted_down_with_what_the_handler_adds(client, audit):
    await client.post("/fine?token=secret", headers=KEY)

    [entry] = audit.entries
    assert entry | {"time": None} == {
        "time": None,
        "who": "api-key",
        "from": "127.0.0.1",
        "method": "POST",
        "path": "/fine",
        "status": 200,
        "app": "web",
    }


async def test_a_change_that_failed_is_noted_down_with_its_code(client, audit):
    await client.post("/broken", headers=KEY)

    assert [(one["status"], one["code"]) for one in audit.entries] == [(418, "internal_error")]


async def test_reading_and_being_turned_away_are_not_noted_down(client, audit):
    await client.get("/fine", headers=KEY)
    await client.post("/fine")

    assert audit.entries == []


async def test_an_endpoint_may_have_limits_of_its_own(client):
    statuses = [(await client.get("/rarely")).status for _ in range(2)]

    assert statuses == [200, 418]


async def test_what_is_unlimited_can_be_called_as_often_as_anybody_likes(client):
    statuses = {(await client.get("/often", headers=KEY)).status for _ in range(50)}

    assert statuses == {200}


async def test_guesses_at_the_key_are_limited_where_calls_are_not(client):
    answers = [
        (await (await client.get("/often", headers={"X-API-Key": f"{n}"})).json())[0]
        for n in range(25)
    ]

    assert answers == ["unauthorized"] * 20 + ["rate_limited"] * 5
    assert (await client.get("/often", headers=KEY)).status == 200


def test_head_is_in_the_table_wherever_get_is():
    shown = [(one.method, one.path) for one in DIALECT.table]

    assert shown.count(("HEAD", "/fine")) == 1
    assert ("HEAD", "/broken") not in shown
