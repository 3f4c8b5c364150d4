import pytest

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.process import Backoff, Cause, Errored, Online, Starting, Stopped, Stopping, Wish
from pmdaemon.core.routing import Listener, Mode, Route, Service, Target, TargetState
from pmdaemon.core.services import (
    ServiceSpec,
    alone_at,
    port_of,
    read_listener,
    read_route,
    read_target,
    subdomain_of,
    table_of,
    targets_of,
)
from pmdaemon.core.tcp_ports import TcpPorts
from tests.support.builders import NOW, a_process, a_run, an_app

WEB = ServiceSpec(name="web", app="web")


def states(*processes, accepting=True, spec=WEB):
    found = targets_of(spec, processes, lambda _process, _port: accepting)
    return {target.tcp_port: target.state.value for target in found}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("web", ("web", None, ())),
        ("web:3000", ("web", 3000, ())),
        ("3000", (None, None, (Target("localhost", 3000),))),
        ("localhost:3000", (None, None, (Target("localhost", 3000),))),
        ("127.0.0.1:3000", (None, None, (Target("127.0.0.1", 3000),))),
        ("Db.Example.com:80", (None, None, (Target("db.example.com", 80),))),
        ("[::1]:3000", (None, None, (Target("::1", 3000),))),
    ],
)
def test_a_target_is_an_app_or_an_address(text, read):
    assert read_target(text) == read


@pytest.mark.parametrize("text", ["", ":", "web:", "0", "70000", "a:b", "-x", "a..b:80"])
def test_what_is_no_target_is_refused(text):
    with pytest.raises(InvalidInput) as refused:
        read_target(text)

    assert refused.value.code == "invalid_target"


def test_a_route_is_a_host_with_or_without_a_path():
    assert read_route("App.Example.com", "app") == Route("app.example.com", "app")
    assert read_route("app.example.com/Shop/", "app") == Route("app.example.com", "app", "/Shop")
    assert read_route("https://a.b/", "app") == Route("a.b", "app")
    assert read_route("bücher.example", "app") == Route("xn--bcher-kva.example", "app")
    assert read_route("a.b/x", "app", strip=True).strip


@pytest.mark.parametrize("text", ["", "a b", "a:80", "/x", "a/../b", "a//b", "*.*.a"])
def test_what_is_no_route_is_refused(text):
    with pytest.raises(InvalidInput):
        read_route(text, "app")


def test_what_stands_before_the_domain():
    assert subdomain_of("a.b.localhost", "localhost") == "a.b"
    assert subdomain_of("localhost", "localhost") == ""
    assert subdomain_of("example.com", "localhost") == ""


@pytest.mark.parametrize(
    ("state", "wish", "target"),
    [
        (Online(a_run()), Wish.UP, "healthy"),
        (Online(a_run(), ready=False), Wish.UP, "adding"),
        (Starting(), Wish.UP, "adding"),
        (Starting(a_run()), Wish.UP, "adding"),
        (Backoff(NOW, 1.0), Wish.UP, "adding"),
        (Stopping(a_run(), Cause.RESTART_REQUESTED), Wish.UP, "adding"),
        (Stopping(a_run(), Cause.STOP_REQUESTED), Wish.DOWN, "draining"),
        (Stopped(), Wish.DOWN, None),
        (Errored("it fails"), Wish.UP, None),
    ],
)
def test_what_a_target_is_follows_from_what_its_process_does(state, wish, target):
    process = a_process(state=state, wish=wish, tcp_port=3000)

    assert states(process).get(3000) == target


def test_a_program_that_does_not_listen_yet_is_waited_for():
    assert states(a_process(state=Online(a_run()), tcp_port=3000), accepting=False) == {
        3000: "adding"
    }


def test_what_is_to_replace_another_is_no_target_before_it_has():
    coming = a_process(state=Online(a_run()), tcp_port=3001, pm_id=-1, replaces=0)
    leaving = a_process(
        state=Stopping(a_run(), Cause.REPLACED),
        tcp_port=3000,
        pm_id=-1,
        replaces=0,
        wish=Wish.GONE,
    )

    assert states(coming) == {}
    assert states(leaving) == {3000: "draining"}


def test_instances_that_share_a_port_are_one_target_as_good_as_the_best_of_them():
    spec = an_app(exec_mode="cluster", tcp_ports=TcpPorts(3000, 3000), instances=2)
    one = a_process(spec=spec, state=Starting())
    other = a_process(spec=spec, state=Online(a_run()), pm_id=1, instance=1)

    assert states(one, other) == {3000: "healthy"}
    assert states(other, one) == {3000: "healthy"}


def test_a_port_that_was_said_comes_before_the_one_that_was_given():
    process = a_process(state=Online(a_run()), tcp_port=3000)

    assert port_of(ServiceSpec(name="web", app="web", tcp_port=80), process) == 80
    assert port_of(WEB, process) == 3000
    assert port_of(WEB, a_process()) is None


