import json
import logging

import pytest

from pmdaemon.core.errors import OperationFailed
from pmdaemon.core.health import Health, HealthStatus
from pmdaemon.core.notices import HealthChecked
from pmdaemon.core.selectors import Selector
from pmdaemon.engine.interfaces import WebSettings
from pmdaemon.server.http.access import Gate
from pmdaemon.server.http.guard import Guard
from pmdaemon.server.http.native import live, views
from pmdaemon.server.http.native.frames import Feed
from pmdaemon.server.http.native.live import BEAT, LiveFeed
from tests.support.builders import an_app
from tests.support.engine import settle
from tests.support.waiting import eventually


class Listener:
    """Writes down what it is told."""

    def __init__(self, feed=Feed.FULL):
        self.feed = feed
        self.batches = []
        self.beats = 0
        self.dismissed = False

    def deliver(self, batch):
        self.batches.append([json.loads(frame.body) for frame in batch.frames])

    def beat(self):
        self.beats += 1

    def dismiss(self):
        self.dismissed = True

    @property
    def frames(self):
        return [frame for batch in self.batches for frame in batch]

    def of(self, kind):
        return [frame["data"] for frame in self.frames if frame["type"] == kind]


class Scene:
    def __init__(self, parts):
        self.parts = parts
        guard = Guard(Gate(WebSettings()), parts.clock, parts.audit)
        self.live = LiveFeed(parts.engine, guard, hold=0.0)

    def join(self, feed=Feed.FULL):
        listener = Listener(feed)
        self.live.join(listener)
        return listener

    async def stop(self, name="web"):
        await self.parts.engine.processes.stop([Selector.parse(name)])


@pytest.fixture
async def scene(parts):
    await parts.start(an_app(name="web", env={"SECRET": "do not tell"}))
    scene = Scene(parts)
    yield scene
    for listener in tuple(scene.live._listeners):
        scene.live.leave(listener)


async def test_a_listener_gets_the_whole_list_first(scene):
    listener = scene.join()

    (frame,) = listener.frames
    assert frame["type"] == "process_list"
    assert [one["name"] for one in frame["data"]] == ["web"]
    assert frame["data"][0]["pid"] == 100


async def test_a_change_is_told_with_what_was_before(scene, monkeypatch):
    monkeypatch.setattr(live, "GATHERING", 3600.0)  # until we have it told
    listener = scene.join()

    await scene.stop()
    await scene.live._broadcast()

    status = listener.of("process_status")[-1]
    assert (status["status"], status["previous_status"], status["pid"]) == (
        "stopped",
        "online",
        None,
    )


async def test_all_events_are_told_also_when_states_are_skipped(scene):
    listener = scene.join()

    await scene.stop()

    await eventually(lambda: len(listener.of("process_event")) == 2)
    assert [one["event"] for one in listener.of("process_event")] == ["exited", "stopped"]


async def test_the_public_is_told_states_and_no_events(scene):
    listener = scene.join(Feed.PUBLIC)
    full = scene.join()

    await scene.stop()
    scene.parts.sampler.start()

    await eventually(lambda: full.of("system_metrics"))
    kinds = {frame["type"] for frame in listener.frames}
    assert kinds == {"process_list", "process_status", "process_metrics"}
    assert not any("pid" in one for one in listener.of("process_status"))
    assert "do not tell" not in json.dumps(full.frames)


async def test_what_comes_and_goes_is_told(scene):
    listener = scene.join()

    await scene.parts.start(an_app(name="new"))
    await eventually(lambda: listener.of("process_status"))
    await scene.parts.engine.processes.delete([Selector.parse("new")])

    await eventually(lambda: listener.of("process_status")[-1]["status"] == "deleted")
    assert listener.of("process_status")[0]["previous_status"] is None
    assert listener.of("process_status")[-1]["name"] == "new"
    assert listener.of("process_event")[-1]["event"] == "deleted"


