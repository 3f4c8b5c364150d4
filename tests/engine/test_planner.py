import pytest

from pmdaemon.core.errors import AppAlreadyExists, TcpPortTaken
from pmdaemon.core.process import ProcessState, Wish
from pmdaemon.core.selectors import Selector
from pmdaemon.core.tcp_ports import TcpPorts
from tests.support.builders import an_app

WEB = [Selector.parse("web")]


async def test_all_of_the_apps_are_started_or_none(parts):
    parts.probe.used.add(3000)

    with pytest.raises(TcpPortTaken):
        await parts.start(an_app(name="a"), an_app(name="b", tcp_ports=TcpPorts(3000, 3000)))

    assert parts.supervisor.processes == {}
    assert parts.launcher.orders == []
    assert (await parts.store.load()).processes == []


async def test_two_new_apps_cannot_have_the_same_port(parts):
    with pytest.raises(TcpPortTaken, match="port 3000 belongs to a"):
        await parts.start(
            an_app(name="a", tcp_ports=TcpPorts(3000, 3000)),
            an_app(name="b", tcp_ports=TcpPorts(3000, 3000)),
        )


async def test_starting_what_is_up_under_that_name_is_refused(parts):
    await parts.start(an_app(cwd="/old"))
    before = parts.supervisor.processes[0]

    with pytest.raises(AppAlreadyExists):
        await parts.start(an_app(name="other"), an_app(cwd="/new"))

    assert parts.supervisor.processes == {0: before}


async def test_starting_what_is_down_under_that_name_gives_it_its_new_declaration(parts, processes):
    await parts.start(an_app(cwd="/old"))
    await processes.stop(WEB)

    (one,) = await parts.start(an_app(cwd="/new"))

    assert (one.process.pm_id, one.process.spec.cwd) == (0, "/new")
    assert parts.launcher.orders[-1].cwd == "/new"


async def test_an_existing_app_can_be_restarted_with_its_new_declaration(parts, processes):
    await parts.start(an_app(cwd="/old"))

    (one,) = await processes.start_apps([an_app(cwd="/new")], existing="restart")

    assert one.process.state.kind is ProcessState.ONLINE
    assert [order.cwd for order in parts.launcher.orders] == ["/old", "/new"]
    assert one.process.restarts == 1


async def test_an_existing_app_can_be_kept_as_it_is(parts, processes):
    await parts.start(an_app(cwd="/old"))
    before = parts.identity(0)

    await processes.start_apps([an_app(cwd="/new")], existing="keep")

    assert parts.identity(0) == before
    assert parts.supervisor.processes[0].spec.cwd == "/old"


async def test_an_app_that_is_kept_comes_up_if_it_was_down(parts, processes):
    await parts.start(an_app())
    await processes.stop(WEB)

    (one,) = await processes.start_apps([an_app()], existing="keep")

    assert one.process.state.kind is ProcessState.ONLINE


async def test_what_is_new_may_be_listed_without_being_started(parts, processes):
    (one,) = await processes.start_apps([an_app()], existing="keep", down=True)

    assert (one.process.state.kind, one.process.wish) == (ProcessState.STOPPED, Wish.DOWN)
    assert parts.launcher.orders == []


async def test_what_exists_stays_down_when_it_is_only_to_be_listed(parts, processes):
    await parts.start(an_app())
    await processes.stop(WEB)

    await processes.start_apps([an_app()], existing="keep", down=True)

    assert parts.each_state == {0: "stopped"}


async def test_more_instances_come_and_fewer_go(parts, processes):
    await parts.start(an_app(instances=2))

    await processes.start_apps([an_app(instances=3)], existing="restart")
    assert parts.each_state == {0: "online", 1: "online", 2: "online"}

    await processes.start_apps([an_app(instances=1)], existing="restart")
    assert parts.each_state == {0: "online"}
    assert len(parts.world.living()) == 1


async def test_ports_stay_with_an_app_that_is_declared_anew(parts, processes):
    parts.probe.used.add(5000)
    await parts.start(an_app(instances=2, tcp_ports=TcpPorts(5000, 5009, auto=True)))
    parts.probe.used |= {5001, 5002}  # it listens there itself now
    parts.probe.used.discard(5000)

    await processes.start_apps(
        [an_app(instances=3, tcp_ports=TcpPorts(5000, 5009, auto=True))], existing="restart"
    )

    ports = [one.tcp_port for one in parts.supervisor.processes.values()]
    assert ports == [5001, 5002, 5000]


