"""The web API over TLS, as clients that check certificates see it."""

import ssl

import pytest
import requests

from tests.support.certificates import make_certificate
from tests.support.curl import fetch
from tests.support.ports import free_port
from tests.support.waiting import eventually_sync


@pytest.fixture
def certificate(pmdaemon):
    return make_certificate(pmdaemon.work)


def turn_on(pmdaemon, certificate):
    cert, key = certificate
    port = free_port()
    web = pmdaemon.run(
        *("web", "--port", str(port), "--tls-cert", cert.name, "--tls-key", str(key)),
        *("--detach", "--json"),
    ).json
    return port, web["url"]


def test_clients_that_trust_the_certificate_are_served(pmdaemon, certificate):
    port, url = turn_on(pmdaemon, certificate)

    assert url == f"https://127.0.0.1:{port}"
    answer = requests.get(f"https://localhost:{port}/api/status", verify=certificate[0], timeout=60)
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(f"http://localhost:{port}/api/status", timeout=60)


def test_a_renewed_certificate_is_shown_after_an_update(pmdaemon, certificate):
    port, _ = turn_on(pmdaemon, certificate)
    before = ssl.get_server_certificate(("127.0.0.1", port))
    make_certificate(pmdaemon.work)

    pmdaemon.run("update")

    assert eventually_sync(lambda: ssl.get_server_certificate(("127.0.0.1", port))) != before


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        (["--tls-cert", "none.pem"], "cannot read "),
        (["--tls-cert", "key.pem"], "cannot use TLS with "),
        (["--tls-key", "key.pem"], "cannot use a TLS key without its certificate"),
    ],
)
@pytest.mark.usefixtures("certificate")
def test_a_certificate_that_cannot_be_used_is_one_sentence(pmdaemon, files, sentence):
    said = pmdaemon.refused("web", "--port", "0", "--detach", *files, status=2)

    assert said.startswith(sentence)
    assert pmdaemon.run("web", "--off").out == "the web API is off already\n"


def test_curl_gets_through_too(pmdaemon, certificate):
    port, _ = turn_on(pmdaemon, certificate)

    said = fetch("--cacert", certificate[0], f"https://localhost:{port}/api/status")

    assert '"status": "ok"' in said
