import pytest

from tests.core.test_request_records import a_record
from tests.support.builders import an_app
from tests.support.control import ControlScene, controlled
from tests.support.waiting import eventually


class Scene(ControlScene):
    def __init__(self, parts, channel):
        super().__init__(parts, channel)
        self.log = parts.engine.gateway.requests

    def seen(self, **changes):
        id_, number = self.log.identify()
        record = a_record(id=id_, number=number, began=self.log.now, **changes)
        self.log.add(record)
        return record


@pytest.fixture
async def scene(tmp_path):
    async with controlled(tmp_path, Scene) as scene:
        yield scene


async def test_the_first_service_turns_it_on(scene):
    assert (await scene.result("gateway"))["urls"] == []

    view = await scene.result("service", targets=["127.0.0.1:80"], routes=["a.test/x"])

    assert (view["name"], view["target"]) == ("a", "127.0.0.1:80")
    hosts = [f"{one['host']}{one['path']}" for one in view["routes"]]
    assert hosts == ["a.test/x", "a.localhost/"]
    assert (await scene.result("gateway"))["urls"] == ["http://localhost:9680"]


async def test_what_cannot_answer_yet_is_warned_of(scene):
    view = await scene.result("service", targets=["web"])
    assert view["warnings"] == ["no app is called web yet"]

    await scene.parts.start(an_app())
    (warning,) = (await scene.result("service", targets=["web"]))["warnings"]
    assert warning.startswith("pmdaemon does not know where web listens: say web:PORT")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"targets": ["127.0.0.1:80"]}, "invalid_input"),
        ({"targets": ["0"], "name": "a"}, "invalid_target"),
        ({"targets": ["a"], "routes": ["a b"]}, "invalid_host"),
        ({"targets": ["a"], "routes": ["a.test/../x"]}, "invalid_path"),
        ({"targets": ["a", "127.0.0.1:80"]}, "invalid_input"),
        ({"targets": ["a"], "strategy": "x"}, "invalid_input"),
    ],
)
async def test_a_service_that_is_none_is_refused(scene, body, code):
    assert await scene.code("service", **body) == code
    assert not scene.parts.engine.gateway.services


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"http_port": -1}, "invalid_input"),
        ({"domain": "a b"}, "invalid_host"),
        ({"trusted_proxies": ["x"]}, "invalid_network"),
    ],
)
async def test_settings_that_are_none_are_refused(scene, body, code):
    assert await scene.code("gateway_on", **body) == code


async def test_settings_that_are_not_said_stay(scene):
    await scene.result("gateway_on", http_port=80, trusted_proxies=["10.0.0.1"])
    await scene.result("gateway_on", domain="dev.test")

    settings = scene.parts.gateway_server.settings
    assert (settings.http_port, settings.domain) == (80, "dev.test")
    assert settings.trusted_proxies == ("10.0.0.1/32",)


async def test_services_are_paused_and_removed(scene):
    await scene.result("service", targets=["80"], name="a", routes=["a.test"])

    (view,) = (await scene.result("service_mode", names=["a"], mode="paused"))["services"]
    assert view["mode"] == "paused"
    await scene.result("service_remove", name="a.test")
    await scene.result("service_remove", name="a")
    assert await scene.code("service_remove", name="a") == "service_not_found"
    assert await scene.code("service_remove", name="a.test") == "service_not_found"


async def test_requests_are_listed_as_they_are_wanted(scene):
    for status in (200, 404, 500):
        scene.log.ended(scene.seen(status=status))
    scene.seen(status=0)

    every = await scene.result("requests")
    found = await scene.result("requests", min_status=400, limit=1)

    assert [one["status"] for one in every["requests"]] == [None, 500, 404, 200]
    assert every["requests"][0]["in_flight"]
    assert ([one["status"] for one in found["requests"]], found["filtered_count"]) == ([500], 2)
    assert await scene.code("requests", limit=0) == "invalid_input"


async def test_a_request_is_shown_without_secrets(scene):
    record = scene.seen(raw_request_headers=[(b"Cookie", b"a"), (b"X", b"y")])

    view = await scene.result("request", id=record.id[:6], bodies=True)

    assert view["request_headers"] == [["Cookie", "********"], ["X", "y"]]
    assert view["response_body"] is None
    assert await scene.code("request", id="zzzz") == "request_not_found"


async def test_requests_are_told_as_they_end(scene):
    client = await scene.channel.client()
    await client.ask("requests", {"follow": True, "method": "GET"})
    await eventually(lambda: scene.log._subscribers)

    scene.log.ended(scene.seen(method="POST"))
    wanted = scene.seen()
    scene.log.ended(wanted)

    assert (await client.receive())["item"]["id"] == wanted.id
