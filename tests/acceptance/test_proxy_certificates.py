"""Certificates of the proxy, as clients see them."""

import os
import signal
import socket
import ssl

import pytest
from cryptography import x509

from tests.support import pebble
from tests.support.certificates import make_certificate
from tests.support.ports import free_port
from tests.support.running import daemon_pid
from tests.support.waiting import eventually_sync


class Ports:
    def __init__(self):
        self.http, self.https = free_port(), free_port()


@pytest.fixture
def ports(pmdaemon):
    """A proxy that listens on two free ports."""
    ports = Ports()
    line = f"proxy on --host 127.0.0.1 --http {ports.http} --https {ports.https}"
    pmdaemon.run(*line.split())
    return ports


def shown(port, host, root=None):
    """Connect, and return the certificate that is shown; checked if there is a root."""
    context = ssl.create_default_context(cadata=root)
    if root is None:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), timeout=60) as plain,
        context.wrap_socket(plain, server_hostname=host) as tls,
    ):
        return x509.load_der_x509_certificate(tls.getpeercert(binary_form=True))


def listed(pmdaemon):
    found = pmdaemon.run("proxy", "certs", "--json").json["certificates"]
    return {one["host"]: one for one in found}


@pebble.needed
def test_names_that_are_routed_are_signed_for_and_renewed_while_it_runs(pmdaemon, ports, tmp_path):
    pmdaemon.run("proxy", "add", "www.example.com", "127.0.0.1:1", "--name", "site")
    with pebble.an_authority(tmp_path, ports.http) as authority:
        root = authority.root().decode()
        ask = ("--acme", authority.directory, "--trust", str(authority.trusted), "--agree")
        pmdaemon.run("proxy", "certs", *ask)
        eventually_sync(lambda: listed(pmdaemon)["www.example.com"]["source"] == "acme")
        first = shown(ports.https, "www.example.com", root)

        # Another name is signed for as soon as it is routed, and none before.
        with pytest.raises((ssl.SSLError, ConnectionError)):
            shown(ports.https, "shop.example.com")
        pmdaemon.run("proxy", "add", "shop.example.com", "127.0.0.1:1", "--name", "site")
        eventually_sync(lambda: listed(pmdaemon)["shop.example.com"]["source"] == "acme")
        shown(ports.https, "shop.example.com", root)

        # What is served is exchanged without a restart.
        before = daemon_pid(pmdaemon.home)
        pmdaemon.run("proxy", "certs", "--remove", "www.example.com")
        eventually_sync(lambda: listed(pmdaemon)["www.example.com"]["source"] == "acme")
        second = shown(ports.https, "www.example.com", root)
        assert second.serial_number != first.serial_number
        assert daemon_pid(pmdaemon.home) == before

    # The next daemon has it, though nobody signs any more.
    os.kill(before, signal.SIGKILL)
    assert shown(ports.https, "www.example.com", root) == second
    assert listed(pmdaemon)["www.example.com"]["note"] == ""


@pebble.needed
def test_a_name_that_leads_elsewhere_is_told_with_the_reason(pmdaemon, ports, tmp_path):
    pmdaemon.run("proxy", "add", "www.example.com", "127.0.0.1:1", "--name", "site")
    with pebble.an_authority(tmp_path, free_port()) as authority:
        ask = ("--acme", authority.directory, "--trust", str(authority.trusted), "--agree")
        pmdaemon.run("proxy", "certs", *ask)

        eventually_sync(lambda: "tried again at" in listed(pmdaemon)["www.example.com"]["note"])
        refusal = listed(pmdaemon)["www.example.com"]["refusal"]
        os.kill(daemon_pid(pmdaemon.home), signal.SIGKILL)

        # The next daemon waits as long as this one would have.
        assert listed(pmdaemon)["www.example.com"]["refusal"] == refusal
        pmdaemon.run("proxy", "certs", "--retry", "www.example.com")
        eventually_sync(
            lambda: listed(pmdaemon)["www.example.com"]["refusal"] not in (None, refusal)
        )

    table = pmdaemon.run("proxy", "certs").out
    assert "www.example.com: the authority says: " in table
    assert "(connection)" in table


def test_a_file_that_ran_out_or_went_away_keeps_no_other_from_being_served(
    pmdaemon, ports, tmp_path
):
    certificate, key = make_certificate(tmp_path / "own")
    files = ("--host", "localhost", "--cert", str(certificate), "--key", str(key))
    pmdaemon.run("proxy", "certs", *files)
    pmdaemon.run("proxy", "add", "127.0.0.1:1", "--name", "site")
    own = x509.load_pem_x509_certificate(certificate.read_bytes())
    assert shown(ports.https, "localhost") == own

    key.unlink()
    os.kill(daemon_pid(pmdaemon.home), signal.SIGKILL)

    assert listed(pmdaemon)["localhost"]["fault"]
    shown(ports.https, "site.localhost")
    log = pmdaemon.run("logs", "--daemon", "--nostream", "--lines", "100").out
    assert log.count("certificate.unusable host=localhost") == 1
    pmdaemon.run("proxy", "certs", "--remove", "localhost")
    assert "localhost" not in listed(pmdaemon)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--acme", "ca.test", "--agree"), "is not the directory of an authority"),
        (("--acme", "letsencrypt"), "add --agree"),
        (("--host", "a.test", "--cert", "/no", "--key", "/no"), "cannot use the certificate /no"),
        (("--remove", "a.test"), "there is no certificate for a.test"),
        (("--retry", "a.test"), "no authority is asked for a certificate for a.test"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(pmdaemon, ports, words, sentence):
    outcome = pmdaemon.run("proxy", "certs", *words, status=None)

    assert outcome.status != 0
    assert sentence in outcome.err
    assert outcome.err.count("\n") == 1
