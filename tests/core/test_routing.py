from collections import Counter

import pytest
from msgspec.structs import replace

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.routing import (
    Balancer,
    Route,
    RouteTable,
    Service,
    Target,
    TargetState,
    host_of,
    host_pattern,
    path_prefix,
    within,
)

ONE, TWO, THREE = (Target("127.0.0.1", port) for port in (5001, 5002, 5003))
SHOP = Service("shop", (ONE, TWO, THREE))


def chosen(service, *clients, balancer=None):
    balancer = balancer or Balancer()
    return [balancer.choose(service, client) for client in clients]


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        ("shop.test", "shop.test"),
        ("SHOP.Test:8080", "shop.test"),
        ("shop.test.", "shop.test"),
        ("localhost", "localhost"),
        ("127.0.0.1:80", "127.0.0.1"),
        ("[::1]:80", "[::1]"),
        ("", None),
        ("shop.test:", None),
        ("shop.test:80:80", None),
        ("shop.test/x", None),
        ("user@shop.test", None),
        ("shop..test", None),
        ("-shop.test", None),
        ("shop_test", None),
        ("a" * 64 + ".test", None),
        ("shop.test\r\nX: y", None),
        ("bücher.test:80", "xn--bcher-kva.test"),
        ("\ufffd.test", None),
    ],
)
def test_a_host_header_is_cut_down_to_the_name(authority, host):
    assert host_of(authority) == host


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("Shop.Test.", "shop.test"),
        ("*.shop.test", "*.shop.test"),
        ("*", "*"),
        ("bücher.test", "xn--bcher-kva.test"),
    ],
)
def test_a_route_is_for_a_name_or_for_all_below_one(text, pattern):
    assert host_pattern(text) == pattern


@pytest.mark.parametrize(
    "text", ["", "a b", "shop.*", "**.test", "*.", "http://x", "a:80", "é" * 99]
)
def test_what_is_no_host_is_refused(text):
    with pytest.raises(InvalidInput, match="is no host name"):
        host_pattern(text)


@pytest.mark.parametrize("text", ["", "api", "/a b", "/a//b", "/a/../b", "/..", "/é", "/a?b"])
def test_what_is_no_path_is_refused(text):
    with pytest.raises(InvalidInput, match="is no path"):
        path_prefix(text)


def test_a_path_is_below_a_prefix_by_whole_parts():
    assert path_prefix("/api/") == "/api"
    assert path_prefix("/MAX/") == "/MAX"
    assert not within("/MA/x", "/MAX")
    assert within("/api", "/api")
    assert within("/api/x", "/api")
    assert not within("/apis", "/api")
    assert within("/anything", "/")
    assert within("*", "/")


def test_a_whole_name_comes_before_a_wildcard_and_a_long_path_before_a_short_one():
    table = RouteTable(
        (
            Route("*", "rest"),
            Route("*.test", "wild"),
            Route("shop.test", "shop"),
            Route("shop.test", "api", "/api"),
        ),
        {name: Service(name) for name in ("rest", "wild", "shop", "api")},
    )

    def service(host, path="/"):
        found = table.find(host, path)
        return found and found[1].name

    assert service("shop.test") == "shop"
    assert service("shop.test", "/api/v1") == "api"
    assert service("other.test", "/api") == "wild"
    assert service("deep.other.test") == "rest"
    assert service("localhost") == "rest"


def test_a_host_without_a_route_leads_nowhere():
    table = RouteTable((Route("shop.test", "shop", "/api"),), {"shop": SHOP})

    assert table.find("other.test", "/") is None
    assert table.find("shop.test", "/") is None


def test_a_route_of_another_service_is_not_taken_away():
    table = RouteTable().with_routes([Route("shop.test", "shop")])

    with pytest.raises(InvalidInput, match=r"shop\.test/ is a route of shop already") as refusal:
        table.with_routes([Route("shop.test", "other")])

    assert refusal.value.code == "route_taken"
    again = Route("shop.test", "shop", strip=True)
    assert table.with_routes([again]).routes == (again,)


def test_a_service_goes_with_its_routes():
    table = RouteTable().with_routes([Route("a.test", "a"), Route("b.test", "b")])
    table = table.with_service(Service("a")).with_service(Service("b"))

    left = table.without_service("a")

    assert left.routes == (Route("b.test", "b"),)
    assert set(left.services) == {"b"}


def test_in_turn_each_target_gets_as_many():
    assert Counter(chosen(SHOP, *["me"] * 9)) == {ONE: 3, TWO: 3, THREE: 3}


def test_a_client_stays_with_its_target_and_others_are_spread():
    service = replace(SHOP, strategy="ip-hash")
    clients = [f"10.0.0.{last}" for last in range(200)]

    first = dict(zip(clients, chosen(service, *clients), strict=True))
    fewer = replace(service, targets=(ONE, THREE))
    then = dict(zip(clients, chosen(fewer, *clients), strict=True))

    assert min(Counter(first.values()).values()) > 30
    assert all(first[client] == then[client] for client in clients if first[client] != TWO)


