from pmdaemon.core.selectors import Selector
from pmdaemon.core.spec import Dependency, HealthCheck, Hook, Job, Schedule, WatchPolicy
from tests.support.builders import an_app
from tests.support.engine import engine_on_fakes, settle


async def test_when_all_is_stopped_nothing_is_triggered_and_pid_files_go_all_the_same(tmp_path):
    async with engine_on_fakes(tmp_path) as parts:
        await parts.start(
            an_app(
                pid_file="/run/web.pid",
                watch=WatchPolicy(("/srv",)),
                hooks=(Hook(("stop",), url="http://localhost/"),),
            ),
            an_app(name="checked", health=HealthCheck("tcp", "3000", interval=1.0)),
            an_app(name="job", job=Job(Schedule("* * * * *"))),
            an_app(name="needy", depends_on=(Dependency("web"),)),
        )
        launched = len(parts.launcher.orders)

        parts.triggers.stop()
        await parts.engine.processes.stop([Selector.parse("all")])
        parts.clock.advance(1000.0)
        await settle()

        assert len(parts.launcher.orders) == launched
        assert (parts.prober.orders, parts.hook_delivery.orders, parts.files.orders) == ([], [], [])
        assert parts.pid_notes.pids == {}
