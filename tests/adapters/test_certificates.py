import datetime
import ssl
import stat

import pytest
from cryptography import x509

from pmdaemon.adapters.certificates import LocalAuthority, ServerCertificates, covers
from pmdaemon.core.errors import InvalidInput
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


@pytest.fixture
def files(authority, tmp_path):
    chain, key = authority.issue("app.localhost")
    certificate_file, key_file = tmp_path / "own.pem", tmp_path / "own.key"
    certificate_file.write_bytes(chain)
    key_file.write_bytes(key)
    return certificate_file, key_file


def test_files_of_ones_own_come_first(files, clock):
    server = ServerCertificates(lambda _: None, clock)

    server.use_only({"app.localhost": files})

    assert server.context_for("app.localhost") is not None
    assert server.context_for("other.localhost") is None
    server.use_only({})
    assert server.context_for("app.localhost") is None


@pytest.mark.parametrize("days", [91, 400])
def test_a_certificate_that_has_run_out_is_refused(files, clock, days):
    clock.advance(days * DAY)

    with pytest.raises(InvalidInput) as refused:
        ServerCertificates(lambda _: None, clock).use_only({"app.localhost": files})

    assert refused.value.code == "certificate_expired"


def test_a_certificate_for_another_name_is_refused(files, clock):
    with pytest.raises(InvalidInput) as refused:
        ServerCertificates(lambda _: None, clock).use_only({"a.test": files})

    assert refused.value.code == "certificate_foreign"


def test_files_that_cannot_be_used_are_refused_and_nothing_changes(files, clock, tmp_path):
    server = ServerCertificates(lambda _: None, clock)
    server.use_only({"app.localhost": files})
    broken = tmp_path / "broken.pem"
    broken.write_text("nonsense")

    for pair in ((broken, files[1]), (files[0], broken), (tmp_path / "none", files[1])):
        with pytest.raises(InvalidInput) as refused:
            server.use_only({"app.localhost": pair})
        assert refused.value.code == "certificate_unusable"

    assert server.context_for("app.localhost") is not None


def test_what_was_made_for_a_name_is_kept_and_made_anew_before_it_runs_out(authority, clock):
    made = []

    def issue(host):
        made.append(host)
        return authority.issue(host)

    server = ServerCertificates(issue, clock)
    first = server.context_for("app.localhost")
    assert server.context_for("app.localhost") is first
    clock.advance(61 * DAY)

    assert isinstance(server.context_for("app.localhost"), ssl.SSLContext)
    assert made == ["app.localhost"] * 2
