import asyncio

import pytest

from pmdaemon.core.errors import InvalidInput, OperationFailed, ProcessBlocked
from pmdaemon.core.health import EAGER_INTERVAL
from pmdaemon.core.process import Errored, Exit, ProcessState, Stopped, Wish
from pmdaemon.core.selectors import Selector
from pmdaemon.core.spec import Dependency, HealthCheck, RestartPolicy
from tests.support.builders import an_app
from tests.support.engine import settle

S = ProcessState


def going(coroutine):
    return asyncio.get_running_loop().create_task(coroutine)


def named(*names):
    return [Selector.parse(name) for name in names]


def web(condition="ready", *, name="web", on="db"):
    return an_app(name=name, depends_on=(Dependency(on, condition),))


def db(**changes):
    return an_app(name="db", **changes)


def ids_launched(parts):
    return [order.env["PMDAEMON_NAME"] for order in parts.launcher.orders]


async def test_dependencies_are_started_first(parts):
    await parts.start(web(name="gateway", on="web"), web(), db())

    assert ids_launched(parts) == ["db", "web", "gateway"]


async def test_what_is_independent_does_not_wait(parts):
    slow = db(health=HealthCheck("tcp", "5432"))
    going(parts.start(web(), slow, an_app(name="other")))
    await settle()

    assert ids_launched(parts) == ["db", "other"]


async def test_one_that_is_checked_is_waited_for_until_it_is_healthy(parts):
    parts.prober.failing["5432"] = "connection refused"
    checked = db(health=HealthCheck("tcp", "5432", interval=1.0, start_period=60.0))
    starting = going(parts.start(web(), checked))
    await settle()
    parts.clock.advance(EAGER_INTERVAL)
    await settle()
    assert (parts.state(0), starting.done()) == (S.STOPPED, False)

    parts.prober.failing.clear()
    parts.clock.advance(EAGER_INTERVAL)
    await starting

    assert parts.state(0) is S.ONLINE


async def test_one_that_is_to_complete_is_waited_for(parts):
    once = db(restart=RestartPolicy(autorestart=False))
    starting = going(parts.start(web("completed"), once))
    await settle()
    assert not starting.done()

    parts.launcher.end(parts.identity(1), Exit(code=0))
    await starting

    assert (parts.state(0), parts.state(1)) == (S.ONLINE, S.EXITED)


async def test_one_that_fails_is_told_and_nothing_waits_for_ever(parts):
    once = db(restart=RestartPolicy(autorestart=False))
    starting = going(parts.start(web("completed"), once))
    await settle()

    parts.launcher.end(parts.identity(1), Exit(code=3))

    with pytest.raises(OperationFailed, match="cannot start web: it needs db to be completed"):
        await starting
    reason = parts.supervisor.processes[0].state.reason
    assert reason == "it needs db to be completed, which ended with exit code 3"


async def test_a_program_that_cannot_be_started_fails_those_that_need_it(parts):
    parts.launcher.fail("cannot run it: no such file")

    with pytest.raises(OperationFailed):
        await parts.start(db(), web())

    assert isinstance(parts.supervisor.processes[1].state, Errored)


async def test_a_start_by_name_brings_up_what_is_needed(parts):
    await parts.start(web(), db())
    await parts.engine.processes.stop(named("all"))

    await parts.engine.processes.start(named("web"))

    assert (parts.state(0), parts.state(1)) == (S.ONLINE, S.ONLINE)


async def test_what_is_needed_and_blocked_is_said_to_be_so(parts):
    await parts.start(web(), db())
    await parts.engine.processes.stop(named("all"))
    await parts.engine.processes.block(named("db"))

    with pytest.raises(ProcessBlocked, match="cannot start db: it is blocked"):
        await parts.engine.processes.start(named("web"))

    assert parts.supervisor.processes[0].wish is Wish.DOWN


async def test_those_that_depend_on_others_are_stopped_first(parts):
    await parts.start(db(), web())
    ended = []
    for pm_id in (0, 1):
        parts.world.when_ended(parts.identity(pm_id), lambda _, pm_id=pm_id: ended.append(pm_id))

    await parts.engine.processes.stop(named("all"))

    assert ended == [1, 0]


async def test_the_end_of_the_daemon_ends_them_in_that_order_too(parts):
    await parts.start(db(), web())
    parts.triggers.stop()
    ended = []
    for pm_id in (0, 1):
        parts.world.when_ended(parts.identity(pm_id), lambda _, pm_id=pm_id: ended.append(pm_id))

    await parts.engine.processes.shut_down()

    assert ended == [1, 0]
    assert {one.wish for one in parts.supervisor.processes.values()} == {Wish.UP}


async def test_a_dependency_that_crashes_does_not_take_others_along(parts):
    await parts.start(web(), db())
    running = parts.identity(0)

    parts.launcher.end(parts.identity(1), Exit(code=1))
    await settle()

    assert parts.identity(0) == running


async def test_a_stop_ends_the_waiting(parts):
    checked = db(health=HealthCheck("tcp", "5432"))
    starting = going(parts.start(web(), checked))
    await settle()

    await parts.engine.processes.stop(named("web"))
    await starting

    assert parts.supervisor.processes[0].wish is Wish.DOWN
    assert parts.supervisor.processes[0].state == Stopped()


async def test_what_waited_when_the_daemon_died_is_let_go_by_the_next(parts):
    checked = db(health=HealthCheck("tcp", "5432", interval=1.0))
    going(parts.start(web(), checked))
    await settle()
    parts.triggers.dependencies.stop()
    parts.clock.advance(EAGER_INTERVAL)
    await settle()
    assert parts.state(0) is S.STOPPED

    parts.triggers.dependencies.start()
    await settle()

    assert parts.state(0) is S.ONLINE


async def test_nothing_is_touched_when_a_dependency_is_unknown(parts):
    with pytest.raises(InvalidInput, match="there is no such app"):
        await parts.start(an_app(name="other"), web())

    assert parts.supervisor.processes == {}
    assert parts.launcher.orders == []


async def test_only_who_waits_for_an_app_is_looked_at_when_it_changes(parts):
    looks = 0

    def count(asked):
        def health_of():
            nonlocal looks
            looks += 1
            return asked()

        return health_of

    keeper = parts.triggers.dependencies
    keeper._health_of = count(keeper._health_of)
    slow = db(health=HealthCheck("tcp", "5432"))
    going(parts.start(slow, web()))
    await settle()
    before = looks

    await parts.start(an_app(name="other"), an_app(name="third"))

    assert looks == before
