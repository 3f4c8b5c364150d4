"""What the events in tests/dialects/pup do not show: who is told, and when nobody is."""

import json

import pytest

from pmdaemon.core.notices import MessageSent, ProcessChanged
from pmdaemon.core.process import Stopped
from pmdaemon.core.selectors import Selector
from pmdaemon.engine.interfaces import WebSettings
from pmdaemon.server.http.access import Gate
from pmdaemon.server.http.guard import Guard
from pmdaemon.server.http.pup.live import TICK, PupFeed
from tests.support.builders import a_process, an_app
from tests.support.engine import settle
from tests.support.waiting import eventually


class Ear:
    def __init__(self, *names, reads=True):
        self.reads = reads
        self.names = names
        self.heard = []

    def goes_by(self, name):
        return name in self.names

    def deliver(self, data):
        self.heard.append(json.loads(data[data.index(b"{") :]))

    def beat(self):
        self.heard.append("beat")

    def dismiss(self):
        self.heard.append("dismissed")

    def kinds(self):
        return [one["t"] for one in self.heard]


@pytest.fixture
async def parts(parts):
    await parts.start(an_app(name="web"))
    return parts


@pytest.fixture
def feed(parts):
    return PupFeed(parts.engine, Guard(Gate(WebSettings()), parts.clock, parts.audit))


async def test_nothing_is_worked_out_when_nobody_listens(parts, feed):
    ear = Ear()
    feed.join(ear)
    feed.leave(ear)
    await settle()
    timers = len(parts.clock._timers)

    parts.bus.publish(MessageSent("web", "greet", 1, "x"))
    parts.clock.advance(TICK * 2)

    assert ear.kinds() == ["init"]
    assert timers >= len(parts.clock._timers)
    assert parts.engine.logs._followers == 0


async def test_whoever_may_not_read_costs_no_look_at_the_machine(parts, feed):
    looks = []
    parts.host.read = lambda: looks.append(1)
    feed.join(Ear(reads=False))

    parts.clock.advance(TICK)
    await settle()

    assert looks == []


async def test_the_other_run_of_a_reload_is_not_told_as_a_process(parts, feed):
    ear = Ear()
    feed.join(ear)

    parts.bus.publish(ProcessChanged(None, a_process(pm_id=99, replaces=0, state=Stopped())))

    assert "process_status_changed" not in ear.kinds()


async def test_output_is_followed_again_when_programs_come_back(parts, feed):
    ear = Ear()
    feed.join(ear)
    await eventually(lambda: parts.engine.logs._followers == 1)

    await parts.engine.processes.delete([Selector.parse("all")])
    await eventually(lambda: parts.engine.logs._followers == 0)
    await parts.start(an_app(name="api"))

    await eventually(lambda: parts.engine.logs._followers == 1)
    feed.leave(ear)


async def test_all_are_sent_away_at_the_end(feed):
    ears = [Ear(), Ear()]
    for ear in ears:
        feed.join(ear)

    await feed.dismiss_all()

    assert [ear.heard[-1] for ear in ears] == ["dismissed"] * 2
    for ear in ears:
        feed.leave(ear)
