from pmdaemon.core.process import Cause, Exit, ProcessState
from pmdaemon.core.selectors import Selector
from pmdaemon.core.spec import RestartPolicy, WatchPolicy
from pmdaemon.engine.file_watcher import LEAST_DELAY, LONGEST_BRAKE, LONGEST_GATHERING, SOON
from tests.support.builders import an_app
from tests.support.engine import settle

WEB = [Selector.parse("web")]
WATCHED = an_app(watch=WatchPolicy(("/srv",), ("*.log", "node_modules"), delay=0.5))


async def pass_time(parts, seconds):
    parts.clock.advance(seconds)
    await settle()


def restarts(parts):
    return len(parts.launcher.orders) - 1


async def test_a_change_starts_the_app_anew_and_says_why(parts):
    await parts.start(WATCHED)
    await pass_time(parts, 10)

    parts.files.change("/srv/server.js")
    await pass_time(parts, 0.5)

    assert restarts(parts) == 1
    assert parts.supervisor.processes[0].last_cause is Cause.FILES_CHANGED


async def test_all_instances_are_started_anew(parts):
    await parts.start(an_app(watch=WatchPolicy(("/srv",)), instances=3))
    await pass_time(parts, 10)

    parts.files.change("/srv/server.js")
    await pass_time(parts, LEAST_DELAY)

    assert len(parts.launcher.orders) == 6


async def test_changes_are_gathered_until_it_is_quiet(parts):
    await parts.start(WATCHED)
    await pass_time(parts, 10)

    for _ in range(5):
        parts.files.change("/srv/server.js")
        await pass_time(parts, 0.4)
    assert restarts(parts) == 0
    await pass_time(parts, 0.1)

    assert restarts(parts) == 1


async def test_changes_without_end_are_not_gathered_without_end(parts):
    await parts.start(WATCHED)
    await pass_time(parts, 10)

    for _ in range(int(LONGEST_GATHERING / 0.4) + 1):
        parts.files.change("/srv/server.js")
        await pass_time(parts, 0.4)

    assert restarts(parts) == 1


async def test_who_changes_what_it_is_watched_by_is_slowed_down(parts):
    await parts.start(WATCHED)
    await pass_time(parts, 10)
    parts.files.change("/srv/server.js")
    for _ in range(3000):
        before = restarts(parts)
        await pass_time(parts, 0.1)
        if restarts(parts) > before:
            parts.files.change("/srv/written-by-itself")

    assert restarts(parts) < 300 / LONGEST_BRAKE + 8


async def test_who_saves_now_and_then_is_not_slowed_down(parts):
    await parts.start(WATCHED)
    for _ in range(5):
        await pass_time(parts, SOON + 1)
        parts.files.change("/srv/server.js")
        await pass_time(parts, 0.5)

    assert restarts(parts) == 5


async def test_what_is_ignored_changes_nothing(parts):
    await parts.start(WATCHED)
    await pass_time(parts, 10)

    parts.files.change("/srv/app.log")
    parts.files.change("/srv/node_modules/x/index.js")
    parts.files.change("/elsewhere/server.js")
    await pass_time(parts, 10)

    assert restarts(parts) == 0


async def test_what_is_stopped_is_not_watched_until_it_is_started(parts):
    await parts.start(WATCHED)
    await parts.engine.processes.stop(WEB)
    assert parts.files.orders == []

    await parts.engine.processes.start(WEB)
    assert len(parts.files.orders) == 1


async def test_what_was_given_up_is_tried_again_when_its_files_change(parts):
    crash = an_app(watch=WatchPolicy(("/srv",)), restart=RestartPolicy(max_restarts=1))
    await parts.start(crash)
    parts.launcher.end(parts.identity(0), Exit(code=1))
    await settle()
    assert parts.state(0) is ProcessState.ERRORED

    parts.files.change("/srv/server.js")
    await pass_time(parts, LEAST_DELAY)

    assert parts.state(0) is ProcessState.ONLINE


async def test_another_policy_takes_the_place_of_the_old(parts):
    await parts.start(WATCHED)

    await parts.engine.processes.start_apps(
        [an_app(watch=WatchPolicy(("/opt",)))], existing="restart"
    )

    assert [order.paths for order in parts.files.orders] == [("/opt",)]


async def test_nothing_is_watched_for_what_is_deleted_or_when_the_daemon_ends(parts):
    await parts.start(WATCHED, an_app(name="other", watch=WatchPolicy(("/opt",))))

    await parts.engine.processes.delete(WEB)
    assert [order.paths for order in parts.files.orders] == [("/opt",)]

    parts.triggers.stop()
    assert parts.files.orders == []


async def test_what_runs_already_is_watched_from_the_start(parts):
    await parts.start(WATCHED)
    parts.triggers.files.stop()

    parts.triggers.files.start()

    assert len(parts.files.orders) == 1
