import pytest

from tests.cli.commands.test_proxy import SERVICE, STATUS
from tests.cli.commands.test_requests import REQUEST


@pytest.fixture
def gateway(client):
    return client.gateway


def test_each_verb_asks_for_what_it_is_called(daemon, gateway):
    found = {"requests": [REQUEST], "filtered_count": 1, "total_count": 1}
    daemon.answers("gateway", {"result": STATUS})
    daemon.answers("gateway_on", {"result": {"urls": ["a"]}})
    daemon.answers("gateway_off", {"result": {"urls": ["a"]}})
    daemon.answers("service", {"result": SERVICE})
    daemon.answers("service_remove", {"result": SERVICE})
    daemon.answers("service_mode", {"result": {"services": [SERVICE]}})
    certificates = {"acme": None, "certificates": []}
    daemon.answers("certificates", {"result": certificates})
    daemon.answers("certificate_remove", {"result": certificates})
    daemon.answers("certificate_retry", {"result": certificates})
    daemon.answers("requests", {"result": found})
    daemon.answers("request", {"result": REQUEST})

    assert gateway.status() == STATUS
    assert gateway.turn_on(http_port=80) == ["a"]
    assert gateway.turn_off() == ["a"]
    assert gateway.publish("app", routes=["a.test"], strategy=None) == SERVICE
    assert gateway.unpublish("app") == SERVICE
    assert gateway.set_mode("app", mode="paused") == [SERVICE]
    assert gateway.certificates() == certificates
    assert gateway.remove_certificate("a.test") == certificates
    assert gateway.retry_certificate("a.test") == certificates
    assert gateway.requests(limit=3) == found
    assert gateway.request("0123") == REQUEST

    assert daemon.requests == [
        ("gateway", {}),
        ("gateway_on", {"http_port": 80}),
        ("gateway_off", {}),
        ("service", {"targets": ["app"], "routes": ["a.test"]}),
        ("service_remove", {"name": "app"}),
        ("service_mode", {"names": ["app"], "mode": "paused"}),
        ("certificates", {}),
        ("certificate_remove", {"host": "a.test"}),
        ("certificate_retry", {"host": "a.test"}),
        ("requests", {"limit": 3}),
        ("request", {"id": "0123", "bodies": False}),
    ]
