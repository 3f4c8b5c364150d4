from pmdaemon.core.notices import ProcessChanged, TelemetryReceived
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.telemetry import Telemetry
from tests.support.builders import a_process

WEB = a_process(pm_id=3, launch=1)


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
