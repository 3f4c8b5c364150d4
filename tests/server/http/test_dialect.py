import json

import pytest
from aiohttp import web

from pmdaemon.core.access import digest_of
from pmdaemon.core.errors import OperationFailed, PmdaemonError
from pmdaemon.engine.interfaces import WebSettings
from pmdaemon.server.http.access import Gate, Scope
from pmdaemon.server.http.dialect import Dialect, Endpoint, failure, json_response


async def fine(_engine, _request):
    return json_response({"fine": True})


async def refused(_engine, _request):
    raise OperationFailed("cannot do this")


async def broken(_engine, _request):
    raise KeyError("a secret")


def encode_error(error):
    return json_response([error.code, error.message], status=418)


DIALECT = Dialect(
    endpoints=(
        Endpoint("GET", "/fine", Scope.READ, fine),
        Endpoint("GET", "/refused", Scope.PUBLIC, refused),
        Endpoint("POST", "/broken", Scope.PUBLIC, broken),
    ),
    encode_error=encode_error,
)


@pytest.fixture
async def client(aiohttp_client):
    app = web.Application()
    gate = Gate(WebSettings("127.0.0.1", 9615, digest_of("K")))
    app.add_routes(DIALECT.routes(None, gate))
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
