from pmdaemon.core.selectors import Selector
from pmdaemon.server.http.pup.looking import shown_of, state_of
from tests.support.builders import an_app


async def test_the_end_of_the_latest_run_is_known(parts):
    await parts.start(an_app(name="web"), an_app(name="api"))
    parts.clock.advance(10.0)
    await parts.engine.processes.stop([Selector("api")])

    assert [one.exited for one in shown_of(parts.engine)] == [None, parts.clock.now().wall]
    assert [one.exited for one in shown_of(parts.engine, 1)] == [parts.clock.now().wall]
    assert shown_of(parts.engine, 99) == []


async def test_the_daemon_says_that_it_is_ending(parts):
    assert state_of(parts.engine, parts.host.read())["status"] == "RUNNING"

    parts.engine.processes.refuse_starts()

    assert state_of(parts.engine, parts.host.read())["status"] == "TERMINATING"
