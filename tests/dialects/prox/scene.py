"""The scene of the transcripts of prox: one process in each state, a moment that stands still."""

from contextlib import suppress

from pmdaemon.core.errors import OperationFailed
from pmdaemon.core.process import Exit, ProcessState
from pmdaemon.core.request_records import Body, RequestRecord
from pmdaemon.core.selectors import Selector
from pmdaemon.core.spec import Command, HealthCheck, RestartPolicy
from pmdaemon.core.tcp_ports import TcpPorts
from pmdaemon.engine.interfaces import GatewaySettings
from tests.dialects.output_files import write_log
from tests.support.builders import an_app
from tests.support.engine import EngineOnFakes, settle
from tests.support.waiting import eventually

UPTIME = 3600.0

SOURCE = "/path/to/prox.yaml"


async def set_scene(parts: EngineOnFakes) -> None:
    """Bring up everything that the transcripts talk about."""
    parts.prober.failing["8080"] = "connection refused"
    await parts.start(
        an_app(
            name="web",
            command=Command("npm", ("run", "dev server"), None, ("/usr/bin/npm",)),
            source=SOURCE,
        ),
        an_app(
            name="api",
            command=Command("go run ./cmd/server", (), None, ("/usr/bin/go",)),
            tcp_ports=TcpPorts(8080, 8080),
            env={
                "LOG_LEVEL": "debug",
                "API_TOKEN": "do not tell",
                "DATABASE_URL": "postgres://api:do-not-tell@db/api",
            },
            health=HealthCheck("tcp", "8080", interval=10.0, retries=2, restart=False),
            source=SOURCE,
        ),
        an_app(name="worker", instances=2),
        an_app(name="@scope/idle"),
    )
    await parts.engine.processes.stop([Selector.parse("@scope/idle")])
    parts.launcher.fail("cannot run /srv/broken: permission denied")
    with suppress(OperationFailed):
        await parts.start(an_app(name="broken"))
    for _ in range(3):
        parts.clock.advance(10.0)
        await settle()
    parts.clock.advance(UPTIME - 30.0)
    await settle()
    parts.launcher.programs |= {"job": Exit(code=0), "failed": Exit(code=2), "crash": Exit(code=1)}
    once = RestartPolicy(autorestart=False)
    await parts.start(
        an_app(name="job", command=_command("job"), restart=once),
        an_app(name="failed", command=_command("failed"), restart=once),
        an_app(
            name="crasher", command=_command("crash"), restart=RestartPolicy(restart_delay=60.0)
        ),
    )
    await eventually(lambda: parts.state(6) == ProcessState.EXITED)
    await eventually(lambda: parts.state(7) == ProcessState.EXITED)
    await eventually(lambda: parts.state(8) == ProcessState.BACKOFF)


def write_logs(parts: EngineOnFakes) -> None:
    """Let programs have written something."""
    begin = 1_737_282_721.123
    out, err = parts.capture.files("web", 0)
    write_log(
        out,
        *((begin + number, f"GET /api/users/{number} 200 12ms") for number in range(120)),
        (begin + 200, "späte Zeile"),
    )
    write_log(err, (begin + 61.5, "WARN: deprecated"))
    out, err = parts.capture.files("api", 0)
    write_log(out, (begin + 62, "listening"))
    write_log(err, (begin + 150, "ERROR: connection pool low"), (begin + 151, "error: no more"))
    for instance in (0, 1):
        out, _ = parts.capture.files("worker", instance)
        write_log(out, (begin - 10 - instance, f"worker {instance} is up"))


def _command(name: str) -> Command:
    return Command(name, (), None, (f"/srv/{name}",))


async def see_requests(parts: EngineOnFakes) -> None:
    """Let requests have gone through the gateway."""
    await parts.engine.gateway.turn_on(GatewaySettings())
    log = parts.engine.gateway.requests
    for method, url, subdomain, status, seconds in (
        ("GET", "/api/users", "api", 200, 0.045),
        ("POST", "/login", "web", 302, 0.012),
        ("GET", "/api/broken", "api", 502, 2.5),
        ("GET", "/events", "web", 0, None),
    ):
        id_, number = log.identify()
        record = RequestRecord(
            id=id_,
            number=number,
            began=log.now,
            method=method,
            url=url,
            host=f"{subdomain}.localhost",
            subdomain=subdomain,
            service=subdomain,
            remote_addr="127.0.0.1",
            status=status,
            raw_request_headers=[(b"Authorization", b"Bearer s3cret"), (b"Accept", b"*/*")],
            raw_response_headers=[(b"Content-Type", b"application/json")],
            response_body=Body(b'{"users": []}', 13),
        )
        log.add(record)
        if seconds is not None:
            record.seconds = seconds
