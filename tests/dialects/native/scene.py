"""The scene of the native transcripts: one process in each state, a moment that stands still."""

from contextlib import suppress

from pmdaemon.core.errors import OperationFailed
from pmdaemon.core.process import Exit, ProcessState
from pmdaemon.core.selectors import Selector
from pmdaemon.core.spec import Command, RestartPolicy
from pmdaemon.core.tcp_ports import TcpPorts
from tests.support.builders import an_app
from tests.support.engine import EngineOnFakes
from tests.support.waiting import eventually

UPTIME = 2 * 3600 + 15 * 60 + 30.0


async def set_scene(parts: EngineOnFakes) -> None:
    """Bring up everything that the transcripts talk about."""
    await parts.start(
        an_app(
            name="web-app",
            command=Command("node", ("server.js",), None, ("/usr/bin/node", "server.js")),
            tcp_ports=TcpPorts(3000, 3000),
            env={
                "NODE_ENV": "production",
                "API_TOKEN": "do not tell",
                "DATABASE_URL": "postgres://web:do-not-tell@db/web",
            },
            max_memory=536_870_912,
        ),
        an_app(name="api", instances=2, tcp_ports=TcpPorts(8000, 8001)),
        an_app(name="@scope/idle"),
    )
    parts.program(0).memory, parts.program(0).cpu = 47_448_064, 2.54
    await parts.engine.processes.stop([Selector.parse("@scope/idle")])
    parts.launcher.fail("cannot run /srv/broken: permission denied")
    with suppress(OperationFailed):
        await parts.start(an_app(name="broken"))
    parts.sampler.start()
    parts.clock.advance(UPTIME)
    parts.launcher.programs |= {"job": Exit(code=0), "crash": Exit(code=1)}
    await parts.start(
        an_app(
            name="job",
            command=_command("job"),
            restart=RestartPolicy(autorestart=False),
        ),
        an_app(
            name="crasher",
            command=_command("crash"),
            restart=RestartPolicy(restart_delay=60.0),
        ),
    )
    await eventually(lambda: _state(parts, 5) == ProcessState.EXITED)
    await eventually(lambda: _state(parts, 6) == ProcessState.BACKOFF)


def _command(name: str) -> Command:
    return Command(name, (), None, (f"/srv/{name}",))


def _state(parts: EngineOnFakes, pm_id: int) -> ProcessState:
    return parts.supervisor.processes[pm_id].state.kind
