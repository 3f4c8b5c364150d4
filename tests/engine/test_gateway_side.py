import asyncio

import pytest
from msgspec.structs import replace

from pmdaemon.core.errors import InvalidInput, StoreUnavailable, TcpPortTaken
from pmdaemon.core.process import ProcessState
from pmdaemon.core.routing import Listener, Mode, Route, Target, TargetState
from pmdaemon.core.selectors import Selector
from pmdaemon.core.service_book import ServiceDeclared, ServiceNotFound
from pmdaemon.core.services import ServiceSpec
from pmdaemon.core.spec import Published
from pmdaemon.core.tcp_ports import TcpPorts
from pmdaemon.engine.interfaces import GatewaySettings
from tests.support.builders import FAILED, an_app
from tests.support.engine import settle
from tests.support.waiting import eventually

ON = GatewaySettings()
WEB = ServiceSpec(name="web", app="web")
PLAIN = ServiceSpec(name="db", targets=(Target("10.0.0.1", 80),))
THERE = Target("localhost", 3000)
FULL = StoreUnavailable("cannot write the store: its disk is full")


@pytest.fixture
async def gateway(parts):
    await parts.engine.gateway.turn_on(ON)
    return parts.engine.gateway


def targets(parts, name="web"):
    return {one.tcp_port: one.state for one in parts.gateway_server.table.services[name].targets}


async def test_a_service_is_published_and_remembered(parts, gateway):
    await gateway.put(PLAIN)

    assert parts.gateway_server.table.services["db"].ready == [Target("10.0.0.1", 80)]
    stored = await parts.store.load()
    assert (stored.gateway, list(stored.services)) == (ON, [PLAIN])


async def test_a_next_daemon_goes_on_with_it(parts):
    await parts.engine.gateway.resume(ON, [PLAIN])

    assert parts.gateway_server.settings == ON
    assert "db" in parts.gateway_server.table.services


async def test_an_address_that_cannot_be_used_does_not_keep_a_daemon_from_coming_up(parts):
    parts.gateway_server.failure = InvalidInput("cannot listen", code="address_in_use")

    await parts.engine.gateway.resume(ON, [PLAIN])

    assert parts.engine.gateway.settings is None


async def test_targets_follow_what_the_processes_of_an_app_do(parts, gateway):
    await gateway.put(WEB)
    assert targets(parts) == {}

    await parts.start(an_app(tcp_ports=TcpPorts(3000, 3000)))
    assert targets(parts) == {3000: TargetState.ADDING}

    parts.probe.used = {3000}
    parts.clock.advance(1.0)
    assert targets(parts) == {3000: TargetState.HEALTHY}

    parts.probe.used = set()
    parts.world.end(parts.identity(0), FAILED)
    await eventually(lambda: targets(parts) == {3000: TargetState.ADDING})


async def test_a_run_that_was_replaced_is_stopped_when_it_has_answered(parts, gateway):
    await gateway.put(WEB)
    await parts.start(an_app(tcp_ports=TcpPorts(3000, 3001, auto=True)))
    parts.probe.used = {3000}
    parts.clock.advance(1.0)
    parts.gateway_server.begin("web", THERE)

    reload = asyncio.ensure_future(parts.engine.processes.reload([Selector("web")]))
    await eventually(lambda: parts.launcher.orders[1:])
    await settle()
    parts.probe.used = {3000, 3001}
    parts.clock.advance(1.0)
    await eventually(lambda: targets(parts).get(3001) is TargetState.HEALTHY)
    await settle()
    assert targets(parts) == {3000: TargetState.DRAINING, 3001: TargetState.HEALTHY}
    assert not parts.trees.signals

    parts.gateway_server.end("web", THERE)
    await reload
    assert len(parts.trees.signals) == 1
    assert targets(parts) == {3001: TargetState.HEALTHY}


