import stat

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from pmdaemon.adapters.clock import SystemClock
from pmdaemon.adapters.obtained_certificates import CHALLENGE_PATH, ObtainedCertificates
from pmdaemon.core.errors import CertificateRefused
from pmdaemon.engine.interfaces import AcmeSettings
from tests.support import pebble
from tests.support.gateway import a_gateway

NOWHERE = AcmeSettings(directory="https://127.0.0.1:1/dir")


@pytest.fixture
def obtained(tmp_path):
    return ObtainedCertificates(tmp_path / "certificates", SystemClock())


@pebble.needed
async def test_a_name_is_signed_for_over_the_gateway_and_kept(obtained, tmp_path):
    def answers(_, path):
        return obtained.answer(path)

    async with a_gateway(interceptor=answers) as gateway:
        with pebble.an_authority(tmp_path, gateway.port) as authority:
            certificate = await obtained.obtain("www.example.com", authority.settings)
            again = await obtained.obtain("www.example.com", authority.settings)

        body = await gateway.get(CHALLENGE_PATH + b"x", host=b"www.example.com")

    assert (certificate.source, certificate.fault) == ("acme", "")
    assert again.begins >= certificate.begins
    assert b"404" in body
    next_daemon = ObtainedCertificates(tmp_path / "certificates", SystemClock())
    assert next_daemon.certificate("www.example.com") == again
    private = [
        tmp_path / "certificates" / one for one in ("account.key", "obtained/www.example.com.pem")
    ]
    assert {stat.S_IMODE(one.stat().st_mode) for one in private} == {0o600}
    assert obtained.discard("www.example.com")
    assert obtained.certificate("www.example.com") is None
    assert not obtained.discard("www.example.com")


async def test_who_cannot_be_asked_leaves_what_there_is(obtained, tmp_path):
    with pytest.raises(CertificateRefused):
        await obtained.obtain("www.example.com", NOWHERE)

    assert obtained.certificate("www.example.com") is None
    assert obtained.answer(CHALLENGE_PATH + b"x") is None


async def test_an_account_key_of_another_kind_is_told(obtained, tmp_path):
    folder = tmp_path / "certificates"
    folder.mkdir()
    key = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "account.key").write_bytes(key)

    with pytest.raises(CertificateRefused, match="another kind of key"):
        await obtained.obtain("www.example.com", NOWHERE)


async def test_a_file_to_trust_that_is_none_is_told(obtained, tmp_path):
    settings = AcmeSettings(directory=NOWHERE.directory, trusted=str(tmp_path / "none.pem"))

    with pytest.raises(CertificateRefused, match=r"none\.pem"):
        await obtained.obtain("www.example.com", settings)
