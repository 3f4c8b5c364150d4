import asyncio
import ssl

import pytest

from pmdaemon.adapters.clock import SystemClock
from pmdaemon.adapters.gateway_certificates import GatewayCertificates
from pmdaemon.core.errors import InvalidInput
from pmdaemon.engine.interfaces import CertificateFiles, GatewaySettings
from tests.support.gateway import a_gateway, an_upstream, answer, body_of

HTTPS = GatewaySettings(host="127.0.0.1", http_port=None, https_port=0)


@pytest.fixture
def certificates(tmp_path):
    return GatewayCertificates(tmp_path, SystemClock(), lambda host: host != "unknown.localhost")


async def over_tls(port, host, authority):
    trusting = ssl.create_default_context(cafile=authority)
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=trusting, server_hostname=host
        )
        writer.write(b"GET / HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n" % host.encode())
        said = await reader.read()
        writer.transport.abort()
        return said


async def test_names_below_the_domain_are_served_with_certificates_of_our_authority(
    certificates, tmp_path
):
    authority = tmp_path / "authority.pem"
    async with (
        an_upstream(answer(b"hello")) as upstream,
        a_gateway(settings=HTTPS, tls=certificates.prepare) as gateway,
    ):
        gateway.leads_to(upstream)

        said = await over_tls(gateway.port, "app.localhost", authority)

        assert body_of(said) == b"hello"
        assert b"x-forwarded-proto: https" in upstream.heads[0]
        for host in ("unknown.localhost", "foreign.test"):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await over_tls(gateway.port, host, authority)


async def test_who_speaks_no_tls_is_hung_up_on_and_harms_nobody(certificates, tmp_path):
    async with (
        an_upstream(answer(b"hello")) as upstream,
        a_gateway(settings=HTTPS, tls=certificates.prepare) as gateway,
    ):
        gateway.leads_to(upstream)
        await gateway.ask(b"GET / HTTP/1.1\r\n\r\n")

        said = await over_tls(gateway.port, "app.localhost", tmp_path / "authority.pem")

        assert body_of(said) == b"hello"


def test_a_file_that_cannot_be_used_is_refused(certificates):
    files = (CertificateFiles("a.test", "/nowhere.pem", "/nowhere.key"),)

    with pytest.raises(InvalidInput):
        certificates.prepare(GatewaySettings(certificates=files))
