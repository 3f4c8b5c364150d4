"""Every event of `/wss`, as it comes."""

import asyncio

import pytest
from aiohttp import ClientSession

from pmdaemon import __version__
from pmdaemon.core.access import TokenKind
from pmdaemon.core.lifecycle_events import RestartRequested
from pmdaemon.core.notices import EndingBegan
from pmdaemon.core.process import Cause
from pmdaemon.core.selectors import Selector
from pmdaemon.core.spec import Job, Schedule
from pmdaemon.server.http.pup.live import BEAT, TICK
from pmdaemon.server.http.pup.routes import PREFIX
from tests.support.builders import an_app
from tests.support.engine import engine_on_fakes
from tests.support.talks import Talk
from tests.support.waiting import eventually
from tests.support.web_side import turned_on


class PupTalk(Talk):
    """One client of /wss; `met` are the kinds of frames that came."""

    def __init__(self, socket):
        super().__init__(socket)
        self.met = []

    async def until(self, kind):
        while True:
            frame = await self.frame()
            assert set(frame) == {"t", "d"}
            self.met.append(frame["t"])
            if frame["t"] == kind:
                return frame["d"]


class Scene:
    def __init__(self, parts, server, session):
        self.parts, self.server, self.session = parts, server, session

    async def connect(self, name, *scopes, prefix=""):
        _, token = await self.parts.engine.tokens.make(name, kind=TokenKind.CONSUMER, scopes=scopes)
        self.token = token
        headers = {"Authorization": f"Bearer {token}"}
        talk = PupTalk(await self.session.ws_connect(f"{prefix}/wss", headers=headers))
        assert await talk.until("init") == {"version": __version__}
        return talk

    async def post(self, path, body):
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.session.post(path, json=body, headers=headers) as response:
            assert response.status < 300, await response.text()


@pytest.fixture
async def scene(tmp_path):
    async with engine_on_fakes(tmp_path) as parts:
        await parts.start(
            an_app(name="web"), an_app(name="job", job=Job(Schedule("*/5 * * * * *", "UTC")))
        )
        async with turned_on(parts) as server, ClientSession(server.address) as session:
            yield Scene(parts, server, session)


async def test_a_change_of_status_is_told_with_both_numbers(scene):
    talk = await scene.connect("reader", "read", prefix=PREFIX)

    await scene.parts.engine.processes.stop([Selector("web")])

    told = await talk.until("process_status_changed")
    assert (told["old"], told["new"], told["status"]["id"]) == (200, 250, "web")
    assert (await talk.until("process_status_changed"))["new"] == 300


async def test_what_happens_and_what_is_sent_in_is_told_as_log(scene):
    talk = await scene.connect("reader")

    await scene.post("/log", {"severity": "warn", "plugin": "x", "message": "hello"})

    told = await talk.until("log")
    assert {name: value for name, value in told.items() if name != "timeStamp"} == {
        "severity": "warn",
        "category": "api-x",
        "text": "hello",
        "consumer": "reader",
    }
    await scene.parts.engine.processes.stop([Selector("web")])
    assert (await talk.until("log"))["processId"] == "web"


async def test_what_programs_print_is_told_as_log(scene):
    talk = await scene.connect("reader", "read")
    telling = asyncio.get_running_loop().create_task(talk.until("log"))

    def is_told():
        """Print a line, as what was there before the feed has begun is not told."""
        scene.parts.write("ready\n")
        return telling.done()

    await eventually(is_told)
    told = await telling
    assert (told["severity"], told["category"]) == ("log", "stdout")
    assert (told["text"], told["processId"]) == ("ready", "web")


async def test_a_schedule_that_falls_due_is_told_with_the_next_time(scene):
    talk = await scene.connect("reader", "read")

    scene.parts.clock.advance(5.0)

    told = await talk.until("process_scheduled")
    assert told["status"]["id"] == "job"
    assert told["next"] == "2023-11-14T22:13:30.000Z"


async def test_a_run_that_a_schedule_ends_is_told_with_that_time(scene):
    talk = await scene.connect("reader", "read")
    ends = Schedule("0 23 * * *", "UTC")

    await scene.parts.start(an_app(name="shop", cron_stop=ends))

    told = await talk.until("process_scheduled_terminate")
    assert (told["status"]["id"], told["next"]) == ("shop", "2023-11-14T23:00:00.000Z")


async def test_files_that_changed_are_told(scene):
    talk = await scene.connect("reader", "read")

    scene.parts.supervisor.post(0, RestartRequested(Cause.FILES_CHANGED))

    told = await talk.until("process_watch")
    assert told["status"]["id"] == "web"
    assert told["at"].endswith("Z")


async def test_telemetry_is_told_as_it_came(scene):
    talk = await scene.connect("reader")
    report = {"sender": "web", "memory": {"rss": 5}}

    await scene.post("/telemetry", report)

    assert await talk.until("process_telemetry") == report


async def test_the_state_of_everything_is_told_every_second_and_the_watchdog(scene):
    talk = await scene.connect("reader", "read")

    scene.parts.clock.advance(TICK)

    told = await talk.until("application_state")
    assert [one["id"] for one in told["processes"]] == ["web", "job"]
    assert await talk.until("watchdog") is None


async def test_the_end_is_told_with_the_time_that_it_may_take(scene):
    talk = await scene.connect("web", "telemetry:web")

    scene.parts.bus.publish(EndingBegan(30.0))

    assert await talk.until("terminating") == 30_000


async def test_a_message_goes_to_its_target_alone(scene):
    reader = await scene.connect("reader", "read")
    web = await scene.connect("child", "telemetry:web")
    other = await scene.connect("other", "telemetry:job")

    await scene.post("/ipc", {"target": "web", "event": "greet", "eventData": {"n": 0}})
    await scene.post("/ipc", {"target": "job", "event": "last", "eventData": None})
    await scene.post("/ipc", {"target": "reader", "event": "last", "eventData": None})

    assert await web.until("ipc") == {
        "target": "web",
        "event": "greet",
        "eventData": {"n": 0},
        "sender": "other",
    }
    assert (await other.until("ipc"))["event"] == "last"
    assert (await reader.until("ipc"))["target"] == "reader"


async def test_a_program_hears_nothing_of_others(scene):
    web = await scene.connect("child", "telemetry:web")

    await scene.parts.engine.processes.stop([Selector("web")])
    scene.parts.clock.advance(TICK)
    await scene.post("/ipc", {"target": "web", "event": "greet", "eventData": 1})

    await web.until("ipc")
    assert web.met == ["init", "ipc"]


async def test_a_token_that_is_revoked_ends_its_connection(scene):
    talk = await scene.connect("reader", "read")

    await scene.parts.engine.tokens.revoke("reader")

    assert await talk.closed() == 1008


async def test_a_token_that_the_settings_revoke_ends_its_connection_with_the_next_beat(scene):
    talk = await scene.connect("reader", "read")
    scene.parts.revocations.revoked.add("reader")

    scene.parts.clock.advance(TICK * BEAT)

    assert await talk.closed() == 1008


async def test_clients_are_sent_away_when_the_server_is_turned_off(scene):
    talk = await scene.connect("reader", "read")

    code, _ = await asyncio.gather(talk.closed(), scene.server.turn_off())

    assert code == 1001
