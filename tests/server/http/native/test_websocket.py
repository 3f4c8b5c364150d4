import asyncio
from base64 import urlsafe_b64encode

import pytest
from aiohttp import WSServerHandshakeError
from msgspec.structs import replace

from pmdaemon.core.access import digest_of
from pmdaemon.core.rate_limits import RateLimit
from pmdaemon.core.selectors import Selector
from pmdaemon.server.http.native import websocket
from pmdaemon.server.http.native.live import BEAT
from pmdaemon.server.http.streams import MOST_UNREAD
from tests.support.builders import an_app
from tests.support.talks import Talk
from tests.support.waiting import eventually
from tests.support.web_side import KEY, LOCKED, OPEN, WebScene, a_scene

CLOSED = replace(LOCKED, ws_public=False)


class NativeTalk(Talk):
    """One client of /ws."""

    async def until(self, kind):
        while (frame := await self.frame())["type"] != kind:
            pass
        return frame["data"]

    async def say(self, kind, **data):
        await self.socket.send_json({"type": kind, "data": data})


class Scene(WebScene):
    async def connect(self, headers=None, **options):
        url = f"{self.server.address}/ws"
        return NativeTalk(await self.session.ws_connect(url, headers=headers, **options))

    @property
    def live(self):
        return self.server._on._runner.app[websocket.LIVE]


@pytest.fixture
async def scene(parts):
    await parts.start(an_app(name="web"))
    async with a_scene(Scene, parts, LOCKED) as scene:
        yield scene


async def status_of_handshake(scene, headers=None, **options):
    with pytest.raises(WSServerHandshakeError) as refused:
        await scene.connect(headers, **options)
    return refused.value.status


async def test_the_list_comes_first_and_then_changes(scene):
    talk = await scene.connect(KEY)
    assert (await talk.frame())["data"][0]["pid"] == 100

    await scene.stop()

    assert (await talk.until("process_status"))["status"] in {"stopping", "stopped"}
    assert (await talk.until("process_event"))["event"] == "exited"


async def test_without_a_key_there_is_the_public_feed(scene):
    talk = await scene.connect()

    (process,) = await talk.until("process_list")

    assert process["name"] == "web"
    assert "pid" not in process


async def test_a_wrong_key_is_refused_and_not_taken_for_none(scene):
    assert await status_of_handshake(scene, {"X-API-Key": "wrong"}) == 401


@pytest.mark.parametrize(
    "headers",
    [KEY, {"Authorization": "Bearer sesame"}, {"Authorization": "ApiKey sesame"}],
)
async def test_a_key_may_come_in_any_header(scene, headers):
    talk = await scene.connect(headers)

    assert "pid" in (await talk.until("process_list"))[0]


async def test_a_key_may_come_among_the_subprotocols(scene):
    key = urlsafe_b64encode(b"sesame").decode().rstrip("=")

    talk = await scene.connect(protocols=["pmdaemon", f"pmdaemon.key.{key}"])

    assert talk.socket.protocol == "pmdaemon"
    assert "pid" in (await talk.until("process_list"))[0]


@pytest.mark.parametrize("key", ["wrong", "***", "_w"])
async def test_a_wrong_key_among_the_subprotocols_is_refused(scene, key):
    assert await status_of_handshake(scene, protocols=["pmdaemon", f"pmdaemon.key.{key}"]) == 401


async def test_a_key_may_come_in_a_message(scene):
    talk = await scene.connect()
    await talk.until("process_list")

    await talk.say("auth", key="sesame")

    assert await talk.until("authenticated") == {"feed": "full"}
    assert "pid" in (await talk.until("process_list"))[0]


async def test_a_wrong_key_in_a_message_changes_nothing(scene):
    talk = await scene.connect()
    await talk.say("auth", key="wrong")

    assert (await talk.until("error"))["code"] == "UNAUTHORIZED"
    await talk.say("subscribe", processes=["web"])
    assert (await talk.until("error"))["code"] == "UNAUTHORIZED"


