import pytest

from pmdaemon.core.errors import StoreUnavailable
from pmdaemon.core.job_runs import Outcome, OutputRange
from pmdaemon.core.process import Exit
from pmdaemon.core.selectors import Selector
from pmdaemon.core.spec import Job, Schedule
from pmdaemon.engine.cron_runner import LONGEST_SLEEP
from pmdaemon.engine.job_history import JobHistory
from tests.support.builders import FAILED, an_app
from tests.support.engine import settle

MINUTELY = Schedule("* * * * *")
WEB = [Selector.parse("web")]

# The fake clock begins at 22:13:20 UTC.
TO_THE_MINUTE = 40.0


def job(**changes):
    return an_app(job=Job(MINUTELY, **changes))


async def runs(parts, limit=50):
    await settle()
    return await parts.engine.history.runs(["web"], limit=limit)


async def pass_time(parts, seconds):
    while seconds > 0:
        parts.clock.advance(min(seconds, LONGEST_SLEEP))
        await settle()
        seconds -= LONGEST_SLEEP


async def end_run(parts, how=None):
    parts.launcher.end(parts.launcher.launched[-1], how)
    await settle()


async def test_a_run_is_remembered_from_its_beginning_to_its_end(parts):
    await parts.start(job())
    await pass_time(parts, TO_THE_MINUTE)
    due = parts.clock.now().wall

    (going,) = await runs(parts)
    assert (going.outcome, going.due, going.began, going.ended) == (Outcome.RUNNING, due, due, None)

    parts.clock.advance(5.0)
    await end_run(parts, FAILED)
    (over,) = await runs(parts)
    assert (over.outcome, over.exit, over.ended) == (Outcome.FAILED, FAILED, due + 5.0)


async def test_a_run_that_somebody_asked_for_was_not_due(parts):
    await parts.start(job())
    await parts.engine.processes.start(WEB)

    (run,) = await runs(parts)

    assert run.due is None


async def test_the_output_of_a_run_is_told_by_where_it_is(parts):
    await parts.start(job())
    for text in (b"first\n", b"second run\n"):
        await pass_time(parts, 60.0)
        parts.capture.write("/run/0/out", text)
        await end_run(parts)

    second, first = await runs(parts)

    assert (first.out, second.out) == (OutputRange(0, 6), OutputRange(6, 17))
    assert second.err == OutputRange(0, 0)


async def test_a_run_that_was_skipped_is_remembered_too(parts):
    await parts.start(job())
    await pass_time(parts, TO_THE_MINUTE + 60)

    skipped, going = await runs(parts)

    assert (skipped.outcome, skipped.launch) == (Outcome.SKIPPED, None)
    assert skipped.due == going.due + 60


@pytest.mark.parametrize("overlap", ["queue", "replace"])
async def test_a_run_that_follows_another_was_due_when_it_was(parts, overlap):
    await parts.start(job(overlap=overlap))
    await pass_time(parts, TO_THE_MINUTE + 60)
    due = parts.clock.now().wall
    if overlap == "queue":
        await end_run(parts)

    second, first = await runs(parts)

    assert (second.due, second.outcome) == (due, Outcome.RUNNING)
    assert first.outcome is (Outcome.SUCCEEDED if overlap == "queue" else Outcome.REPLACED)


async def test_only_the_latest_runs_are_kept(parts):
    await parts.start(job(keep=2))
    for _ in range(4):
        await pass_time(parts, 60.0)
        await end_run(parts)

    assert len(await runs(parts)) == 2
    assert len(await runs(parts, limit=1)) == 1


async def test_of_a_deleted_job_nothing_is_remembered(parts):
    await parts.start(job())
    await parts.engine.processes.start(WEB)

    await parts.engine.processes.delete(WEB)

    assert await runs(parts) == []


async def test_other_apps_have_no_history(parts):
    await parts.start(an_app())

    assert await runs(parts) == []


def next_daemon(parts):
    """Make the history of the daemon that comes after the one that wrote so far."""
    return JobHistory(
        clock=parts.clock,
        bus=parts.bus,
        supervisor=parts.supervisor,
        capture=parts.capture,
        history=parts.history,
    )


async def test_the_next_daemon_goes_on_with_a_run_that_goes_on(parts):
    await parts.start(job())
    await parts.engine.processes.start(WEB)
    before = await runs(parts)

    await next_daemon(parts)._take_up()

    assert await runs(parts) == before


async def test_the_next_daemon_writes_down_an_end_that_was_not_written_down(parts):
    await parts.start(job())
    await parts.engine.processes.start(WEB)
    (going,) = await runs(parts)
    await end_run(parts, Exit(code=4))
    await runs(parts)
    await parts.history.record(going, keep=9)  # as if the end had not been written

    later = next_daemon(parts)
    await later._take_up()
    while not later._writes.empty():
        await later._writes.get_nowait()()

    (over,) = await runs(parts)
    assert (over.outcome, over.exit) == (Outcome.FAILED, Exit(code=4))


async def test_the_next_daemon_writes_down_a_run_that_was_not_written_down_at_all(parts):
    await parts.start(job())
    await parts.engine.processes.start(WEB)
    await end_run(parts)
    (before,) = await runs(parts)
    await parts.history.forget("web")

    later = next_daemon(parts)
    await later._take_up()
    while not later._writes.empty():
        await later._writes.get_nowait()()

    (made_up,) = await runs(parts)
    assert (made_up.launch, made_up.outcome) == (before.launch, Outcome.SUCCEEDED)


async def test_a_store_that_fails_costs_the_record_and_nothing_else(parts):
    parts.history.failure = StoreUnavailable("cannot write the store: its disk is full")
    await parts.start(job())
    await parts.engine.processes.start(WEB)
    await settle()

    parts.history.failure = None
    await end_run(parts)

    (run,) = await runs(parts)
    assert run.outcome is Outcome.SUCCEEDED
