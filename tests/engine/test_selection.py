import pytest

from pmdaemon.core.errors import ProcessBlocked, ProcessNotFound
from pmdaemon.core.selectors import Selector
from pmdaemon.core.spec import Job, Schedule
from tests.support.builders import an_app

ALL = [Selector.parse("all")]
WEB = [Selector.parse("web")]


async def test_a_selector_that_names_nothing_is_refused_by_every_verb(parts, processes):
    nothing = [Selector.parse("nothing")]

    for verb in (processes.start, processes.stop, processes.restart, processes.delete,
                 processes.reset):  # fmt: skip
        with pytest.raises(ProcessNotFound):
            await verb(nothing)
    for verb in (processes.list, processes.flush):
        with pytest.raises(ProcessNotFound):
            verb(nothing)


async def test_all_of_nothing_is_nothing(processes):
    assert processes.list(ALL) == processes.list() == []
    assert await processes.stop(ALL) == await processes.start(ALL) == []


@pytest.mark.parametrize("verb", ["start", "restart", "reload"])
async def test_what_is_blocked_is_refused_by_name_and_passed_over_by_all(parts, processes, verb):
    await parts.start(an_app(), an_app(name="other"))
    await processes.stop(WEB)
    await processes.block(WEB)

    with pytest.raises(ProcessBlocked, match="cannot start web: it is blocked"):
        await getattr(processes, verb)(WEB)
    await getattr(processes, verb)(ALL)

    assert parts.each_state == {0: "stopped", 1: "online"}


async def test_what_is_blocked_is_neither_scaled_nor_declared_anew(parts, processes):
    await parts.start(an_app())
    await processes.block(WEB)

    with pytest.raises(ProcessBlocked):
        await processes.scale("web", "3")
    with pytest.raises(ProcessBlocked):
        await processes.start_apps([an_app(cwd="/opt")], existing="restart")

    assert len(parts.launcher.orders) == 1
    assert parts.supervisor.processes[0].spec.cwd == "/srv"


async def test_a_start_of_all_starts_no_job(parts, processes):
    await parts.start(an_app(job=Job(Schedule("0 3 * * *"))), an_app(name="other"))

    await processes.start(ALL)
    await processes.restart(ALL)

    assert parts.each_state == {0: "stopped", 1: "online"}


async def test_an_app_without_autostart_is_listed_and_starts_when_asked_for(parts, processes):
    await parts.start(an_app(autostart=False))
    assert parts.each_state == {0: "stopped"}

    await processes.start(WEB)
    assert parts.each_state == {0: "online"}