async def test_a_closed_feed_waits_for_a_key(scene):
    await scene.server.turn_on(CLOSED)
    talk = await scene.connect()
    await talk.say("subscribe", processes=["web"])
    assert (await talk.frame())["data"]["code"] == "UNAUTHORIZED"

    await talk.say("auth", key="sesame")

    assert await talk.until("authenticated") == {"feed": "full"}
    assert "pid" in (await talk.until("process_list"))[0]
    scene.parts.clock.advance(websocket.KEY_SECONDS)
    await talk.say("ping")
    assert await talk.until("pong") == {}


async def test_a_closed_feed_does_not_wait_for_ever(scene):
    await scene.server.turn_on(CLOSED)
    talk = await scene.connect()
    await talk.say("ping")
    assert (await talk.frame())["type"] == "pong"

    scene.parts.clock.advance(websocket.KEY_SECONDS)

    assert await talk.closed() == 1008


async def test_the_public_is_sent_away_when_its_feed_is_closed(scene):
    talk = await scene.connect()
    await talk.until("process_list")
    await scene.server.turn_on(CLOSED)

    scene.parts.clock.advance(BEAT)

    assert await talk.closed() == 1008


async def test_keys_cannot_be_tried_at_speed(scene):
    await scene.server.turn_on(replace(LOCKED, rate_limits=(RateLimit(3, 60.0),)))
    talk = await scene.connect()

    codes = []
    for _ in range(3):
        await talk.say("auth", key="guess")
        codes.append((await talk.until("error"))["code"])

    assert codes == ["UNAUTHORIZED", "UNAUTHORIZED", "RATE_LIMITED"]


async def test_without_any_key_set_everybody_here_gets_everything_and_a_page_from_afar_nothing(
    scene,
):
    await scene.server.turn_on(OPEN)

    talk = await scene.connect()
    assert "pid" in (await talk.until("process_list"))[0]
    assert await status_of_handshake(scene, {"Origin": "https://evil.example"}) == 403


async def test_output_is_followed_from_its_last_lines(scene):
    scene.write("one\ntwo\n")
    talk = await scene.connect(KEY)

    await talk.say("subscribe", processes=["web"], lines=1)

    assert await talk.until("subscribed") == {"events": ["log_message"], "processes": ["web"]}
    line = await talk.until("log_message")
    assert (line["message"], line["process"], line["stream"]) == ("two", "web", "stdout")
    scene.write("three\n")
    assert (await talk.until("log_message"))["message"] == "three"


async def test_output_goes_on_at_a_cursor(scene):
    scene.write("one\ntwo\n")
    first = await scene.connect(KEY)
    await first.say("subscribe", processes=[0])
    cursor = (await first.until("log_message"))["cursor"]
    await first.socket.close()
    scene.write("three\n")

    second = await scene.connect(KEY)
    await second.say("subscribe", processes=[0], cursor=cursor)

    assert [(await second.until("log_message"))["message"] for _ in range(2)] == ["two", "three"]


async def test_output_is_not_sent_any_more_when_it_is_not_wanted(scene):
    talk = await scene.connect(KEY)
    await talk.say("subscribe", processes=["web"])
    await talk.until("subscribed")
    scene.write("one\n")
    await talk.until("log_message")

    await talk.say("unsubscribe", processes=["web"])
    await talk.until("unsubscribed")
    scene.write("two\n")
    await talk.say("ping")

    assert (await talk.frame())["type"] == "pong"
    assert scene.parts.capture._on_growth is None


async def test_following_again_takes_the_place_of_following(scene):
    scene.write("one\n")
    talk = await scene.connect(KEY)
    for _ in range(2):
        await talk.say("subscribe", processes=["web"])
        assert (await talk.until("log_message"))["message"] == "one"

    scene.write("two\n")

    assert (await talk.until("log_message"))["message"] == "two"
    await talk.say("ping")
    assert (await talk.frame())["type"] == "pong"


async def test_following_ends_with_its_process(scene):
    talk = await scene.connect(KEY)
    await talk.say("subscribe", processes=["web"])
    await talk.until("subscribed")

    await scene.parts.engine.processes.delete([Selector.parse("web")])

    assert await talk.until("unsubscribed") == {"events": ["log_message"], "processes": ["web"]}


