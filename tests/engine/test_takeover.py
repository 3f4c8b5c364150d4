import pytest

from pmdaemon.core.process import (
    UNKNOWN_EXIT,
    Backoff,
    Cause,
    Errored,
    Exit,
    Exited,
    Identity,
    Online,
    Run,
    Starting,
    Stopped,
    Stopping,
)
from pmdaemon.engine.takeover import take_over
from tests.fakes.clock import FakeClock
from tests.fakes.process_trees import FakeProcessTrees
from tests.fakes.processes import FakeProcesses
from tests.support.builders import NOW, a_process, a_run, later


class Scene:
    def __init__(self):
        self.world = FakeProcesses()
        self.clock = FakeClock(wall=NOW.wall + 60, monotonic=NOW.monotonic + 60)

    def a_run(self, **changes):
        return Run(self.world.add(**changes), NOW)

    def event(self, state, *, exits=None, rebooted=False, launched=None, expected=(), **changes):
        process = a_process(pm_id=7, state=state, **changes)
        ((pm_id, event),) = take_over(
            [process],
            token=lambda one: f"token {one.pm_id}.{one.launch}",
            trees=FakeProcessTrees(self.world),
            clock=self.clock,
            exits=exits or {},
            rebooted=rebooted,
            launched=launched or {},
            expected=lambda identity: identity in expected,
        )
        assert pm_id == 7
        assert event.at == later(60)
        return event


@pytest.fixture
def scene():
    return Scene()


def both(run):
    return [Online(run), Stopping(run, Cause.STOP_REQUESTED)]


@pytest.mark.parametrize("which", [0, 1])
def test_a_run_that_goes_on_is_taken_over_as_it_is(scene, which):
    run = scene.a_run()

    event = scene.event(both(run)[which])

    assert (event.run, event.rebooted) == (run, False)


@pytest.mark.parametrize("which", [0, 1])
async def test_a_run_that_ended_meanwhile_has_the_exit_that_the_keeper_saw(scene, which):
    run = scene.a_run()
    scene.world.end(run.identity, Exit(code=3))

    event = scene.event(both(run)[which], exits={run.identity: Exit(code=3)})

    assert (event.run, event.exit) == (None, Exit(code=3))


def test_a_run_that_nobody_saw_end_has_an_unknown_exit(scene):
    event = scene.event(Online(a_run()), exits={a_run(pid=1).identity: Exit(code=3)})

    assert (event.run, event.exit) == (None, UNKNOWN_EXIT)


def test_another_program_with_the_same_pid_is_not_the_run(scene):
    run = scene.a_run()
    former = Run(type(run.identity)(run.identity.pid, run.identity.start_time - 1), NOW)

    assert scene.event(Online(former)).run is None


def test_what_was_spawned_and_not_recorded_is_found_by_its_token(scene):
    identity = scene.world.add(token="token 7.5")
    scene.world.add(token="token 7.4")

    event = scene.event(Starting(), launch=5)

    assert event.run == Run(identity, later(60))


def test_what_was_spawned_and_has_ended_before_it_was_recorded_is_known_by_the_keeper(scene):
    identity = a_run().identity

    event = scene.event(Starting(), launch=5, launched={"token 7.5": identity})

    assert event.run == Run(identity, later(60))


@pytest.mark.parametrize("which", [0, 1])
def test_a_run_whose_end_is_about_to_be_told_is_taken_over_as_if_it_went_on(scene, which):
    run = a_run()

    event = scene.event(both(run)[which], expected={run.identity})

    assert event.run == run


def test_a_run_of_an_earlier_launch_is_not_this_one(scene):
    scene.world.add(token="token 7.4")

    assert scene.event(Starting(), launch=5).run is None


@pytest.mark.parametrize(
    "state", [Stopped(), Exited(), Errored("broken"), Backoff(NOW, delay=1.0)], ids=type
)
def test_what_did_not_run_has_no_run(scene, state):
    scene.world.add(token="token 7.0")

    assert scene.event(state).run is None


@pytest.mark.parametrize("which", [0, 1])
def test_after_a_reboot_nothing_runs_whatever_has_its_number(scene, which):
    run = scene.a_run()

    event = scene.event(both(run)[which], rebooted=True)

    assert (event.run, event.rebooted, event.exit) == (None, True, UNKNOWN_EXIT)


def test_a_later_run_that_was_not_recorded_is_taken_over_in_place_of_the_lost_one(scene):
    found = scene.world.add()
    launched = {"token 7.4": scene.world.add(), "token 7.12": found, "token 8.99": found}

    event = scene.event(Online(a_run()), launch=4, launched=launched)

    assert event.run == Run(found, later(60))
    assert event.launch == 12


def test_a_later_run_that_has_ended_by_now_is_none(scene):
    run = scene.a_run()

    event = scene.event(Online(run), launch=4, launched={"token 7.12": Identity(1, 1)})

    assert event.run == run
    assert event.launch is None


def test_the_recorded_run_is_not_taken_for_a_later_one(scene):
    run = scene.a_run()

    event = scene.event(Online(run), launch=4, launched={"token 7.4": run.identity})

    assert (event.run, event.launch) == (run, None)


def test_a_run_whose_exit_is_about_to_be_told_is_taken_over_as_if_it_went_on(scene):
    run = a_run()

    event = scene.event(Online(run), expected={run.identity})

    assert event.run == run


async def test_what_was_spawned_and_ended_before_it_was_recorded_is_known_to_the_keeper(scene):
    run = scene.a_run(token="token 7.5")
    scene.world.end(run.identity, Exit(code=3))

    event = scene.event(Starting(), launch=5, launched={"token 7.5": run.identity})

    assert event.run == Run(run.identity, later(60))


def test_what_was_spawned_for_an_earlier_launch_is_not_this_one(scene):
    event = scene.event(Starting(), launch=5, launched={"token 7.4": a_run().identity})

    assert event.run is None