async def test_a_restart_waits_for_what_was_begun(parts, gateway):
    await gateway.put(WEB)
    await parts.start(an_app(tcp_ports=TcpPorts(3000, 3000)))
    parts.probe.used = {3000}
    parts.clock.advance(1.0)
    parts.gateway_server.begin("web", THERE)

    restart = asyncio.ensure_future(parts.engine.processes.restart([Selector("web")]))
    await eventually(lambda: targets(parts) == {3000: TargetState.ADDING})
    await settle()
    assert not parts.trees.signals

    parts.gateway_server.end("web", THERE)
    await restart
    assert len(parts.trees.signals) == 1


async def test_nobody_waits_for_what_cannot_be_told_apart(parts, gateway):
    await gateway.put(replace(WEB, tcp_port=3000))
    await parts.start(an_app(instances=2))
    parts.gateway_server.begin("web", THERE)
    idle = []

    gateway.when_idle(parts.supervisor.processes[0], lambda: idle.append("one of two"))
    await gateway.turn_off()
    gateway.when_idle(parts.supervisor.processes[0], lambda: idle.append("off"))

    assert idle == ["one of two", "off"]


async def test_processes_of_other_apps_change_nothing(parts, gateway):
    await gateway.put(WEB)
    table = parts.gateway_server.table

    await parts.start(an_app(name="other"))

    assert parts.gateway_server.table is table


async def test_routes_are_added_to_those_there_are(gateway):
    await gateway.put(replace(WEB, routes=(Route("a.test", "web"),)))

    spec = await gateway.put(replace(WEB, routes=(Route("b.test", "web"),)))

    assert [one.host for one in spec.routes] == ["a.test", "b.test"]


async def test_two_services_of_one_name_are_refused(gateway):
    await gateway.put(PLAIN)

    with pytest.raises(InvalidInput) as refused:
        await gateway.put(replace(PLAIN, targets=(Target("10.0.0.2", 80),)))

    assert refused.value.code == "service_taken"
    assert gateway.services["db"] == PLAIN


async def test_what_answers_for_a_service_is_swapped_when_that_is_said(parts, gateway):
    await gateway.put(replace(PLAIN, routes=(Route("a.test", "db"),)))

    await gateway.put(replace(PLAIN, targets=(Target("10.0.0.2", 80),)), swap=True)

    assert parts.gateway_server.table.services["db"].targets == (Target("10.0.0.2", 80),)
    assert [one.host for one in gateway.services["db"].routes] == ["a.test"]


async def test_a_route_of_another_service_is_refused(gateway):
    await gateway.put(replace(WEB, routes=(Route("a.test", "web"),)))

    with pytest.raises(InvalidInput) as refused:
        await gateway.put(replace(PLAIN, routes=(Route("a.test", "db"),)))

    assert refused.value.code == "route_taken"
    assert "db" not in gateway.services


async def test_a_service_and_a_route_can_be_removed(parts, gateway):
    await gateway.put(replace(WEB, routes=(Route("a.test", "web"), Route("b.test", "web"))))

    assert (await gateway.remove_route("a.test", "/")).routes == (Route("b.test", "web"),)
    await gateway.remove("web")

    assert not gateway.services
    assert not parts.gateway_server.table.routes
    assert not (await parts.store.load()).services
    with pytest.raises(ServiceNotFound):
        await gateway.remove("web")
    with pytest.raises(ServiceNotFound):
        await gateway.remove_route("b.test", "/")


async def test_a_mode_is_remembered_and_stays_when_routes_are_added(parts, gateway):
    await gateway.put(PLAIN)

    await gateway.set_mode("db", Mode.PAUSED)
    await gateway.put(replace(PLAIN, routes=(Route("a.test", "db"),)))

    assert parts.gateway_server.table.services["db"].mode is Mode.PAUSED
    assert (await parts.store.load()).services[0].mode is Mode.PAUSED
    with pytest.raises(ServiceNotFound):
        await gateway.set_mode("other", Mode.PAUSED)


