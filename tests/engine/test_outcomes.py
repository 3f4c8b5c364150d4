import pytest

from pmdaemon.core.errors import OperationFailed, StoreUnavailable
from pmdaemon.core.process import Exit
from tests.support.builders import an_app
from tests.support.waiting import eventually


async def test_a_program_that_cannot_be_run_is_said_to_be_so_and_listed(parts):
    parts.launcher.fail("cannot run /srv/server.js: permission denied")

    with pytest.raises(OperationFailed, match=r"^cannot start web: cannot run "):
        await parts.start(an_app())

    assert parts.each_state == {0: "errored"}


async def test_a_program_that_cannot_be_run_now_is_said_to_be_tried_again(parts):
    parts.launcher.fail("no more processes may be started", transient=True)

    with pytest.raises(OperationFailed, match=r"^cannot start web now: no more .*; trying again"):
        await parts.start(an_app())

    assert parts.each_state == {0: "backoff"}


async def test_while_the_store_fails_it_is_said_what_is_not_saved(parts):
    await parts.start(an_app())
    before = parts.engine.processes.unsaved
    parts.store.failure = StoreUnavailable("cannot write the store: its disk is full")

    parts.world.end(parts.identity(0), Exit(code=1))
    await eventually(lambda: parts.engine.processes.unsaved)

    assert before is None
    assert parts.engine.processes.unsaved == (
        "cannot write the store: its disk is full;"
        " what happened to 1 process since is not saved yet"
    )


async def test_several_failures_are_counted(parts):
    parts.launcher.fail("broken", times=3)

    with pytest.raises(OperationFailed) as failure:
        await parts.start(an_app(instances=3))

    assert failure.value.message == "cannot start web:0: broken (and 2 more)"
    assert len(failure.value.details["failures"]) == 3
