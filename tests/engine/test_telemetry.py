from msgspec.structs import replace

from pmdaemon.core.agent import AgentReport
from pmdaemon.core.notices import MessageReceived, ProcessChanged, TelemetryReceived
from pmdaemon.core.process import Online, Stopped
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.telemetry import Telemetry
from tests.support.builders import a_process, a_run

WEB = a_process(pm_id=3, launch=1)
RUN = a_run()


def test_the_latest_report_counts_and_is_told():
    bus, told = Bus(), []
    telemetry = Telemetry(bus=bus)
    bus.subscribe(told.append)

    telemetry.report(WEB, {"rss": 1})
    telemetry.report(WEB, {"rss": 2})

    assert telemetry.latest(WEB) == {"rss": 2}
    assert told == [TelemetryReceived(WEB, {"rss": 1}), TelemetryReceived(WEB, {"rss": 2})]


def test_a_report_is_of_one_run():
    telemetry = Telemetry(bus=Bus())
    telemetry.report(WEB, {"rss": 1})

    assert telemetry.latest(a_process(pm_id=3, launch=2)) is None
    assert telemetry.latest(a_process(pm_id=4, launch=1)) is None


def test_what_is_deleted_is_forgotten():
    bus = Bus()
    telemetry = Telemetry(bus=bus)
    telemetry.report(WEB, {"rss": 1})

    bus.publish(ProcessChanged(WEB, None))

    assert telemetry.latest(WEB) is None


def says(bus, process, figure):
    bus.publish(MessageReceived(process, {"type": "axm:monitor", "data": {"jobs": figure}}))


def test_what_the_agent_in_a_program_says_is_known_while_it_is_up():
    bus = Bus()
    telemetry = Telemetry(bus=bus)
    web = a_process(pm_id=3, launch=1, state=Online(RUN))

    says(bus, web, 1)
    bus.publish(MessageReceived(web, "hello"))

    assert telemetry.agent(web) == AgentReport(monitor={"jobs": 1})
    assert telemetry.agent(replace(web, state=Stopped())) is None
    assert telemetry.agent(replace(web, launch=2)) is None


def test_two_runs_of_a_process_that_is_reloaded_are_told_apart():
    bus = Bus()
    telemetry = Telemetry(bus=bus)
    web = a_process(pm_id=3, launch=1, state=Online(RUN))
    new = replace(web, pm_id=-1, replaces=3, lineage=1)

    says(bus, web, 1)
    says(bus, new, 2)

    assert telemetry.agent(web) == AgentReport(monitor={"jobs": 1})
    assert telemetry.agent(replace(new, pm_id=3, replaces=None)) == AgentReport(monitor={"jobs": 2})


def test_of_runs_that_are_over_nothing_is_kept():
    bus = Bus()
    telemetry = Telemetry(bus=bus)
    web = a_process(pm_id=3, launch=1, state=Online(RUN))

    for launch in (1, 2, 3):
        says(bus, replace(web, launch=launch), launch)

    assert telemetry.agent(web) is None
    assert telemetry.agent(replace(web, launch=3)) == AgentReport(monitor={"jobs": 3})
    bus.publish(ProcessChanged(web, None))
    assert telemetry.agent(replace(web, launch=3)) is None
