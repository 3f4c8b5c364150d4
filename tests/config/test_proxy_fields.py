import pytest

from pmdaemon.config.app_fields import read_app
from pmdaemon.config.proxy_fields import proxy, show_published
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.routing import Listener
from pmdaemon.core.spec import Published


@pytest.mark.parametrize(
    ("value", "published"),
    [
        (True, Published()),
        ("true", Published()),
        (False, None),
        ("WWW.Example.com", Published(("www.example.com",))),
        (["a.test", "b.test/shop/", "a.test"], Published(("a.test", "b.test/shop"))),
        ({"hosts": "a.test", "strip": True}, Published(("a.test",), strip=True)),
        ({"host": "a.test", "domains": ["b.test"]}, Published(("a.test", "b.test"))),
        ({"port": 3000, "strategy": "ip-hash"}, Published(tcp_port=3000, strategy="ip-hash")),
        ({"listen": 7000}, Published(listener=Listener("localhost", 7000))),
        ({"listen": "0.0.0.0:7000"}, Published(listener=Listener("0.0.0.0", 7000))),
        ({"listen": "[::]:7000"}, Published(listener=Listener("::", 7000))),
    ],
)
def test_where_an_app_is_published_can_be_said_in_several_ways(value, published):
    assert proxy(value).value == published


@pytest.mark.parametrize(
    "value",
    [
        7,
        "bad host",
        ["ok.test", 7],
        {"hosts": {"a": 1}},
        {"hosts": "a.test/../b"},
        {"strategy": "random"},
        {"port": 0},
        {"port": 65536},
        {"listen": True},
        {"listen": "localhost:"},
        {"listen": ":7000"},
        {"listen": "70000"},
        {"listen": 0},
    ],
)
def test_anything_else_is_refused(value):
    with pytest.raises(PmdaemonError):
        proxy(value)


def test_what_nobody_knows_is_remarked():
    assert proxy({"hots": "a.test"}).remarks == (("hots", "unknown field; did you mean hosts?"),)


def test_it_is_written_for_people():
    everything = Published(("a.test/b",), True, 80, "ip-hash", Listener("::", 7000))

    assert show_published(everything) == (
        "a.test/b, without the path, to port 80, at [::]:7000, ip-hash"
    )
    assert show_published(Published()) == "its name, round-robin"


def declare(**fields):
    return read_app(
        {"script": "sleep 5", **fields}, base="/", environment={"PATH": "/usr/bin:/bin"}
    )


def test_an_app_that_no_port_is_known_of_cannot_be_published():
    with pytest.raises(PmdaemonError, match="it leads to no TCP port"):
        declare(proxy=True)

    assert declare(proxy={"port": 3000}).spec.proxy == Published(tcp_port=3000)
    assert declare(domains="a.test", port="auto:3000-3010").spec.proxy == Published(("a.test",))


def test_the_gateway_cannot_listen_where_the_app_does():
    for fields in ({"port": "3000-3002", "instances": 3}, {"port": 3001}):
        with pytest.raises(PmdaemonError, match="the app itself has the port 3001"):
            declare(proxy={"listen": 3001}, **fields)