async def test_what_is_pushed_can_be_declined_and_asked_for_again(scene):
    talk = await scene.connect(KEY)
    await talk.until("process_list")
    await talk.say("unsubscribe", events=["process_metrics"])
    await talk.until("unsubscribed")

    scene.parts.sampler.start()
    assert (await talk.frame())["type"] == "system_metrics"
    await talk.say("subscribe", events=["process_metrics"])
    await talk.until("subscribed")
    scene.parts.sampler.start()
    assert (await talk.frame())["type"] == "process_metrics"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "INVALID_INPUT"),
        ("{", "INVALID_INPUT"),
        ("[" * 5000, "INVALID_INPUT"),
        ('"\\ud800"', "INVALID_INPUT"),
        ("{}", "INVALID_INPUT"),
        ('{"type": "command", "data": {}}', "INVALID_INPUT"),
        ('{"type": "auth", "data": {"key": 1}}', "INVALID_INPUT"),
        ('{"type": "subscribe", "data": {"events": ["weather"]}}', "UNSUPPORTED"),
        ('{"type": "subscribe", "data": {"processes": ["nobody"]}}', "PROCESS_NOT_FOUND"),
        ('{"type": "subscribe", "data": {"processes": ["web"], "stream": "x"}}', "INVALID_INPUT"),
        ('{"type": "subscribe", "data": {"processes": ["web"], "lines": -1}}', "INVALID_INPUT"),
        ('{"type": "subscribe", "data": {"processes": ["web"], "cursor": "x"}}', "INVALID_INPUT"),
        (f'{{"type": "subscribe", "data": {{"processes": [{10**4000}]}}}}', "PROCESS_NOT_FOUND"),
    ],
)
async def test_what_cannot_be_used_is_answered_and_the_talk_goes_on(scene, text, code):
    talk = await scene.connect(KEY)

    await talk.socket.send_str(text)

    assert (await talk.until("error"))["code"] == code
    await talk.say("ping")
    assert await talk.until("pong") == {}


async def test_there_is_a_bound_on_what_one_client_may_follow(scene):
    talk = await scene.connect(KEY)

    await talk.say("subscribe", processes=[f"app-{number}" for number in range(33)])

    assert "more than 32" in (await talk.until("error"))["message"]


async def test_what_has_ended_counts_no_more_towards_that_bound(scene, monkeypatch):
    monkeypatch.setattr(websocket, "MOST_SUBSCRIPTIONS", 1)
    await scene.parts.start(an_app(name="api"))
    talk = await scene.connect(KEY)
    await talk.say("subscribe", processes=["web"])
    await talk.until("subscribed")
    await scene.parts.engine.processes.delete([Selector.parse("web")])
    await talk.until("unsubscribed")

    await talk.say("subscribe", processes=["api"])

    assert (await talk.until("subscribed"))["processes"] == ["api"]


async def test_a_key_that_was_shown_later_is_the_one_that_counts(scene):
    keys = [(await scene.parts.engine.tokens.make(name))[1] for name in ("old", "new")]
    talk = await scene.connect()
    for key in keys:
        await talk.say("auth", key=key)
        assert await talk.until("authenticated") == {"feed": "full"}

    await scene.parts.engine.tokens.revoke("new")

    assert await talk.closed() == 1008


async def test_a_key_among_the_subprotocols_is_not_logged(scene, caplog):
    encoded = urlsafe_b64encode(b"sesame").decode().rstrip("=")

    talk = await scene.connect(protocols=[f"pmdaemon.key.{encoded}"])

    assert "pid" in (await talk.until("process_list"))[0]
    assert encoded not in caplog.text


async def test_bytes_are_not_understood(scene):
    talk = await scene.connect(KEY)

    await talk.socket.send_bytes(b"\x00")

    assert "not text" in (await talk.until("error"))["message"]


async def test_a_message_without_bounds_ends_the_talk(scene):
    talk = await scene.connect(KEY)

    await talk.socket.send_str("x" * 70_000)

    assert await talk.closed() == 1009


async def test_who_does_not_read_is_told_and_gets_the_list_again(scene):
    talk = await scene.connect(KEY)
    (client,) = scene.live._listeners
    transport = client._writer._transport
    waiting = MOST_UNREAD + 1
    transport.get_write_buffer_size, honest = lambda: waiting, transport.get_write_buffer_size

    await scene.stop()
    await eventually(lambda: client._missed)
    transport.get_write_buffer_size = honest
    scene.parts.sampler.start()

    assert (await talk.until("lagged"))["missed"] >= 1
    assert (await talk.until("process_list"))[0]["status"] == "stopped"


