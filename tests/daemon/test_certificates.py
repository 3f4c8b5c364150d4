import subprocess
import sys

import pytest

from pmdaemon.core.errors import CertificateRefused, InvalidInput
from pmdaemon.daemon.certificates import LazyCertificates
from pmdaemon.engine.interfaces import AcmeSettings, CertificateFiles, GatewaySettings
from tests.fakes.clock import FakeClock


@pytest.fixture
def certificates(tmp_path):
    return LazyCertificates(tmp_path, FakeClock(), lambda _: True)


def test_nothing_is_loaded_by_those_who_speak_no_tls(tmp_path):
    program = (
        "import sys; from pmdaemon.daemon.certificates import LazyCertificates; "
        "lazy = LazyCertificates(None, None, None); lazy.check([]); lazy.answer('a', b'/'); "
        "print('cryptography' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert done.stdout == b"False\n"


def test_it_does_what_those_do_that_it_loads(certificates, tmp_path):
    files = [CertificateFiles("a.test", "/nowhere", "/nowhere")]

    certificates.prepare(GatewaySettings())

    assert (tmp_path / "authority.pem").exists()
    assert certificates.answer("a.test", b"/") is None
    assert [one.source for one in certificates.list(files, [])] == ["file", "local"]
    assert certificates.obtained("a.test") is None
    assert not certificates.discard("a.test")
    with pytest.raises(InvalidInput):
        certificates.check(files)


async def test_it_asks_whom_it_is_told_to(certificates):
    with pytest.raises(CertificateRefused):
        await certificates.obtain("a.test", AcmeSettings(directory="https://127.0.0.1:1/"))
