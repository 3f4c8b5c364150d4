from pmdaemon.core.selectors import Selector
from pmdaemon.core.spec import Dependency
from tests.support.builders import an_app

WEB = [Selector.parse("web")]


async def test_a_snapshot_of_what_is_down_shows_no_old_sample(parts, processes):
    await parts.start(an_app())

    (one,) = await processes.stop(WEB)

    assert one.sample.memory == 0


async def test_why_a_process_is_up_is_explained(parts, processes):
    await parts.start(an_app(depends_on=(Dependency("db"),)), an_app(name="db"))

    ((process, sentences),) = processes.explain(WEB, lambda _: None)

    assert process.pm_id == 0
    assert sentences[0].startswith("web is up: pid ")
