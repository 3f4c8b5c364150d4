import asyncio
import logging
import ssl

import pytest

from pmdaemon.adapters.certificate_pairs import read_pair
from pmdaemon.adapters.clock import SystemClock
from pmdaemon.adapters.gateway_certificates import GatewayCertificates
from pmdaemon.adapters.local_authority import LocalAuthority
from pmdaemon.core.errors import InvalidInput
from pmdaemon.engine.interfaces import CertificateFiles, GatewaySettings
from tests.fakes.clock import FakeClock
from tests.support.gateway import a_gateway, an_upstream, answer, body_of

HTTPS = GatewaySettings(host="127.0.0.1", http_port=None, https_port=0)
DAY = 86400.0


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def certificates(tmp_path, clock):
    return GatewayCertificates(tmp_path, clock, lambda host: host != "unknown.localhost")


@pytest.fixture
def issue(tmp_path, clock):
    """Sign for a name, into files."""
    authority = LocalAuthority(tmp_path / "other", ["a.test"], clock)

    def into(path, host):
        path.parent.mkdir(exist_ok=True)
        chain, key = authority.issue(host)
        path.write_bytes(key + chain)
        return path

    return into


async def over_tls(port, host, authority):
    trusting = ssl.create_default_context(cafile=authority)
    async with asyncio.timeout(60):
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=trusting, server_hostname=host
        )
        writer.write(b"GET / HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n" % host.encode())
        said = await reader.read()
        writer.transport.abort()
        return said


async def test_names_below_the_domain_are_served_with_certificates_of_our_authority(tmp_path):
    authority = tmp_path / "authority.pem"
    certificates = GatewayCertificates(
        tmp_path, SystemClock(), lambda host: host != "unknown.localhost"
    )
    async with (
        an_upstream(answer(b"hello")) as upstream,
        a_gateway(settings=HTTPS, tls=certificates.prepare) as gateway,
    ):
        gateway.leads_to(upstream)
        await gateway.ask(b"GET / HTTP/1.1\r\n\r\n")  # who speaks no TLS harms nobody

        said = await over_tls(gateway.port, "app.localhost", authority)

        assert body_of(said) == b"hello"
        assert b"x-forwarded-proto: https" in upstream.heads[0]
        for host in ("unknown.localhost", "foreign.test"):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await over_tls(gateway.port, host, authority)


def own(host, path):
    return GatewaySettings(certificates=(CertificateFiles(host, str(path), str(path)),))


def test_files_of_ones_own_come_first_and_are_told_of(certificates, issue, tmp_path):
    path = issue(tmp_path / "own.pem", "b.a.test")

    certificates.prepare(own("*.a.test", path))
    assert certificates.context_for("b.a.test") is not None
    assert certificates.context_for("a.test") is None

    told = certificates.list(own("*.a.test", path).certificates, [])
    assert [(one.host, one.source, one.fault) for one in told] == [
        ("*.a.test", "file", "it is not for *.a.test"),
        ("*.localhost", "local", ""),
    ]


def test_what_was_signed_for_us_is_served_to_those_who_ask_for_a_name_that_is_routed(
    certificates, issue, tmp_path
):
    for host in ("b.a.test", "unknown.localhost"):
        issue(tmp_path / "obtained" / f"{host}.pem", host)
    certificates.prepare(GatewaySettings())

    assert certificates.context_for("b.a.test") is not None
    assert certificates.context_for("c.a.test") is None
    assert certificates.context_for("unknown.localhost") is None
    told = certificates.list((), ["b.a.test", "c.a.test"])
    assert [(one.host, one.source) for one in told] == [
        ("b.a.test", "acme"),
        ("*.localhost", "local"),
    ]


def test_what_has_run_out_gives_way_to_what_has_not(certificates, issue, tmp_path, clock, caplog):
    path = issue(tmp_path / "own.pem", "b.a.test")
    certificates.prepare(own("b.a.test", path))
    first = certificates.context_for("b.a.test")
    clock.advance(91 * DAY)

    assert certificates.context_for("b.a.test") is first  # better than nothing
    assert certificates.context_for("b.a.test") is first
    issue(tmp_path / "obtained" / "b.a.test.pem", "b.a.test")
    assert certificates.discard("b.a.test")
    issue(tmp_path / "obtained" / "b.a.test.pem", "b.a.test")
    assert certificates.context_for("b.a.test") not in {first, None}

    warnings = [one.message for one in caplog.records if one.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "certificate.unusable host=b.a.test" in warnings[0]
    assert "it expired on" in warnings[0]


def test_a_file_that_is_no_good_keeps_nobody_else_from_being_served(certificates, caplog):
    settings = own("a.test", "/nowhere.pem")

    certificates.prepare(settings)

    assert certificates.context_for("app.localhost") is not None
    assert certificates.context_for("a.test") is None
    assert "certificate.unusable host=a.test" in caplog.text
    with pytest.raises(InvalidInput):
        certificates.check(settings.certificates)


def test_what_was_made_for_a_name_is_kept_and_made_anew_before_it_runs_out(certificates, clock):
    certificates.prepare(GatewaySettings())
    first = certificates.context_for("app.localhost")
    assert certificates.context_for("app.localhost") is first

    clock.advance(61 * DAY)

    assert certificates.context_for("app.localhost") not in {first, None}


def test_another_domain_is_signed_for_by_another_authority(certificates, tmp_path):
    certificates.prepare(GatewaySettings())
    certificates.prepare(GatewaySettings(domain="dev.test"))

    assert certificates.context_for("app.dev.test") is not None
    hosts = [one.host for one in certificates.list((), [])]
    assert hosts == ["*.localhost", "*.dev.test"]


def test_nobody_is_answered_who_does_not_ask_for_what_was_published(certificates):
    assert certificates.answer("a.test", b"/.well-known/acme-challenge/x") is None
    assert certificates.answer("a.test", b"/") is None


def test_a_pair_in_one_file_can_be_read(issue, tmp_path):
    path = issue(tmp_path / "own.pem", "b.a.test")

    assert read_pair(path, path).leaf is not None