def test_addresses_that_are_not_ours_are_always_there():
    spec = ServiceSpec(name="db", targets=(Target("10.0.0.1", 80),))

    assert states(spec=spec) == {80: TargetState.HEALTHY}


def test_every_service_has_its_name_below_the_domain_and_its_own_routes():
    own = Route("www.example.com", "web", "/shop")
    specs = [ServiceSpec(name="web", routes=(own,)), ServiceSpec(name="no host name")]

    table = table_of(specs, "localhost", lambda _: [])

    assert table.routes == (own, Route("web.localhost", "web"))
    assert set(table.services) == {"web", "no host name"}


def test_a_route_of_ones_own_comes_before_the_name_of_another():
    taken = ServiceSpec(name="a", routes=(Route("b.localhost", "a"),))

    table = table_of([taken, ServiceSpec(name="b")], "localhost", lambda _: [])

    assert [one.service for one in table.routes if one.host == "b.localhost"] == ["a"]


@pytest.mark.parametrize(
    ("service_port", "ports", "alone"),
    [(None, (3000, 3001), True), (None, (3000, 3000), False), (4000, (3000, 3001), False)],
)
def test_a_run_is_told_apart_by_a_port_that_no_other_has(service_port, ports, alone):
    one, other = (
        a_process(pm_id=n, tcp_port=port, state=Online(a_run(4711 + n)))
        for n, port in enumerate(ports)
    )
    spec = ServiceSpec(name="site", app=one.name, tcp_port=service_port)
    elsewhere = ServiceSpec(name="other", app="other")

    found = alone_at(one, [spec, elsewhere], [one, other])

    assert found == ([("site", Target("localhost", 3000))] if alone else [])
    assert alone_at(one, [elsewhere, spec], [one, other]) == found
    gone = a_process(pm_id=1, tcp_port=ports[1])
    assert len(alone_at(one, [spec], [one, gone])) == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("web:", "cannot use web: as a target: it is an app, app:port or host:port"),
        ("70000", "no TCP port has the number 70000"),
        ("a..b:80", "a..b is no host name"),
    ],
)
def test_what_is_no_target_is_told_why(text, sentence):
    with pytest.raises(InvalidInput) as refused:
        read_target(text)

    assert refused.value.message == sentence


@pytest.mark.parametrize("tcp_port", [1, 65535])
def test_the_first_and_the_last_port_are_ports(tcp_port):
    assert read_target(str(tcp_port)) == (None, None, (Target("localhost", tcp_port),))


def test_a_service_is_in_the_table_with_all_that_was_declared():
    target = Target("10.0.0.1", 80)
    spec = ServiceSpec(name="web", strategy="ip-hash", mode=Mode.PAUSED, targets=(target,))

    table = table_of([spec], "localhost", lambda one: one.targets)

    assert table.services == {"web": Service("web", (target,), "ip-hash", Mode.PAUSED)}


def test_a_target_is_where_the_process_listens_and_says_whose_it_is():
    asked = []
    process = a_process(state=Online(a_run()), tcp_port=3000, pm_id=7)
    others = [
        a_process(state=Online(a_run()), pm_id=1),
        a_process(spec=an_app(name="api"), state=Online(a_run()), tcp_port=4000, pm_id=2),
    ]

    found = targets_of(WEB, [*others, process], lambda one, port: not asked.append((one, port)))

    assert found == [Target("localhost", 3000, TargetState.HEALTHY, 7)]
    assert asked == [(process, 3000)]


def test_of_instances_that_are_as_good_the_first_is_named():
    spec = an_app(exec_mode="cluster", tcp_ports=TcpPorts(3000, 3000), instances=2)
    one, other = (a_process(spec=spec, state=Online(a_run()), pm_id=n) for n in (0, 1))

    assert [each.pm_id for each in targets_of(WEB, [one, other], lambda *_: True)] == [0]


@pytest.mark.parametrize(
    ("text", "listener", "shown"),
    [
        ("7000", Listener("localhost", 7000), "localhost:7000"),
        (" 0.0.0.0:7000 ", Listener("0.0.0.0", 7000), "0.0.0.0:7000"),
        ("[::]:1", Listener("::", 1), "[::]:1"),
        ("localhost:65535", Listener("localhost", 65535), "localhost:65535"),
    ],
)
def test_an_address_to_listen_on_is_a_port_or_a_host_and_a_port(text, listener, shown):
    assert read_listener(text) == listener
    assert str(listener) == shown


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0", "a TCP port, or HOST:PORT"),
        ("65536", "a TCP port, or HOST:PORT"),
        ("localhost", "a TCP port, or HOST:PORT"),
        ("localhost:", "a TCP port, or HOST:PORT"),
        (":7000", "its host is missing"),
        ("[]:7000", "its host is missing"),
    ],
)
def test_what_is_no_address_to_listen_on_is_refused(text, reason):
    with pytest.raises(InvalidInput) as refused:
        read_listener(text)

    assert refused.value.message == f"{text} is no address to listen on: {reason}"
