import ssl
from contextlib import asynccontextmanager

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace

from pmdaemon.adapters.acme import AcmeClient
from pmdaemon.adapters.certificate_pairs import covers
from pmdaemon.adapters.jws import CURVE, AccountKey
from pmdaemon.core.errors import CertificateRefused
from pmdaemon.engine.interfaces import AcmeSettings
from tests.support import pebble
from tests.support.certificates import make_certificate
from tests.support.serving import a_server


@pytest.fixture
def key():
    return AccountKey(ec.generate_private_key(CURVE))


class Answers:
    """What is answered for tokens; `said` is in their place, if it is set."""

    def __init__(self):
        self.texts = {}
        self.published = []
        self.said = None

    def publish(self, token, text):
        self.published.append((token, text))
        if text is None:
            self.texts.pop(token)
        else:
            self.texts[token] = text

    @asynccontextmanager
    async def served(self):
        async def handler(reader, writer):
            head = await reader.readuntil(b"\r\n\r\n")
            token = head.split()[1].rpartition(b"/")[2].decode()
            text = (self.said or self.texts.get(token, "")).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(text), text))

        async with a_server(handler) as port:
            yield port


@pebble.needed
async def test_an_authority_signs_for_a_name_that_leads_here(tmp_path, key):
    answers = Answers()
    async with answers.served() as port:
        with pebble.an_authority(tmp_path, port) as authority:
            client = AcmeClient(authority.settings, key, answers.publish)

            first, first_key = await client.order("www.example.com")
            second, second_key = await client.order("shop.example.com")

    leaf = x509.load_pem_x509_certificate(first)
    assert covers(leaf, "www.example.com")
    assert covers(x509.load_pem_x509_certificate(second), "shop.example.com")
    assert len(x509.load_pem_x509_certificates(first)) > 1
    own = serialization.load_pem_private_key(first_key, None)
    assert leaf.public_key() == own.public_key()
    assert first_key != second_key
    assert answers.texts == {}
    assert len(answers.published) == 4


@pebble.needed
async def test_a_name_that_leads_elsewhere_is_refused_with_what_the_authority_says(tmp_path, key):
    answers = Answers()
    answers.said = "something else"
    async with answers.served() as port:
        with pebble.an_authority(tmp_path, port) as authority:
            client = AcmeClient(authority.settings, key, answers.publish)

            with pytest.raises(CertificateRefused) as refused:
                await client.order("www.example.com")

    assert "cannot get a certificate for www.example.com: the authority says: " in str(
        refused.value
    )
    assert "(unauthorized)" in str(refused.value)
    assert not refused.value.for_all
    assert answers.texts == {}


@pebble.needed
async def test_a_name_that_it_does_not_sign_for_is_refused(tmp_path, key):
    with pebble.an_authority(tmp_path, 1) as authority:
        client = AcmeClient(authority.settings, key, Answers().publish)

        with pytest.raises(CertificateRefused, match="the authority says"):
            await client.order("blocked-domain.example")


@pebble.needed
async def test_an_authority_that_is_not_trusted_is_not_asked(tmp_path, key):
    with pebble.an_authority(tmp_path, 1) as authority:
        client = AcmeClient(replace(authority.settings, trusted=None), key, Answers().publish)

        with pytest.raises(CertificateRefused, match="its certificate is not trusted"):
            await client.order("www.example.com")


@pebble.needed
async def test_somebody_else_is_no_authority(tmp_path, key):
    with pebble.an_authority(tmp_path, 1) as authority:
        elsewhere = replace(authority.settings, directory=f"{authority.management}/roots/0")
        client = AcmeClient(elsewhere, key, Answers().publish)

        with pytest.raises(CertificateRefused, match="does not answer as an ACME server"):
            await client.order("www.example.com")


@pytest.mark.parametrize(
    ("wanted", "seconds"),
    [
        ("3600", 3600.0),
        ("Sun, 06 Nov 1994 09:49:37 GMT", 3600.0),
        ("Sun, 06 Nov 1994 07:49:37 GMT", 0.0),
        ("soon", 0.0),
    ],
)
async def test_an_authority_that_is_busy_says_when_it_may_be_asked_again(
    tmp_path, key, wanted, seconds
):
    async def busy(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 503 Busy\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            b"Retry-After: %b\r\nContent-Length: 0\r\n\r\n" % wanted.encode()
        )

    certificate, private = make_certificate(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, private)
    async with a_server(busy, tls=tls) as port:
        settings = AcmeSettings(directory=f"https://127.0.0.1:{port}/dir", trusted=str(certificate))

        with pytest.raises(CertificateRefused, match="answers with status 503") as refused:
            await AcmeClient(settings, key, Answers().publish).order("www.example.com")

    assert refused.value.retry_after == seconds
    assert refused.value.for_all


@pytest.mark.parametrize(
    ("directory", "reason"),
    [
        ("http://127.0.0.1:1/dir", "is not https"),
        ("https://127.0.0.1:1/dir", "refused"),
        ("nonsense", "is not https"),
    ],
)
async def test_who_cannot_be_asked_is_told(key, directory, reason):
    client = AcmeClient(AcmeSettings(directory=directory), key, Answers().publish)

    with pytest.raises(CertificateRefused, match=reason) as refused:
        await client.order("www.example.com")
    assert refused.value.for_all
