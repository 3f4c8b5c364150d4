import asyncio
from contextlib import suppress

import pytest
from msgspec.structs import replace

from pmdaemon.core.effects import Forget, Spawn
from pmdaemon.core.errors import InvalidInput, StoreUnavailable
from pmdaemon.core.lifecycle_events import (
    DeleteRequested,
    ProcessExited,
    ReadyTimeElapsed,
    SessionEmptied,
    Spawned,
    SpawnFailed,
    StartRequested,
    StopRequested,
)
from pmdaemon.core.notices import ProcessChanged
from pmdaemon.core.process import Online, Process, ProcessState, Wish
from pmdaemon.core.replacement import replacement
from pmdaemon.core.spec import Command
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.supervisor import SPAWNS_AT_ONCE, STORE_RETRY_DELAY, Plan, Supervisor
from tests.fakes.clock import FakeClock
from tests.fakes.store import MemoryStore
from tests.support.builders import CLEAN, NOW, a_process, a_run, an_app
from tests.support.engine import settle
from tests.support.waiting import eventually

PYTHON = an_app(command=Command("app.py", (), None, ("/usr/bin/python3", "/srv/app.py")))
BROKEN = StoreUnavailable("cannot write the store: its disk is full")


class Scene:
    """A supervisor whose effects are only written down."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = MemoryStore()
        self.bus = Bus()
        self.heard: list[ProcessChanged] = []
        self.bus.subscribe(self.heard.append)
        self.carried_out = []
        self.supervisor = Supervisor(store=self.store, clock=self.clock, bus=self.bus)
        self.post = self.supervisor.post

    def carry_out(self, process, effect):
        self.carried_out.append(effect)

    def state(self, pm_id=0):
        return self.supervisor.processes[pm_id].state.kind

    def asking(self, *events, added=(), settled=lambda _: True, regardless=False):
        plan = Plan(events, added)
        return asyncio.get_running_loop().create_task(
            self.supervisor.ask(lambda _: plan, settled=settled, regardless=regardless)
        )

    async def begin(self, *processes: Process):
        """Have these processes, in the store as well."""
        next_pm_id = max((one.pm_id + 1 for one in processes), default=0)
        self.supervisor.adopt(processes, next_pm_id)
        await self.asking(added=processes)

    async def stored(self):
        return (await self.store.load()).processes

    async def start_up(self, pm_id=0):
        """Bring a process up, and answer for the operating system."""
        await self.asking((pm_id, StartRequested()))
        self.spawned(pm_id)
        await eventually(lambda: self.state(pm_id) is ProcessState.ONLINE)

    async def start_up_unsaved(self):
        """Bring a process up while the store fails, which it then goes on to do."""
        await self.asking((0, StartRequested()))
        self.store.failure = BROKEN
        self.spawned()
        await eventually(lambda: self.supervisor.unsaved)

    def spawned(self, pm_id=0):
        epoch = self.supervisor.everything[pm_id].epoch
        self.post(pm_id, Spawned(epoch, a_run(pid=5000 + pm_id)))


@pytest.fixture
async def scene():
    scene = Scene()
    running = asyncio.get_running_loop().create_task(scene.supervisor.run(scene.carry_out))
    yield scene
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


def is_online(process):
    return isinstance(process.state, Online)


async def test_what_was_acknowledged_is_in_the_store(scene):
    await scene.begin(a_process())

    await scene.asking((0, StartRequested()))

    (stored,) = await scene.stored()
    assert stored == scene.supervisor.processes[0]
    assert stored.state.kind is ProcessState.STARTING
    assert scene.store.commits[-1].urgent


async def test_nothing_is_done_or_seen_before_it_is_stored(scene):
    await scene.begin(a_process())
    seen = []

    def look(_):
        seen.append((scene.state(), list(scene.carried_out)))
        return Plan([(0, StartRequested())])

    asking = asyncio.get_running_loop().create_task(
        scene.supervisor.ask(look, settled=lambda _: True)
    )
    commits = len(scene.store.commits)
    while len(scene.store.commits) == commits:
        assert scene.state() is ProcessState.STOPPED
        assert scene.carried_out == []
        await asyncio.sleep(0)

    await asking
    assert scene.carried_out == [Spawn(0, epoch=1)]


async def test_an_answer_waits_until_all_have_settled(scene):
    await scene.begin(a_process(), a_process(pm_id=1))
    asking = scene.asking((0, StartRequested()), (1, StartRequested()), settled=is_online)
    await settle()

    scene.spawned(0)
    await settle()
    assert not asking.done()

    scene.spawned(1)
    outcome = await asking
    assert {pm_id: one.state.kind for pm_id, one in outcome.items()} == {
        0: ProcessState.ONLINE,
        1: ProcessState.ONLINE,
    }


async def test_the_outcome_is_how_each_was_when_it_got_there(scene):
    await scene.begin(a_process(), a_process(pm_id=1))
    asking = scene.asking((0, StartRequested()), (1, StartRequested()), settled=is_online)
    await settle()
    scene.spawned(0)
    await settle()

    scene.post(0, ProcessExited(a_run(pid=5000).identity, CLEAN))
    scene.spawned(1)

    outcome = await asking
    assert is_online(outcome[0])
    assert scene.state(0) is ProcessState.STOPPING


async def test_what_is_so_already_is_answered_at_once(scene):
    await scene.begin(a_process())
    await scene.start_up()
    commits = len(scene.store.commits)

    outcome = await scene.asking((0, StartRequested()), settled=is_online)

    assert outcome == {0: scene.supervisor.processes[0]}
    assert len(scene.store.commits) == commits


async def test_what_is_gone_has_settled(scene):
    await scene.begin(a_process(wish=Wish.DOWN))

    outcome = await scene.asking((0, DeleteRequested()), settled=lambda _: False)

    assert outcome == {0: None}
    assert scene.supervisor.processes == {}
    assert await scene.stored() == []


async def test_a_refusal_changes_nothing(scene):
    await scene.begin(a_process())
    commits = list(scene.store.commits)

    def refuse(_):
        raise InvalidInput("no")

    with pytest.raises(InvalidInput):
        await scene.supervisor.ask(refuse, settled=lambda _: True)

    assert scene.store.commits == commits
    assert scene.state() is ProcessState.STOPPED


async def test_a_store_that_fails_refuses_requests_and_nothing_is_done(scene):
    await scene.begin(a_process())
    scene.heard.clear()
    scene.store.failure = BROKEN

    with pytest.raises(StoreUnavailable):
        await scene.asking((0, StartRequested()), (1, StartRequested()))

    assert scene.carried_out == []
    assert scene.heard == []
    assert scene.state() is ProcessState.STOPPED


async def test_a_new_process_that_cannot_be_stored_takes_no_id(scene):
    scene.store.failure = BROKEN
    with pytest.raises(StoreUnavailable):
        await scene.asking((0, StartRequested()), added=[a_process()])
    scene.store.failure = None
    ids = []

    await scene.supervisor.ask(
        lambda ledger: ids.append(ledger.next_pm_id) or Plan([]), settled=lambda _: True
    )

    assert ids == [0]
    assert scene.supervisor.processes == {}


async def test_what_has_happened_is_so_also_while_the_store_fails(scene):
    await scene.begin(a_process())
    await scene.asking((0, StartRequested()))
    scene.store.failure = BROKEN

    scene.spawned()

    await eventually(lambda: scene.state() is ProcessState.ONLINE)
    assert scene.supervisor.unsaved == 1


async def test_what_could_not_be_stored_is_stored_later(scene):
    await scene.begin(a_process())
    await scene.start_up_unsaved()

    scene.clock.advance(STORE_RETRY_DELAY)
    await settle()
    assert scene.supervisor.unsaved == 1
    scene.store.failure = None
    scene.clock.advance(STORE_RETRY_DELAY)

    await eventually(lambda: not scene.supervisor.unsaved)
    assert await scene.stored() == [scene.supervisor.processes[0]]
    assert scene.clock.pending == 0


async def test_a_store_that_fails_is_said_once_and_its_recovery_too(scene, caplog):
    caplog.set_level("INFO")
    await scene.begin(a_process())
    await scene.start_up_unsaved()
    scene.clock.advance(STORE_RETRY_DELAY)
    await settle()
    while_failing = scene.supervisor.store_failure

    scene.store.failure = None
    scene.clock.advance(STORE_RETRY_DELAY)
    await eventually(lambda: not scene.supervisor.unsaved)

    assert while_failing is BROKEN
    assert scene.supervisor.store_failure is None
    assert caplog.text.count("store.failed") == 1
    assert "store.recovered saved=1" in caplog.text


async def test_the_next_request_takes_along_what_could_not_be_stored(scene):
    await scene.begin(a_process(), a_process(pm_id=1))
    await scene.start_up_unsaved()
    scene.store.failure = None

    await scene.asking((1, StopRequested()))

    assert await scene.stored() == list(scene.supervisor.processes.values())


async def test_what_went_while_the_store_failed_is_removed_later(scene):
    await scene.begin(a_process(), a_process(pm_id=1))
    await scene.asking((0, StartRequested()))
    await scene.asking((0, DeleteRequested()))
    scene.store.failure = BROKEN

    scene.post(0, SpawnFailed(1, "no", transient=False, at=NOW))
    await eventually(lambda: 0 not in scene.supervisor.processes)
    scene.store.failure = None
    scene.clock.advance(STORE_RETRY_DELAY)

    await eventually(lambda: not scene.supervisor.unsaved)
    assert [one.pm_id for one in await scene.stored()] == [1]


async def test_what_must_be_done_is_done_also_while_the_store_fails(scene):
    await scene.begin(a_process())
    scene.store.failure = BROKEN

    await scene.asking((0, StartRequested()), regardless=True)
    assert scene.carried_out == [Spawn(0, epoch=1)]

    scene.store.failure = None
    scene.clock.advance(STORE_RETRY_DELAY)
    await eventually(lambda: not scene.supervisor.unsaved)
    assert await scene.stored() == [scene.supervisor.processes[0]]


async def test_events_that_came_together_are_stored_together(scene):
    await scene.begin(*(a_process(pm_id=pm_id) for pm_id in range(3)))
    await scene.asking(*((pm_id, StartRequested()) for pm_id in range(3)))
    commits = len(scene.store.commits)

    for pm_id in range(3):
        scene.spawned(pm_id)

    await eventually(lambda: scene.state(2) is ProcessState.ONLINE)
    assert len(scene.store.commits) == commits + 1
    assert not scene.store.commits[-1].urgent


@pytest.mark.parametrize("failure", [None, BROKEN])
async def test_an_event_is_recorded_before_anything_is_done_about_it(scene, failure):
    await scene.begin(a_process())
    scene.store.failure = failure
    commits = len(scene.store.commits)
    seen = []

    def recorded():
        seen.append((len(scene.store.commits) - commits, scene.state(), list(scene.carried_out)))

    scene.post(0, StartRequested(), recorded)

    await eventually(lambda: scene.carried_out)
    assert seen == [(0 if failure else 1, ProcessState.STOPPED, [])]


async def test_events_for_what_is_gone_do_nothing(scene):
    await scene.begin(a_process())
    commits = len(scene.store.commits)

    scene.post(99, StartRequested())
    await settle()

    assert len(scene.store.commits) == commits
    assert 99 not in scene.supervisor.processes


async def test_what_went_in_one_batch_of_events_stays_away_for_the_rest_of_it(scene):
    await scene.begin(a_process(), a_process(pm_id=1))
    await scene.asking((0, StartRequested()))
    await scene.asking((0, DeleteRequested()))

    scene.post(0, SpawnFailed(1, "no", transient=False, at=NOW))
    scene.post(0, StopRequested())
    scene.post(1, StartRequested())

    await eventually(lambda: scene.state(1) is ProcessState.STARTING)
    assert list(scene.supervisor.processes) == [1]
    assert [one.pm_id for one in await scene.stored()] == [1]
    assert scene.carried_out.count(Forget(0)) == 1


async def test_several_events_of_one_process_follow_each_other(scene):
    await scene.begin(a_process())
    await scene.asking((0, StartRequested()))
    scene.heard.clear()

    scene.spawned()
    scene.post(0, ProcessExited(a_run(pid=5000).identity, CLEAN))

    await eventually(lambda: scene.state() is ProcessState.STOPPING)
    (notice,) = scene.heard
    assert (notice.before.state.kind, notice.after.state.kind) == ("starting", "stopping")


async def test_a_notice_is_told_when_what_it_says_is_so(scene):
    await scene.begin(a_process())
    seen = []
    scene.bus.subscribe(lambda notice: seen.append((notice.after.state.kind, scene.state())))

    await scene.start_up()

    assert seen == [("starting", "starting"), ("online", "online")]


async def test_notices_tell_what_is_new_and_what_is_gone(scene):
    await scene.asking((0, StopRequested()), added=[a_process()])
    await scene.asking((0, DeleteRequested()))

    came, went = scene.heard
    assert (came.before, came.after.wish) == (None, Wish.DOWN)
    assert (went.before.wish, went.after) == (Wish.DOWN, None)


async def test_ids_are_not_used_again_until_all_are_gone(scene):
    await scene.asking(added=[a_process(pm_id=pm_id, wish=Wish.DOWN) for pm_id in range(3)])
    ids = []

    def next_id(ledger):
        ids.append(ledger.next_pm_id)
        return Plan([])

    for pm_id in (2, 1, 0):
        await scene.asking((pm_id, DeleteRequested()))
        await scene.supervisor.ask(next_id, settled=lambda _: True)

    assert ids == [3, 3, 0]
    assert (await scene.store.load()).next_pm_id == 0


async def test_a_request_whose_asker_has_gone_is_carried_out(scene):
    await scene.begin(a_process())
    asking = scene.asking((0, StartRequested()), settled=is_online)
    await asyncio.sleep(0)

    asking.cancel()
    await settle()

    assert scene.state() is ProcessState.STARTING
    scene.spawned()
    await eventually(lambda: scene.state() is ProcessState.ONLINE)


async def test_a_refusal_whose_asker_has_gone_harms_nobody(scene):
    scene.store.failure = BROKEN
    asking = scene.asking((0, StartRequested()), added=[a_process()])
    await asyncio.sleep(0)

    asking.cancel()
    await settle()
    scene.store.failure = None

    await scene.begin(a_process())
    assert scene.state() is ProcessState.STOPPED


async def test_requests_are_answered_in_the_order_of_asking(scene):
    await scene.begin(a_process())

    start = scene.asking((0, StartRequested()))
    stop = scene.asking((0, StopRequested()))
    await asyncio.gather(start, stop)

    assert scene.supervisor.processes[0].wish is Wish.DOWN


async def test_others_get_a_turn_between_many_spawns(scene):
    processes = [a_process(pm_id=pm_id) for pm_id in range(3 * SPAWNS_AT_ONCE)]
    await scene.begin(*processes)
    in_one_turn = []

    scene.asking(*((one.pm_id, StartRequested()) for one in processes))
    before = 0
    while before < len(processes):
        await asyncio.sleep(0)
        in_one_turn.append(len(scene.carried_out) - before)
        before = len(scene.carried_out)

    assert max(in_one_turn) == SPAWNS_AT_ONCE


async def test_a_new_boot_is_stored_with_what_it_leads_to_and_only_once():
    scene = Scene()
    scene.supervisor.adopt([a_process()], 1, new_boot_id="this boot")
    scene.post(0, StartRequested())
    running = asyncio.get_running_loop().create_task(scene.supervisor.run(scene.carry_out))

    await eventually(lambda: scene.carried_out)
    await scene.asking((0, StopRequested()))
    running.cancel()

    first, second = scene.store.commits
    assert (first.boot_id, second.boot_id) == ("this boot", None)
    assert [one.state.kind for one in first.written] == [ProcessState.STARTING]


async def test_a_new_boot_is_stored_also_when_nothing_happened():
    scene = Scene()
    scene.supervisor.adopt([], 0, new_boot_id="this boot")
    running = asyncio.get_running_loop().create_task(scene.supervisor.run(scene.carry_out))

    await scene.asking()
    running.cancel()

    assert (await scene.store.load()).boot_id == "this boot"


async def test_processes_are_listed_in_the_order_of_their_ids():
    supervisor = Scene().supervisor

    supervisor.adopt([a_process(pm_id=2), a_process(pm_id=0)], 3)

    assert list(supervisor.processes) == [0, 2]


async def test_a_declaration_changes_together_with_what_is_asked(scene):
    await scene.begin(a_process())
    anew = replace(scene.supervisor.processes[0], spec=an_app(cwd="/elsewhere"))

    await scene.asking((0, StartRequested()), added=[anew])

    (stored,) = await scene.stored()
    assert (stored.spec.cwd, stored.state.kind) == ("/elsewhere", ProcessState.STARTING)
    assert len(scene.store.commits) == 2


async def test_whoever_tells_an_event_learns_that_it_is_stored_before_anything_is_done(scene):
    await scene.begin(a_process())
    await scene.start_up()
    seen = []

    def look():
        seen.append((len(scene.store.commits), list(scene.carried_out)))

    before = len(scene.store.commits), list(scene.carried_out)
    run = scene.supervisor.processes[0].run
    scene.post(0, ProcessExited(run.identity, CLEAN), look)

    await eventually(lambda: len(scene.carried_out) > len(before[1]))
    assert seen == [(before[0] + 1, before[1])]


async def test_what_cannot_be_stored_is_not_waited_for(scene):
    await scene.begin(a_process())
    await scene.start_up()
    scene.store.failure = BROKEN
    seen = []

    run = scene.supervisor.processes[0].run
    scene.post(0, ProcessExited(run.identity, CLEAN), lambda: seen.append(scene.state()))

    await eventually(lambda: seen)


# Replacements; what becomes of the two is in tests/core/test_replacement.py.


def beside(old):
    return replacement(old, old.spec, None, NOW)


async def test_a_replacement_is_no_process_that_users_know(scene):
    await scene.begin(a_process())
    await scene.start_up()
    scene.heard.clear()

    new = beside(scene.supervisor.processes[0])
    await scene.asking((new.pm_id, StartRequested()), added=[new])

    assert list(scene.supervisor.processes) == [0]
    assert list(scene.supervisor.everything) == [0, -1]
    assert scene.heard == []
    assert [process.pm_id for process in await scene.stored()] == [-1, 0]


async def test_when_a_replacement_is_ready_the_two_are_exchanged_in_one_step(scene):
    await scene.begin(a_process(spec=PYTHON))
    await scene.start_up()
    new = beside(scene.supervisor.processes[0])
    await scene.asking((new.pm_id, StartRequested()), added=[new])
    scene.spawned(-1)
    await eventually(lambda: scene.supervisor.everything[-1].run)
    scene.heard.clear()

    scene.post(-1, ReadyTimeElapsed(scene.supervisor.everything[-1].epoch))
    await eventually(lambda: scene.supervisor.processes[0].pid == 4999)

    [change] = scene.heard
    assert (change.before.pid, change.after.pid) == (5000, 4999)
    assert scene.supervisor.everything[-1].pid == 5000
    [*_, last] = scene.store.commits
    assert {process.pm_id for process in last.written} == {0, -1}


async def test_news_of_a_run_goes_to_whoever_has_it_now(scene):
    await scene.begin(a_process(spec=PYTHON))
    await scene.start_up()
    new = beside(scene.supervisor.processes[0])
    await scene.asking((new.pm_id, StartRequested()), added=[new])
    scene.spawned(-1)
    await eventually(lambda: scene.supervisor.everything[-1].run)
    scene.post(-1, ReadyTimeElapsed(scene.supervisor.everything[-1].epoch))
    await eventually(lambda: scene.supervisor.processes[0].pid == 4999)

    # Who watches the former run was told to tell process 0.
    scene.post(0, ProcessExited(a_run(pid=5000).identity, CLEAN))
    await eventually(lambda: scene.supervisor.everything[-1].pid is None)
    scene.post(0, SessionEmptied(a_run(pid=5000).identity, NOW))
    await eventually(lambda: -1 not in scene.supervisor.everything)

    assert scene.supervisor.processes[0].state.kind is ProcessState.ONLINE


async def test_a_replacement_takes_no_pm_id_from_those_to_come(scene):
    await scene.begin(a_process())
    await scene.start_up()

    new = beside(scene.supervisor.processes[0])
    await scene.asking((new.pm_id, StartRequested()), added=[new])

    assert {changes.next_pm_id for changes in scene.store.commits} == {None}