async def test_a_client_that_answers_no_ping_is_given_up(scene):
    talk = await scene.connect(KEY, autoping=False)
    await talk.until("process_list")

    scene.parts.clock.advance(BEAT)
    scene.parts.clock.advance(BEAT)

    assert await talk.closed() == 1006
    await eventually(lambda: not scene.live.listeners)


async def test_a_client_that_answers_stays(scene):
    talk = await scene.connect(KEY)
    (client,) = scene.live._listeners
    await talk.say("ping")
    await talk.until("pong")

    for _ in range(3):
        scene.parts.clock.advance(BEAT)
        await talk.say("ping")  # reads, and so answers the ping
        await talk.until("pong")
        await eventually(lambda: client._writer.heard)

    assert scene.live.listeners == 1


async def test_who_has_a_key_that_is_not_valid_any_more_is_sent_away(scene):
    talk = await scene.connect(KEY)

    await scene.server.turn_on(replace(LOCKED, api_key_digest=digest_of("another")))

    assert await talk.closed() == 1008


async def test_who_has_a_key_that_is_revoked_is_sent_away_at_once_and_nobody_else(scene):
    _, secret = await scene.parts.engine.tokens.make("ci", scopes=["read"])
    talk = await scene.connect({"X-API-Key": secret})
    others = [await scene.connect(KEY), await scene.connect()]

    await scene.parts.engine.tokens.revoke("ci")

    assert await talk.closed() == 1008
    for other in others:
        await other.say("ping")
        await other.until("pong")


async def test_who_has_a_key_that_expires_is_sent_away(scene):
    _, secret = await scene.parts.engine.tokens.make("ci", expire_in=5.0)
    talk = await scene.connect({"X-API-Key": secret})

    scene.parts.clock.advance(5.0)

    assert await talk.closed() == 1008


async def test_who_has_a_key_that_the_settings_revoke_is_sent_away_with_the_next_beat(scene):
    _, secret = await scene.parts.engine.tokens.make("ci")
    talk = await scene.connect({"X-API-Key": secret})
    scene.parts.revocations.revoked.add("ci")

    scene.parts.clock.advance(BEAT)

    assert await talk.closed() == 1008


async def test_who_still_has_to_show_a_key_is_left_to_do_so(scene):
    await scene.server.turn_on(CLOSED)
    talk = await scene.connect()

    await scene.parts.engine.tokens.make("ci")
    await talk.say("auth", key="sesame")

    assert await talk.until("authenticated") == {"feed": "full"}


async def test_clients_are_told_to_go_when_the_web_side_is_turned_off(scene):
    talk = await scene.connect(KEY)
    off = asyncio.get_running_loop().create_task(scene.server.turn_off())

    assert await talk.closed() == 1001
    await off


async def test_clients_are_told_to_go_at_once_when_the_daemon_makes_way(scene):
    talk = await scene.connect(KEY)
    parting = asyncio.get_running_loop().create_task(scene.server.make_way())

    assert await talk.closed() == 1001
    await parting


async def test_a_plain_request_is_told_what_to_speak(scene):
    async with scene.session.get(f"{scene.server.address}/ws") as answer:
        body = await answer.json()

    assert (answer.status, answer.headers["Upgrade"]) == (426, "websocket")
    assert body["error"]["code"] == "UPGRADE_REQUIRED"


@pytest.mark.parametrize(
    "headers",
    [
        {"Upgrade": "websocket"},
        {"Upgrade": "websocket", "Connection": "Upgrade"},
        {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "99"},
        {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"},
    ],
)
async def test_a_broken_handshake_is_a_bad_request(scene, headers):
    async with scene.session.get(f"{scene.server.address}/ws", headers=headers) as answer:
        body = await answer.json()

    assert (answer.status, body["error"]["code"]) == (400, "INVALID_REQUEST")


async def test_nothing_is_left_of_a_client_that_has_gone(scene):
    talk = await scene.connect(KEY)
    await talk.say("subscribe", processes=["web"])
    await talk.until("subscribed")

    await talk.socket.close()

    await eventually(lambda: not scene.live.listeners)
    await eventually(lambda: scene.parts.capture._on_growth is None)
