"""What every `Certificates` does: pmdaemon's own, with an authority to ask, and the fake."""

from contextlib import ExitStack, asynccontextmanager
from shutil import rmtree

import pytest

from pmdaemon.adapters.clock import SystemClock
from pmdaemon.adapters.gateway_certificates import GatewayCertificates
from pmdaemon.core.certificates import refusal_after
from pmdaemon.core.errors import CertificateRefused, InvalidInput, PmdaemonError
from pmdaemon.engine.interfaces import AcmeSettings, CertificateFiles, GatewaySettings
from tests.fakes.certificates import FakeCertificates
from tests.support import pebble
from tests.support.gateway import a_gateway

HOST, OTHER = "www.example.com", "shop.example.com"
NO_FILES = CertificateFiles("a.test", "/nowhere.pem", "/nowhere.key")


class Fake:
    def __init__(self, _):
        self.certificates = FakeCertificates(SystemClock())
        self.certificates.unusable = InvalidInput("no such file")
        self.certificates.failures[OTHER] = CertificateRefused(OTHER, "the authority says no")

    def allow(self):
        self.certificates.unusable = None

    def forbid(self):
        pass

    @asynccontextmanager
    async def asked(self):
        yield AcmeSettings(directory="https://ca.test/dir")


class Real:
    """An authority that finds only one of the two names here."""

    def __init__(self, folder):
        self._folder = folder
        self.certificates = GatewayCertificates(folder / "c", SystemClock(), lambda _: True)
        self.certificates.prepare(GatewaySettings())

    def allow(self):
        pass

    def forbid(self):
        # Root may write anywhere, but not below a file.
        rmtree(self._folder / "c")
        (self._folder / "c").touch()

    def answer(self, host, path):
        return self.certificates.answer(host, path) if host == HOST else None

    @asynccontextmanager
    async def asked(self):
        with ExitStack() as stack:
            async with a_gateway(interceptor=self.answer) as gateway:
                authority = pebble.an_authority(self._folder, gateway.port)
                yield stack.enter_context(authority).settings


@pytest.fixture(params=[Fake, pytest.param(Real, marks=pebble.needed)], ids=["fake", "real"])
def scene(request, tmp_path):
    return request.param(tmp_path)


def told(certificates, *hosts):
    return [(one.host, one.source) for one in certificates.list((), hosts) if one.host in hosts]


def test_there_is_nothing_before_anybody_has_signed(scene):
    assert scene.certificates.obtained(HOST) is None
    assert told(scene.certificates, HOST) == []
    assert not scene.certificates.discard(HOST)


async def test_what_was_signed_is_there_until_it_is_discarded(scene):
    async with scene.asked() as acme:
        certificate = await scene.certificates.obtain(HOST, acme)

    assert (certificate.host, certificate.source, certificate.fault) == (HOST, "acme", "")
    assert certificate.begins < certificate.ends
    assert scene.certificates.obtained(HOST) == certificate
    assert told(scene.certificates, HOST, OTHER) == [(HOST, "acme")]

    assert scene.certificates.discard(HOST)
    assert scene.certificates.obtained(HOST) is None


async def test_what_nobody_signs_is_not_there(scene):
    async with scene.asked() as acme:
        with pytest.raises(CertificateRefused, match="the authority says"):
            await scene.certificates.obtain(OTHER, acme)

    assert scene.certificates.obtained(OTHER) is None


def test_what_was_refused_is_kept_until_it_is_not(scene):
    refused = {HOST: refusal_after(None, directory="d", reason="no", now=1.5)}
    scene.allow()

    assert scene.certificates.refusals() == {}
    scene.certificates.keep_refusals(refused)
    assert scene.certificates.refusals() == refused
    scene.certificates.keep_refusals({})
    assert scene.certificates.refusals() == {}


def test_what_cannot_be_kept_is_an_error(scene):
    scene.forbid()

    with pytest.raises(PmdaemonError):
        scene.certificates.keep_refusals(
            {HOST: refusal_after(None, directory="d", reason="no", now=1.5)}
        )


def test_files_that_cannot_be_used_are_refused(scene):
    scene.certificates.check([])

    with pytest.raises(InvalidInput):
        scene.certificates.check([NO_FILES])
    assert "a.test" in [one.host for one in scene.certificates.list([NO_FILES], ())]
