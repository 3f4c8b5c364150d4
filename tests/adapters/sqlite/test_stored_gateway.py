import pytest

from pmdaemon.adapters.sqlite import stored_gateway
from pmdaemon.core.routing import Listener, Mode, Route, Target
from pmdaemon.core.services import ServiceSpec
from pmdaemon.engine.interfaces import CertificateFiles, GatewaySettings

SPEC = ServiceSpec(
    name="web",
    routes=(Route("a.test", "web", "/x", strip=True),),
    targets=(Target("10.0.0.1", 80),),
    strategy="ip-hash",
    mode=Mode.PAUSED,
    listener=Listener("localhost", 7000),
)

SETTINGS = GatewaySettings(
    host="0.0.0.0",
    https_port=443,
    trusted_proxies=("10.0.0.0/8",),
    certificates=(CertificateFiles("a.test", "/a.pem", "/a.key"),),
)


def test_what_was_written_is_read_back_equal():
    text = stored_gateway.service_to_json(SPEC)
    assert stored_gateway.service_from_json(text) == SPEC
    text = stored_gateway.settings_to_json(SETTINGS)
    assert stored_gateway.settings_from_json(text) == SETTINGS


def test_what_an_older_release_did_not_write_has_its_default():
    assert stored_gateway.settings_from_json("{}") == GatewaySettings()
    assert stored_gateway.service_from_json('{"name": "a", "new": 1}') == ServiceSpec(name="a")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"name": 1}', '{"name": "a", "mode": "x"}'])
def test_what_is_no_service_is_not_guessed_at(text):
    with pytest.raises(ValueError):  # noqa: PT011 - the store words it
        stored_gateway.service_from_json(text)
