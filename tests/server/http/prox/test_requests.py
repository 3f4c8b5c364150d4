import pytest

from pmdaemon.core.request_records import Body, RequestRecord
from pmdaemon.engine.interfaces import GatewaySettings
from pmdaemon.server.http.event_streams import BEAT
from pmdaemon.server.http.prox import requests
from tests.support.engine import settle
from tests.support.event_streams import EventStream
from tests.support.waiting import eventually
from tests.support.web_side import WebScene, a_scene

ROOT = "/api/v1/proxy/requests"

FIELDS = ["id", "timestamp", "method", "url", "subdomain", "status_code", "duration_ms"]


class Stream(EventStream):
    """One event stream, behind its opening."""

    async def url(self):
        return (await self.event())[2]["url"]


class Scene(WebScene):
    @property
    def log(self):
        return self.parts.engine.gateway.requests

    def began(self, url, **given):
        id_, number = self.log.identify()
        record = RequestRecord(
            **{
                "id": id_,
                "number": number,
                "began": self.log.now,
                "method": "GET",
                "url": url,
                "host": "app.localhost",
                "subdomain": "app",
                "service": "app",
                "remote_addr": "127.0.0.1",
            }
            | given
        )
        self.log.add(record)
        return record

    def ended(self, record, status=200, after=0.0):
        self.parts.clock.advance(after)
        record.status = status
        self.log.ended(record)

    def seen(self, url, status=200, **given):
        record = self.began(url, **given)
        self.ended(record, status)
        return record

    async def ask(self, path="", method="GET"):
        async with self.session.request(method, f"{self.server.address}{ROOT}{path}") as answer:
            return answer.status, await answer.json()

    async def urls(self, query):
        _, body = await self.ask(query)
        return [one["url"] for one in body["requests"]]

    async def open(self, query="", cursor=None):
        headers = {"Last_Event_ID": cursor} if cursor else {}
        stream = Stream(await self.get(f"{ROOT}/stream{query}", **headers))
        assert await stream.block() == [": connected"]
        assert await stream.block() == ["event: connected", "data: {}"]
        [begun] = await stream.block()
        return stream, begun.removeprefix("id: ")


@pytest.fixture
async def scene(parts):
    async with a_scene(Scene, parts) as scene:
        await parts.engine.gateway.turn_on(GatewaySettings())
        yield scene


@pytest.mark.parametrize("path", ["", "/stream", "/abc"])
async def test_without_a_gateway_there_are_no_requests(scene, path):
    await scene.parts.engine.gateway.turn_off()

    status, body = await scene.ask(path)

    assert (status, body["code"]) == (503, "PROXY_NOT_ENABLED")


async def test_the_latest_come_first_with_the_fields_of_the_reference(scene):
    scene.seen("/one")
    slow = scene.began("/two?x=1", method="POST")
    scene.ended(slow, 201, after=0.045)

    status, body = await scene.ask()

    assert status == 200
    first, second = body["requests"]
    assert list(first)[:8] == [*FIELDS, "remote_addr"]
    assert (first["url"], first["status_code"], first["duration_ms"]) == ("/two?x=1", 201, 45)
    assert (first["id"], first["method"]) == (slow.id, "POST")
    assert second["url"] == "/one"
    assert (body["filtered_count"], body["total_count"]) == (2, 2)


async def test_every_filter_is_kept_to(scene):
    scene.seen("/a", 200)
    scene.seen("/b", 404, method="POST")
    scene.parts.clock.advance(100.0)
    scene.seen("/c", 503, subdomain="api")

    assert await scene.urls("?subdomain=api") == ["/c"]
    assert await scene.urls("?method=post") == ["/b"]
    assert await scene.urls("?min_status=404") == ["/c", "/b"]
    assert await scene.urls("?min_status=400&max_status=499") == ["/b"]
    assert await scene.urls("?max_status=200") == ["/a"]
    assert await scene.urls("?limit=1") == ["/c"]
    assert await scene.urls("?limit=1000000000") == ["/c", "/b", "/a"]
    assert await scene.urls("?since=2023-11-14T22:14:00Z") == ["/c"]
    assert await scene.urls("?since=2023-11-14T22:14:00") == ["/c"]


async def test_a_count_is_of_what_came_and_the_other_of_what_matches(scene):
    for _ in range(3):
        scene.seen("/a", 500)
    scene.seen("/b")

    _, body = await scene.ask("?min_status=500&limit=2")

    assert (body["filtered_count"], body["total_count"]) == (2, 3)


async def test_what_is_on_its_way_is_marked(scene):
    scene.began("/slow")
    scene.parts.clock.advance(301.0)

    _, body = await scene.ask()

    [shown] = body["requests"]
    assert (shown["in_flight"], shown["stale"], shown["status_code"]) == (True, True, 0)
    assert shown["duration_ms"] == 301_000