async def test_a_service_can_be_balanced_at_a_port_of_its_own_and_no_two_at_one(parts, gateway):
    at = Listener("localhost", 7000)
    await gateway.put(replace(PLAIN, listener=at))
    assert parts.gateway_server.listeners == {"db": at}

    with pytest.raises(InvalidInput):
        await gateway.put(replace(WEB, listener=at))

    await gateway.remove("db")
    assert parts.gateway_server.listeners == {}


async def test_what_cannot_be_stored_is_not_done(parts, gateway):
    parts.store.failure = FULL

    with pytest.raises(StoreUnavailable):
        await gateway.put(replace(PLAIN, listener=Listener("localhost", 7000)))

    assert not gateway.services
    assert parts.gateway_server.listeners == {}


async def test_settings_that_cannot_be_stored_are_taken_back(parts):
    parts.store.failure = FULL

    with pytest.raises(StoreUnavailable):
        await parts.engine.gateway.turn_on(ON)

    assert parts.gateway_server.settings is None
    assert parts.engine.gateway.settings is None


async def test_it_is_turned_off_for_good(parts, gateway):
    await gateway.put(PLAIN)

    await gateway.turn_off()

    assert gateway.addresses == []
    stored = await parts.store.load()
    assert (stored.gateway, list(stored.services)) == (None, [PLAIN])


async def test_it_makes_way_for_the_next_daemon(parts, gateway):
    await gateway.close(for_good=False)

    assert parts.gateway_server.made_way
    assert (await parts.store.load()).gateway == ON


async def test_the_last_words_of_an_app_are_told(parts, gateway, monkeypatch):
    await gateway.put(WEB)
    await parts.start(an_app(tcp_ports=TcpPorts(3000, 3000)))
    monkeypatch.setattr(parts.capture, "last_words", lambda pm_id: ("boom",))

    assert gateway.last_words("web") == ("boom",)
    assert gateway.last_words("other") == ()


PORTS = TcpPorts(3000, 3000)
AT = Listener("localhost", 7000)
DECLARED = an_app(proxy=Published(("a.test",), listener=AT), tcp_ports=PORTS)


async def test_what_an_app_declares_is_published_with_it_and_goes_with_it(parts, gateway):
    await parts.start(DECLARED)

    assert gateway.is_declared("web")
    assert parts.gateway_server.listeners == {"web": AT}
    assert parts.gateway_server.table.find("a.test", "/") is not None
    assert not (await parts.store.load()).services

    await parts.engine.processes.delete([Selector.parse("web")])

    assert not gateway.services
    assert parts.gateway_server.listeners == {}


async def test_what_a_file_declares_beside_its_apps_goes_with_the_last_of_them(parts, gateway):
    apps = [an_app(name=name, source="/p/prox.yaml") for name in ("web", "api")]
    for app in apps:
        await parts.start(app)
    await gateway.put(replace(PLAIN, source="/p/prox.yaml"))
    await gateway.put(replace(PLAIN, name="mine"))

    await parts.engine.processes.delete([Selector.parse("web")])
    assert gateway.services.keys() == {"db", "mine"}

    await parts.engine.processes.delete([Selector.parse("api")])
    await eventually(lambda: gateway.services.keys() == {"mine"})
    assert [one.name for one in (await parts.store.load()).services] == ["mine"]


async def test_what_is_left_of_a_file_without_apps_goes_with_the_next_daemon(parts):
    gateway = parts.engine.gateway
    left = replace(PLAIN, source="/p/prox.yaml")
    await gateway.put(left)

    await gateway.resume(ON, [left])

    assert not gateway.services
    assert not (await parts.store.load()).services


async def test_another_declaration_changes_it(parts, gateway):
    await parts.start(DECLARED)
    before = parts.identity(0)
    other = Published(("b.test",), strategy="ip-hash")

    await parts.engine.processes.apply([replace(DECLARED, proxy=other)], prune=False, dry_run=False)

    assert [one.host for one in gateway.services["web"].routes] == ["b.test"]
    assert parts.gateway_server.table.services["web"].strategy == "ip-hash"
    assert parts.gateway_server.listeners == {}
    assert parts.identity(0) == before


