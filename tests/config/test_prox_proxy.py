import pytest

from pmdaemon.config.prox_proxy import Address, ProxyReading

OFF, ON = -1, {"http_port": 6788, "domain": "local.dev"}


def read(**document):
    problems, remarks = [], []
    gateway = ProxyReading(document, problems, remarks).read({"web"})
    return gateway, problems, remarks


def test_ports_and_the_domain_are_handed_on():
    gateway, problems, remarks = read(proxy={**ON, "https_port": 6789})

    assert gateway.settings == {"http_port": 6788, "https_port": 6789, "domain": "local.dev"}
    assert (problems, remarks) == ([], [])


@pytest.mark.parametrize("ports", [{}, {"http_port": 0}])
def test_without_a_port_it_speaks_https_where_prox_does(ports):
    gateway, _, _ = read(proxy={"enabled": True, "domain": "a.b", **ports})

    assert (gateway.settings["http_port"], gateway.settings["https_port"]) == (OFF, 6789)


@pytest.mark.parametrize("proxy", [None, {}, {"enabled": False, **ON}, {"domain": "a.b"}])
def test_a_proxy_that_is_not_enabled_publishes_nothing_and_says_so(proxy):
    gateway, problems, remarks = read(proxy=proxy, services={"web": 3000})

    assert gateway is None
    assert (problems, remarks) == ([], ["services: not published, as proxy is not enabled"])


def test_bodies_are_kept_where_that_is_asked_for():
    assert read(proxy={**ON, "capture": {"enabled": True}})[0].settings["capture"] == 1024**2
    size = {"enabled": True, "max_body_size": "64KB"}
    assert read(proxy={**ON, "capture": size})[0].settings["capture"] == 65536
    assert "capture" not in read(proxy={**ON, "capture": {"max_body_size": "1MB"}})[0].settings


def test_services_are_processes_or_addresses():
    services = {
        "web": 3000,
        "db": {"port": 80},
        "far": {"port": 80, "host": "10.0.0.5"},
        "six": {"port": 80, "host": "::1"},
    }

    gateway, _, _ = read(proxy=ON, services=services)

    assert gateway.of_processes == {"web": {"hosts": ["web.local.dev"], "port": 3000}}
    assert gateway.addresses == (
        Address("db", "localhost:80", ("db.local.dev",)),
        Address("far", "10.0.0.5:80", ("far.local.dev",)),
        Address("six", "[::1]:80", ("six.local.dev",)),
    )


def test_a_service_elsewhere_is_no_process_of_ours():
    gateway, _, _ = read(proxy=ON, services={"web": {"port": 80, "host": "10.0.0.5"}})

    assert gateway.of_processes == {}
    assert gateway.addresses[0].target == "10.0.0.5:80"


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"proxy": 5}, "proxy: not a table: 5"),
        ({"proxy": {"http_port": 1}}, "proxy.domain: not a host name: null"),
        ({"proxy": {"http_port": 1, "domain": "-"}}, "proxy.domain: not a host name: -"),
        ({"proxy": {**ON, "http_port": "80"}}, "proxy.http_port: not a TCP port: 80"),
        ({"proxy": {**ON, "https_port": 70000}}, "proxy.https_port: not a TCP port: 70000"),
        ({"proxy": {**ON, "capture": 5}}, "proxy.capture: not a table: 5"),
        (
            {"proxy": {**ON, "capture": {"enabled": True, "max_body_size": "big"}}},
            "proxy.capture.max_body_size: not a size: big",
        ),
        ({"proxy": ON, "services": [1]}, "services: not a table: [1]"),
        ({"proxy": ON, "services": {"a": "80"}}, "services.a: not a TCP port: 80"),
        ({"proxy": ON, "services": {"a_b": 80}}, "services.a_b: not a name that a host can have"),
        ({"proxy": ON, "services": {"a": {}}}, "services.a.port: not a TCP port: null"),
        ({"proxy": ON, "services": {"a": 0}}, "services.a: not a TCP port: 0"),
        ({"proxy": ON, "services": {"a": True}}, "services.a: not a TCP port: true"),
        (
            {"proxy": ON, "services": {"a": {"port": 1, "host": 5}}},
            "services.a.host: not a host: 5",
        ),
    ],
)
def test_what_cannot_be_used_is_told(document, problem):
    _, problems, _ = read(**document)

    assert any(one.startswith(problem) for one in problems), problems


def test_what_nobody_knows_is_remarked():
    _, _, remarks = read(proxy={**ON, "hub": "x", "htp_port": 1}, services={"a": {"prt": 1}})

    assert "proxy.hub: not acted on by this release" in remarks
    assert any(one.startswith("proxy.htp_port: ") and "http_port" in one for one in remarks)
    assert any(one.startswith("services.a.prt: ") for one in remarks)