async def test_a_port_that_was_taken_while_an_app_was_down_is_refused(parts, processes):
    await parts.start(an_app(tcp_ports=TcpPorts(3000, 3000)))
    await processes.stop(WEB)
    parts.probe.used.add(3000)

    with pytest.raises(TcpPortTaken, match="another program listens on port 3000"):
        await parts.start(an_app(tcp_ports=TcpPorts(3000, 3000)))

    assert parts.each_state == {0: "stopped"}


async def test_a_port_is_free_again_when_its_app_was_deleted(parts, processes):
    await parts.start(an_app(name="a", tcp_ports=TcpPorts(3000, 3000)))
    await processes.delete([Selector.parse("a")])

    (one,) = await parts.start(an_app(name="b", tcp_ports=TcpPorts(3000, 3000)))

    assert one.process.tcp_port == 3000


async def applied(processes, *specs, **how):
    steps, reached = await processes.apply(specs, **{"prune": False, "dry_run": False} | how)
    return [(step.name, step.action) for step in steps], [one.process.pm_id for one in reached]


async def test_only_what_differs_is_touched(parts, processes):
    await parts.start(an_app(name="same"))
    await parts.start(an_app(name="other"))
    before = parts.identity(0)

    assert await applied(
        processes, an_app(name="same"), an_app(name="other", cwd="/new"), an_app(name="new")
    ) == ([("same", "keep"), ("other", "restart"), ("new", "create")], [1, 2])

    assert parts.identity(0) == before
    later = [order.cwd for order in parts.launcher.orders[2:]]
    assert sorted(later) == ["/new", "/srv"]


async def test_instances_that_stay_are_not_touched_when_others_come_or_go(parts, processes):
    await parts.start(an_app(instances=2, inherited_env={"A": "old"}))
    before = parts.identity(0)

    await applied(processes, an_app(instances=3, inherited_env={"A": "new"}))
    assert parts.each_state == {0: "online", 1: "online", 2: "online"}
    assert parts.launcher.orders[-1].env["A"] == "old"

    await applied(processes, an_app(instances=1))
    assert parts.each_state == {0: "online"}
    assert parts.identity(0) == before
    assert parts.supervisor.processes[0].spec.instances == 1


async def test_a_policy_is_noted_without_touching_the_program(parts, processes):
    await parts.start(an_app())
    before = parts.identity(0)

    assert await applied(processes, an_app(max_memory=5)) == ([("web", "update")], [])

    assert parts.identity(0) == before
    assert parts.supervisor.processes[0].spec.max_memory == 5


async def test_what_was_stopped_stays_so_with_its_new_declaration(parts, processes):
    await parts.start(an_app())
    await processes.stop(WEB)

    await applied(processes, an_app(cwd="/new"))

    assert parts.each_state == {0: "stopped"}
    assert parts.supervisor.processes[0].spec.cwd == "/new"


async def test_what_left_its_file_is_deleted_if_asked_for(parts, processes):
    await parts.start(an_app(name="a", source="/eco.toml"))
    await parts.start(an_app(name="b", source="/eco.toml"))
    await parts.start(an_app(name="c"))
    kept = an_app(name="a", source="/eco.toml")

    assert await applied(processes, kept) == ([("a", "keep"), ("b", "leave")], [])
    await applied(processes, kept, prune=True)

    assert parts.each_state == {0: "online", 2: "online"}


async def test_what_would_be_done_can_be_asked_for(parts, processes):
    await parts.start(an_app())

    assert await applied(processes, an_app(cwd="/new"), dry_run=True) == ([("web", "restart")], [])

    assert len(parts.launcher.orders) == 1


async def test_nothing_is_applied_when_a_part_of_it_cannot_be(parts, processes):
    await parts.start(an_app(name="a", tcp_ports=TcpPorts(3000, 3000)))

    with pytest.raises(TcpPortTaken):
        await applied(processes, an_app(name="b"), an_app(name="c", tcp_ports=TcpPorts(3000, 3000)))

    assert parts.each_state == {0: "online"}


async def test_what_is_not_to_start_by_itself_is_listed_and_waits(parts, processes):
    (one,) = await processes.start_apps([an_app(autostart=False)], existing="restart")
    assert (one.process.state.kind, parts.launcher.orders) == (ProcessState.STOPPED, [])

    await processes.start(WEB)

    assert parts.each_state == {0: "online"}


async def test_a_cluster_that_was_stopped_stays_so(parts, processes):
    await parts.start(an_app(exec_mode="cluster"))
    await processes.stop(WEB)

    await applied(processes, an_app(exec_mode="cluster", env={"A": "1"}))

    assert parts.each_state == {0: "stopped"}
    assert parts.supervisor.processes[0].spec.env == {"A": "1"}