async def test_what_came_and_went_unseen_has_no_state_to_tell(scene):
    listener = scene.join()
    scene.parts.launcher.fail("no such file")

    with pytest.raises(OperationFailed):
        await scene.parts.start(an_app(name="broken"))
    await scene.parts.engine.processes.delete([Selector.parse("broken")])

    await eventually(lambda: listener.of("process_event")[-1:] != [])
    await eventually(lambda: listener.of("process_event")[-1]["event"] == "deleted")


async def test_every_sample_brings_metrics(scene):
    listener = scene.join()
    scene.parts.program(0).memory = 4096

    scene.parts.sampler.start()

    await eventually(lambda: listener.of("system_metrics"))
    (metrics,) = listener.of("process_metrics")
    assert metrics["processes"][0]["memory"] == 4096
    assert listener.of("system_metrics")[0]["hostname"] == "server-01"


async def test_what_changes_all_the_time_is_no_change_of_state(scene):
    listener = scene.join()

    scene.parts.program(0).memory = 4096
    await scene.parts.engine.processes.reset([Selector.parse("web")])
    scene.parts.sampler.start()

    await eventually(lambda: listener.of("process_metrics"))
    assert listener.of("process_status") == []


async def test_health_is_told_when_it_changes(scene, monkeypatch):
    listener = scene.join()
    monkeypatch.setattr(
        live, "process_view", lambda one: {**views.process_view(one), "health_status": "unhealthy"}
    )

    process = scene.parts.supervisor.processes[0]
    scene.parts.bus.publish(HealthChecked(process, Health(), Health(HealthStatus.UNHEALTHY)))

    await eventually(lambda: listener.of("health_update"))
    assert listener.of("health_update")[0] == {
        "id": 0,
        "process": "web",
        "status": "unhealthy",
        "previous_status": "unknown",
    }


async def test_nothing_is_worked_out_while_nobody_listens(scene):
    subscribers = len(scene.parts.bus._subscribers)
    listener = scene.join()
    assert len(scene.parts.bus._subscribers) == subscribers + 1

    scene.live.leave(listener)

    assert len(scene.parts.bus._subscribers) == subscribers
    assert scene.parts.clock.pending == 0


async def test_who_has_left_is_told_nothing_and_may_come_again(scene):
    listener, other = scene.join(), scene.join()
    scene.live.leave(listener)

    await scene.stop()

    await eventually(lambda: other.of("process_status"))
    assert listener.of("process_status") == []
    scene.live.leave(other)
    again = scene.join()
    assert again.of("process_list")[0][0]["status"] == "stopped"
    await settle()
    assert len(again.frames) == 1


async def test_a_failure_is_logged_and_not_the_end(scene, caplog):
    listener = scene.join()
    host, scene.parts.host.reading = scene.parts.host.reading, None

    with caplog.at_level(logging.ERROR):
        scene.parts.sampler.start()
        await eventually(lambda: "live.failed" in caplog.text)
    scene.parts.host.reading = host
    scene.parts.sampler.start()

    await eventually(lambda: listener.of("system_metrics"))


async def test_everybody_gets_a_sign_of_life_now_and_then(scene):
    listener, other = scene.join(), scene.join()

    scene.parts.clock.advance(2 * BEAT)

    assert (listener.beats, other.beats) == (2, 2)


async def test_everybody_is_sent_away_at_the_end(scene):
    listener = scene.join()

    await scene.live.dismiss_all()

    assert listener.dismissed


async def test_events_behind_a_cursor_are_those_that_others_were_told(scene, monkeypatch):
    monkeypatch.setattr(live, "GATHERING", 3600.0)  # until we have them told
    listener = scene.join()
    log = scene.parts.engine.events
    before = log.latest

    await scene.stop()
    assert scene.live.events_since(log.life, before) == ([], True)
    await scene.live._broadcast()
    assert len(listener.of("process_event")) == 2

    events, whole = scene.live.events_since(log.life, before)
    assert ([one.event.kind for one in events], whole) == (["exited", "stopped"], True)
    assert scene.live.events_since(log.life - 1, before) == ([], False)
