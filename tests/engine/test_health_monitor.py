import pytest

from pmdaemon.core.health import EAGER_INTERVAL, HealthStatus
from pmdaemon.core.notices import HealthChecked
from pmdaemon.core.process import Cause, ProcessState
from pmdaemon.core.selectors import Selector
from pmdaemon.core.spec import HealthCheck, RunAs
from pmdaemon.core.tcp_ports import TcpPorts
from tests.support.builders import an_app
from tests.support.engine import engine_on_fakes, settle

CHECK = HealthCheck("http", "http://localhost:{port}/health", interval=10.0, retries=2)
URL = "http://localhost:3000/health"
WEB = [Selector.parse("web")]
PORT = TcpPorts(3000, 3000)


@pytest.fixture
async def parts(tmp_path):
    async with engine_on_fakes(tmp_path) as parts:
        parts.notices = []
        parts.bus.subscribe(parts.notices.append)
        yield parts


async def up(parts, check=CHECK, **changes):
    await parts.start(an_app(health=check, tcp_ports=PORT, **changes))


async def probe(parts, seconds=10.0):
    parts.clock.advance(seconds)
    await settle()


async def test_a_program_is_probed_soon_and_then_at_its_interval(parts):
    await up(parts)

    await probe(parts, EAGER_INTERVAL)
    assert [order.target for order in parts.prober.orders] == [URL]
    await probe(parts, 9.9)
    assert len(parts.prober.orders) == 1
    await probe(parts, 0.1)
    assert len(parts.prober.orders) == 2


async def test_the_instances_of_a_cluster_are_probed_at_the_port_they_share(parts):
    await up(parts, exec_mode="cluster", instances=2)

    await probe(parts, EAGER_INTERVAL)

    assert [order.target for order in parts.prober.orders] == [URL, URL]


async def test_what_was_found_is_shown_and_told(parts):
    await up(parts)
    assert parts.health.latest(0).status is HealthStatus.STARTING

    await probe(parts, EAGER_INTERVAL)

    (shown,) = parts.engine.processes.list(WEB)
    (told,) = [one for one in parts.notices if isinstance(one, HealthChecked)]
    assert shown.health == told.after == parts.health.latest(0)
    assert (told.before.status, told.after.status) == (HealthStatus.STARTING, HealthStatus.HEALTHY)


async def test_an_unhealthy_program_is_started_anew(parts):
    await up(parts)
    first = parts.identity(0)
    parts.prober.failing[URL] = "HTTP status 500"

    await probe(parts, EAGER_INTERVAL)
    assert parts.identity(0) == first
    await probe(parts)

    process = parts.supervisor.processes[0]
    assert parts.identity(0) != first
    assert (process.last_cause, process.restarts) == (Cause.UNHEALTHY, 1)
    assert parts.health.latest(0).status is HealthStatus.STARTING


async def test_an_unhealthy_program_may_be_left_alone(parts):
    await up(parts, HealthCheck("tcp", "{port}", interval=10.0, retries=1, restart=False))
    parts.prober.failing["3000"] = "connection refused"

    await probe(parts, EAGER_INTERVAL)

    assert parts.health.latest(0).status is HealthStatus.UNHEALTHY
    assert parts.supervisor.processes[0].restarts == 0


async def test_a_command_gets_the_folder_the_environment_and_the_rights_of_the_app(parts):
    await parts.start(an_app(health=HealthCheck("command", "check {port}"), env={"A": "1"}))

    await probe(parts, EAGER_INTERVAL)

    (order,) = parts.prober.orders
    assert (order.kind, order.target, order.cwd) == ("command", "check {port}", "/srv")
    assert (order.env["A"], order.run_as) == ("1", RunAs())


async def test_what_is_down_is_not_probed(parts):
    await up(parts)
    await parts.engine.processes.stop(WEB)

    await probe(parts, 1000.0)

    assert parts.prober.orders == []
    assert parts.health.latest(0) is None


async def test_each_run_is_judged_by_itself(parts):
    await up(parts)
    await probe(parts, EAGER_INTERVAL)
    parts.prober.failing[URL] = "HTTP status 500"
    await probe(parts)
    assert parts.health.latest(0).failures == 1

    await parts.engine.processes.restart(WEB)

    assert parts.health.latest(0).failures == 0
    assert parts.state(0) is ProcessState.ONLINE


async def test_what_a_probe_finds_of_a_run_that_is_over_counts_for_nothing(parts):
    await up(parts)
    parts.clock.advance(EAGER_INTERVAL)
    parts.health.stop()

    await settle()

    assert not [one for one in parts.notices if isinstance(one, HealthChecked)]


async def test_what_runs_already_is_checked_from_the_start(parts):
    await up(parts)
    parts.health.stop()

    parts.health.start(parts.supervisor.processes)
    await probe(parts, EAGER_INTERVAL)

    assert len(parts.prober.orders) == 1


async def test_of_a_deleted_process_nothing_is_kept(parts):
    await up(parts)
    await parts.engine.processes.delete(WEB)

    assert parts.health.all() == {}