def test_the_one_with_least_to_do_is_next():
    service, balancer = replace(SHOP, strategy="least-connections"), Balancer()
    for target in (ONE, ONE, TWO, THREE, THREE):
        balancer.began(target)

    assert chosen(service, "me", balancer=balancer) == [TWO]
    balancer.ended(ONE)
    balancer.ended(ONE)
    assert chosen(service, "me", balancer=balancer) == [ONE]
    assert (balancer.busy(ONE), balancer.busy(THREE)) == (0, 2)


@pytest.mark.parametrize("strategy", ["round-robin", "ip-hash", "least-connections"])
@pytest.mark.parametrize("state", [TargetState.ADDING, TargetState.DRAINING])
def test_only_who_is_ready_and_was_not_tried_is_chosen(strategy, state):
    targets = (replace(ONE, state=state), TWO, THREE)
    service, balancer = Service("shop", targets, strategy), Balancer()

    picks = {balancer.choose(service, f"c{n}", tried=[TWO.address]) for n in range(20)}

    assert picks == {THREE}
    assert balancer.choose(service, "c", tried=[TWO.address, THREE.address]) is None
    assert service.coming == (state is TargetState.ADDING)


def test_a_table_knows_the_hosts_that_anything_is_asked_of():
    table = RouteTable((Route("shop.test", "shop", "/api"), Route("*.wild.test", "wild")))

    assert table.knows("shop.test")
    assert table.knows("any.wild.test")
    assert not table.knows("other.test")
    assert RouteTable((Route("*", "rest"),)).knows("localhost")


def test_a_route_to_a_service_that_is_gone_leads_nowhere():
    assert RouteTable((Route("shop.test", "shop"),)).find("shop.test", "/") is None


def test_a_route_that_is_refused_says_whose_it_is_and_others_keep_their_services():
    table = RouteTable((Route("shop.test", "shop"),), {"shop": SHOP})

    with pytest.raises(InvalidInput) as refusal:
        table.with_routes([Route("shop.test", "other")])

    assert refusal.value.details == {"service": "shop"}
    assert table.with_routes([Route("a.test", "shop")]).services == {"shop": SHOP}


def test_a_prefix_may_end_in_a_slash():
    assert within("/api/x", "/api/")
    assert within("/api/", "/api")
    assert not within("/other", "/api/")


@pytest.mark.parametrize(("length", "known"), [(253, True), (254, False)])
def test_a_host_has_253_characters_at_the_most(length, known):
    host = ".".join(["a" * 49] * 5) + "." + "b" * (length - 250)

    assert len(host) == length
    assert (host_of(host) == host) is known
    assert (host_of(f"{host}.:65535") == host) is known


def test_a_refusal_names_what_was_refused():
    with pytest.raises(InvalidInput) as of_host:
        host_pattern("a b")
    with pytest.raises(InvalidInput) as of_path:
        path_prefix("api")

    assert (of_host.value.code, of_host.value.details) == ("invalid_host", {"host": "a b"})
    assert of_host.value.message == "a b is no host name"
    assert (of_path.value.code, of_path.value.details) == ("invalid_path", {"path": "api"})
    assert of_path.value.message == "api is no path of a route"


def test_turns_go_round_in_the_order_of_the_targets():
    assert chosen(SHOP, *["me"] * 4) == [TWO, THREE, ONE, TWO]


def test_of_targets_with_as_little_to_do_each_has_its_turn():
    service = replace(SHOP, strategy="least-connections")

    assert chosen(service, *["me"] * 4) == [TWO, THREE, ONE, TWO]


def test_a_target_that_has_nothing_to_do_is_forgotten():
    balancer = Balancer()

    balancer.began(ONE)
    balancer.began(ONE)
    balancer.began(ONE)
    balancer.ended(ONE)
    assert (balancer.busy(ONE), balancer.is_busy) == (2, True)

    balancer.ended(ONE)
    assert (balancer.busy(ONE), balancer.is_busy) == (1, True)

    balancer.ended(ONE)
    assert (balancer.busy(ONE), balancer.is_busy) == (0, False)

    balancer.ended(ONE)
    assert (balancer.busy(ONE), balancer.is_busy) == (0, False)


def test_what_ends_once_more_than_it_began_counts_as_nothing():
    service, balancer = replace(SHOP, strategy="least-connections"), Balancer()
    balancer.ended(THREE)
    balancer.began(ONE)

    assert balancer.busy(THREE) == 0
    assert chosen(service, "a", "b", balancer=balancer) == [TWO, THREE]


def test_one_request_is_more_than_none():
    service, balancer = replace(SHOP, strategy="least-connections"), Balancer()
    balancer.began(ONE)
    balancer.began(TWO)

    assert chosen(service, *["me"] * 3, balancer=balancer) == [THREE] * 3
