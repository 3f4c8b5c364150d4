import datetime
import stat

import pytest
from cryptography import x509

from pmdaemon.adapters.certificate_pairs import covers
from pmdaemon.adapters.local_authority import LocalAuthority
from tests.fakes.clock import FakeClock

DAY = 86400.0


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def authority(tmp_path, clock):
    return LocalAuthority(tmp_path / "certificates", ["localhost"], clock)


def leaf_of(chain):
    return x509.load_pem_x509_certificate(chain)


def test_the_authority_is_made_once_and_nobody_else_may_read_it(authority, tmp_path, clock):
    certificate, _ = authority.ensure()
    again, _ = LocalAuthority(tmp_path / "certificates", ["localhost"], clock).ensure()

    assert again == certificate
    folder = tmp_path / "certificates"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()} == {0o600}


def test_it_signs_for_names_that_it_is_bound_to(authority):
    certificate, _ = authority.ensure()
    bound = certificate.extensions.get_extension_for_class(x509.NameConstraints).value

    chain, _ = authority.issue("app.localhost")

    assert [one.value for one in bound.permitted_subtrees] == ["localhost"]
    leaf_of(chain).verify_directly_issued_by(certificate)
    assert covers(leaf_of(chain), "app.localhost")
    assert not covers(leaf_of(chain), "other.localhost")


def test_another_domain_takes_another_authority(authority, tmp_path, clock):
    first, _ = authority.ensure()

    other, _ = LocalAuthority(tmp_path / "certificates", ["a.test"], clock).ensure()

    assert other != first


def test_an_authority_that_runs_out_is_made_anew(authority, tmp_path, clock):
    first, _ = authority.ensure()
    clock.advance(3600 * DAY)

    second, _ = LocalAuthority(tmp_path / "certificates", ["localhost"], clock).ensure()

    assert second != first
    assert second.not_valid_after_utc > first.not_valid_after_utc + datetime.timedelta(days=3000)


def test_a_damaged_authority_is_made_anew(authority, tmp_path, clock):
    authority.ensure()
    authority.certificate.write_text("nonsense")

    assert LocalAuthority(tmp_path / "certificates", ["localhost"], clock).ensure()
