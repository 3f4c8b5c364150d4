from hashlib import sha256

import pytest

from pmdaemon.core.errors import InvalidInput
from pmdaemon.engine.interfaces import WebSettings
from tests.support.control import ControlScene, controlled
from tests.support.waiting import eventually


class Scene(ControlScene):
    def recognised(self, secret):
        principal = self.parts.engine.tokens.recognise(secret)
        return principal.name if principal is not None else None


@pytest.fixture
async def scene(tmp_path):
    async with controlled(tmp_path, Scene) as scene:
        yield scene


WEB = {"host": "127.0.0.1", "port": 9001}


async def test_the_web_side_stays_on_when_it_was_detached(scene):
    result = await scene.result("web", **WEB, detach=True, api_key="secret")

    assert result == {"url": "http://127.0.0.1:9001", "protected": True}
    assert scene.parts.web_server.settings == WebSettings(
        tcp_port=9001, api_key_digest=sha256(b"secret").hexdigest()
    )
    assert (await scene.parts.store.load()).web == scene.parts.web_server.settings


async def test_the_web_side_is_open_on_loopback_without_a_key(scene):
    result = await scene.result("web", **WEB, detach=True)

    assert result["protected"] is False


async def test_a_key_is_made_where_others_can_reach_the_web_side(scene):
    result = await scene.result("web", host="0.0.0.0", port=9001, detach=True)

    assert result["protected"] is True
    assert scene.recognised(result["generated_key"]) == "web"
    assert scene.parts.secret_files.texts["api-key"] == result["generated_key"] + "\n"
    assert result["key_file"] == "/home/api-key"


async def test_the_key_that_was_made_stays_the_same_the_next_time(scene):
    first = await scene.result("web", host="0.0.0.0", port=9001, detach=True)
    again = await scene.result("web", host="0.0.0.0", port=9002, detach=True)

    assert again["generated_key"] == first["generated_key"]


async def test_a_key_that_was_made_for_others_leaves_loopback_open(scene):
    await scene.result("web", host="0.0.0.0", port=9001, detach=True)

    assert (await scene.result("web", **WEB, detach=True))["protected"] is False


async def test_where_there_is_a_token_no_key_is_made(scene):
    await scene.result("token")

    result = await scene.result("web", host="0.0.0.0", port=9001, detach=True)

    assert result == {"url": "http://0.0.0.0:9001", "protected": True}


async def test_a_key_that_cannot_be_written_down_turns_nothing_on(scene):
    scene.parts.secret_files.failing = True

    error = await scene.refusal("web", host="0.0.0.0", port=9001, detach=True)

    assert error["code"] == "home_unusable"
    assert scene.parts.web_server.settings is None


async def test_an_attached_web_side_goes_with_its_client(scene):
    client = await scene.streaming("web", **WEB, detach=False)
    assert (await client.receive())["item"]["url"] == "http://127.0.0.1:9001"
    assert (await scene.parts.store.load()).web is None

    client.leave()

    await eventually(lambda: scene.parts.web_server.settings is None)


async def test_two_attached_clients_are_both_served_until_they_leave(scene):
    first = await scene.streaming("web", **WEB, detach=False)
    await first.receive()
    second = await scene.streaming("web", host="127.0.0.1", port=9002, detach=False)
    await second.receive()

    first.leave()
    await eventually(lambda: len(scene.parts.engine.web._held) == 1)
    assert scene.parts.web_server.settings.tcp_port == 9002

    second.leave()
    await eventually(lambda: scene.parts.web_server.settings is None)


async def test_an_address_that_cannot_be_used_is_told(scene):
    scene.parts.web_server.failure = InvalidInput("cannot listen there")

    assert (await scene.refusal("web", **WEB, detach=False))["message"] == "cannot listen there"


@pytest.mark.parametrize("detach", [False, True])
async def test_no_key_is_left_of_an_address_that_cannot_be_used(scene, detach):
    scene.parts.web_server.failure = InvalidInput("cannot listen there")

    await scene.refusal("web", host="192.0.2.1", port=9001, detach=detach)

    assert scene.parts.secret_files.texts == {}
    assert scene.parts.engine.tokens.list() == []


async def test_the_key_of_before_outlives_an_address_that_cannot_be_used(scene):
    first = await scene.result("web", host="0.0.0.0", port=9001, detach=True)
    scene.parts.web_server.failure = InvalidInput("cannot listen there")

    await scene.refusal("web", host="192.0.2.1", port=9001, detach=True)

    assert scene.recognised(first["generated_key"]) == "web"
    assert scene.parts.secret_files.texts["api-key"] == first["generated_key"] + "\n"


async def test_an_address_that_cannot_be_used_opens_nothing(scene):
    await scene.result("token", name="ci")
    await scene.result("revoke", name="ci")
    scene.parts.web_server.failure = InvalidInput("cannot listen there")

    await scene.refusal("web", **WEB, detach=True)

    assert scene.parts.engine.tokens.guarded


async def test_the_web_side_is_turned_off_and_where_it_was_is_told(scene):
    await scene.result("web", **WEB, detach=True)

    assert await scene.result("web_off") == {"url": "http://127.0.0.1:9001"}
    assert await scene.result("web_off") == {"url": None}


async def test_a_token_is_told_once_and_listed_without_it(scene):
    made = await scene.result("token", name="ci", scopes=["read"], expire_in=60)

    secret = made.pop("token")
    assert scene.recognised(secret) == "ci"
    assert (made["name"], made["kind"], made["scopes"]) == ("ci", "key", ["read"])
    assert made["expires"] == made["created"] + 60
    assert await scene.result("tokens") == {"tokens": [made]}


async def test_a_consumer_gets_a_token_of_its_own_kind(scene):
    made = await scene.result("token", consumer="deploy-bot")

    assert (made["name"], made["kind"], made["scopes"]) == ("deploy-bot", "consumer", ["admin"])
    assert scene.recognised(made["token"]) == "deploy-bot"


async def test_a_revoked_token_lets_nobody_in(scene):
    made = await scene.result("token", name="ci")

    assert await scene.result("revoke", name="ci") == {"name": "ci"}

    assert scene.recognised(made["token"]) is None
    assert await scene.result("tokens") == {"tokens": []}
    assert (await scene.refusal("revoke", name="ci"))["code"] == "token_not_found"


async def test_a_rotated_token_has_a_successor(scene):
    former = await scene.result("token", name="ci", scopes=["read"])

    made = await scene.result("rotate", name="ci", overlap=60)

    assert made["scopes"] == ["read"]
    assert [scene.recognised(one["token"]) for one in (former, made)] == ["ci", "ci"]


async def test_turning_the_web_side_on_anew_opens_it_once_the_last_key_is_revoked(scene):
    await scene.result("token", name="ci")
    await scene.result("revoke", name="ci")
    assert scene.parts.engine.tokens.guarded

    assert (await scene.result("web", **WEB, detach=True))["protected"] is False
    assert not scene.parts.engine.tokens.guarded


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": "all"}, "invalid_name"),
        ({"scopes": ["root"]}, "invalid_scope"),
        ({"expire_in": 0}, "invalid_input"),
        ({"expire_in": "soon"}, "invalid_input"),
        ({"scopes": "read"}, "invalid_input"),
    ],
)
async def test_a_token_that_cannot_be_is_refused(scene, body, code):
    assert (await scene.refusal("token", **body))["code"] == code
    assert await scene.result("tokens") == {"tokens": []}