async def test_one_is_shown_with_its_headers_and_without_secrets(scene):
    record = scene.seen(
        "/a",
        raw_request_headers=[(b"Cookie", b"a=1"), (b"Accept", b"x"), (b"Accept", b"y")],
        raw_response_headers=[(b"Content-Type", b"text/plain")],
        response_body=Body(b"hello", 9),
    )

    _, brief = await scene.ask(f"/{record.id}")
    _, whole = await scene.ask(f"/{record.id}?include=body")

    assert brief["id"] == record.id
    assert brief["details"]["request_headers"] == {"Cookie": ["********"], "Accept": ["x", "y"]}
    assert brief["details"]["request_body"] is None
    body = {
        "size": 9,
        "captured_size": 5,
        "truncated": True,
        "content_type": "text/plain",
        "content_encoding": "",
        "is_binary": False,
    }
    assert brief["details"]["response_body"] == body
    assert whole["details"]["response_body"] == {**body, "data": "hello"}


async def test_what_is_no_text_is_shown_in_base64(scene):
    record = scene.seen("/a", response_body=Body(b"\xff\x00", 2))

    _, whole = await scene.ask(f"/{record.id}?include=body")

    shown = whole["details"]["response_body"]
    assert (shown["is_binary"], shown["data"]) == (True, "/wA=")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/nothing", 404, "REQUEST_NOT_FOUND"),
        ("/nothing?include=all", 400, "INVALID_REQUEST"),
        ("?min_status=-1", 400, "INVALID_REQUEST"),
        ("?max_status=1000", 400, "INVALID_REQUEST"),
        ("?limit=-1", 400, "INVALID_REQUEST"),
        ("?since=yesterday", 400, "INVALID_REQUEST"),
        ("/stream?min_status=x", 400, "INVALID_REQUEST"),
        ("/stream?cursor=x", 400, "INVALID_INPUT"),
        ("/stream?cursor=1.2-", 400, "INVALID_INPUT"),
    ],
)
async def test_what_cannot_be_used_is_refused(scene, path, status, code):
    answered, body = await scene.ask(path)

    assert (answered, body["code"]) == (status, code)


async def test_a_head_of_the_stream_is_answered(scene):
    async with scene.session.head(f"{scene.server.address}{ROOT}/stream") as answer:
        assert (answer.status, answer.content_type) == (200, "text/event-stream")


async def test_requests_come_as_they_end_and_only_those_that_are_wanted(scene):
    scene.seen("/before")
    stream, _ = await scene.open("?min_status=500")

    late = scene.began("/late")
    scene.seen("/fine")
    scene.seen("/bad", 500)
    scene.ended(late, 502)

    kind, _, first = await stream.event()
    assert (kind, first["url"]) == (None, "/bad")
    assert await stream.url() == "/late"


async def test_a_stream_goes_on_where_it_was_left(scene):
    stream, _ = await scene.open()
    slow = scene.began("/slow")
    slower = scene.began("/slower")
    scene.seen("/quick")
    _, cursor, told = await stream.event()
    assert told["url"] == "/quick"
    stream.response.close()
    scene.ended(slow)
    scene.seen("/new")

    again, _ = await scene.open(cursor=cursor)

    assert [await again.url(), await again.url()] == ["/slow", "/new"]
    scene.ended(slower)
    assert await again.url() == "/slower"


async def test_who_left_before_the_first_request_misses_nothing(scene):
    stream, cursor = await scene.open()
    stream.response.close()
    scene.seen("/one")

    again, _ = await scene.open(cursor=cursor)

    assert await again.url() == "/one"


async def test_what_is_not_remembered_any_more_is_told_as_a_gap(scene):
    scene.seen("/one")

    other, _ = await scene.open(cursor="1.5")

    assert (await other.event())[0] == "gap"
    assert await other.url() == "/one"


async def test_who_reads_too_slowly_has_a_gap(scene, monkeypatch):
    monkeypatch.setattr(requests, "MOST_WAITING", 1)
    stream, _ = await scene.open()

    for number in range(3):
        scene.seen(f"/{number}")

    assert (await stream.event())[0] == "gap"
    assert await stream.url() == "/0"


async def test_with_many_on_their_way_some_may_come_twice(scene, monkeypatch):
    monkeypatch.setattr(requests, "MOST_EXCEPTIONS", 1)
    stream, _ = await scene.open()
    for number in range(2):
        scene.began(f"/{number}")
    scene.seen("/quick")

    _, cursor, _ = await stream.event()

    assert cursor == f"{scene.parts.engine.events.life}.0"


async def test_nothing_is_left_of_a_client_that_has_gone(scene):
    stream, _ = await scene.open()
    assert len(scene.log._subscribers) == 1

    stream.response.close()

    await eventually(lambda: scene.log._subscribers == [])


async def test_the_stream_beats_and_ends_with_the_server(scene):
    stream, _ = await scene.open()

    scene.parts.clock.advance(BEAT)
    assert await stream.block() == [": ping"]
    await scene.server.turn_off()

    assert await stream.response.content.read() == b""
    await settle()