async def test_with_the_first_declaration_the_gateway_listens(parts):
    await parts.start(DECLARED)

    assert parts.engine.gateway.settings == ON
    assert (await parts.store.load()).gateway == ON


async def test_connections_alone_are_balanced_without_http(parts):
    await parts.start(replace(DECLARED, proxy=Published(listener=AT)))

    assert parts.gateway_server.settings == GatewaySettings(http_port=None)
    assert parts.gateway_server.listeners == {"web": AT}


async def test_a_gateway_that_was_turned_off_stays_so(parts, gateway):
    await parts.start(DECLARED)
    await gateway.turn_off()

    await parts.engine.processes.restart([Selector.parse("web")])
    await parts.start(an_app(name="other"))

    assert gateway.settings is None


async def test_a_next_daemon_publishes_what_its_apps_declare(parts):
    await parts.start(DECLARED)
    gateway = parts.engine.gateway
    await gateway.close(for_good=False)

    await gateway.resume(ON, [])

    assert parts.gateway_server.listeners == {"web": AT}
    assert gateway.is_declared("web")


@pytest.mark.parametrize(
    ("taken", "code"),
    [
        (replace(PLAIN, name="web"), "service_taken"),
        (replace(PLAIN, routes=(Route("a.test", "db"),)), "route_taken"),
        (replace(PLAIN, listener=AT), "service_taken"),
    ],
)
async def test_what_another_service_has_already_keeps_an_app_from_being_declared(
    parts, gateway, taken, code
):
    await gateway.put(taken)

    with pytest.raises(InvalidInput) as refused:
        await parts.start(DECLARED)

    assert refused.value.code == code
    assert not parts.supervisor.processes


async def test_an_address_that_is_somebody_elses_keeps_an_app_from_being_declared(parts):
    parts.probe.used = {7000}

    with pytest.raises(TcpPortTaken):
        await parts.start(DECLARED)

    assert not parts.supervisor.processes
    assert parts.engine.gateway.settings is None


async def test_what_cannot_be_listened_on_at_last_is_said_and_tried_again(parts, gateway):
    parts.gateway_server.failure = InvalidInput("cannot listen", code="address_in_use")
    with pytest.raises(InvalidInput, match="cannot listen"):
        await parts.start(DECLARED)
    assert parts.state(0) is ProcessState.ONLINE

    parts.gateway_server.failure = None
    await parts.start(an_app(name="other"))

    assert parts.gateway_server.listeners == {"web": AT}


async def test_what_is_declared_is_taken_away_with_its_declaration_alone(parts, gateway):
    await parts.start(DECLARED)

    for refused in (gateway.remove("web"), gateway.remove_route("a.test", "/")):
        with pytest.raises(ServiceDeclared):
            await refused

    await gateway.put(replace(WEB, routes=(Route("b.test", "web"),)))
    assert [one.host for one in gateway.services["web"].routes] == ["a.test", "b.test"]
    await gateway.remove_route("b.test", "/")
    assert not (await parts.store.load()).services


async def test_a_mode_of_what_is_declared_is_remembered_while_it_is_not_the_usual_one(
    parts, gateway
):
    await parts.start(DECLARED)

    await gateway.set_mode("web", Mode.PAUSED)
    assert parts.gateway_server.table.services["web"].mode is Mode.PAUSED
    assert [one.mode for one in (await parts.store.load()).services] == [Mode.PAUSED]

    await gateway.set_mode("web", Mode.SERVING)
    assert parts.gateway_server.table.services["web"].mode is Mode.SERVING
    assert not (await parts.store.load()).services


async def test_something_else_can_take_its_place_and_give_it_back(parts, gateway):
    await parts.start(DECLARED)

    await gateway.put(replace(PLAIN, name="web"), swap=True)
    assert gateway.services["web"].targets == PLAIN.targets

    await gateway.remove("web")
    assert gateway.services["web"].app == "web"
