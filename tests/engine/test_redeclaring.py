from msgspec.structs import replace

from pmdaemon.core.selectors import Selector
from pmdaemon.core.spec import StopPolicy
from pmdaemon.engine.redeclaring import start_or_reload
from tests.support.builders import an_app


def up(snapshots):
    return [(one.process.name, one.process.instance) for one in snapshots]


async def test_what_is_not_there_is_started(parts):
    done = await start_or_reload(parts.engine.processes, [an_app(name="web", instances=2)])

    assert up(done.processes) == [("web", 0), ("web", 1)]
    assert not done.restarted


async def test_what_was_stopped_is_started_as_it_is_declared_now(parts):
    web = an_app(name="web")
    await parts.engine.processes.start_apps([web], existing="refuse")
    await parts.engine.processes.stop([Selector.parse("web")])

    declared = replace(web, stop=StopPolicy("SIGTERM"))
    [one] = (await start_or_reload(parts.engine.processes, [declared])).processes

    assert one.process.pid is not None
    assert one.process.spec.stop.signal == "SIGTERM"


async def test_what_is_up_is_anew_and_declared_anew_in_its_new_number(parts):
    web = an_app(name="web")
    [before] = await parts.engine.processes.start_apps([web], existing="refuse")

    declared = replace(web, stop=StopPolicy("SIGTERM"), instances=2)
    done = await start_or_reload(parts.engine.processes, [declared])

    assert up(done.processes) == [("web", 0), ("web", 1)]
    assert done.processes[0].process.pid != before.process.pid
    assert {one.process.spec.stop.signal for one in done.processes} == {"SIGTERM"}
