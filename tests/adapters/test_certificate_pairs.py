import os

import pytest

from pmdaemon.adapters.certificate_pairs import OwnFiles, covers, read_pair
from pmdaemon.adapters.local_authority import LocalAuthority
from pmdaemon.core.errors import InvalidInput
from pmdaemon.engine.interfaces import CertificateFiles
from tests.fakes.clock import FakeClock
from tests.support.certificates import make_certificate

DAY = 86400.0


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def issue(tmp_path, clock):
    authority = LocalAuthority(tmp_path / "certificates", ["localhost"], clock)

    def into(name, host="app.localhost"):
        chain, key = authority.issue(host)
        paths = tmp_path / f"{name}.pem", tmp_path / f"{name}.key"
        for path, content in zip(paths, (chain, key), strict=True):
            path.write_bytes(content)
        return paths

    return into


def files_for(host, paths):
    return OwnFiles(CertificateFiles(host, *map(str, paths)))


def test_files_that_fit_their_host_can_be_used(issue, clock):
    own = files_for("app.localhost", issue("own"))

    own.check(clock.now().wall)
    pair, why = own.pair()

    assert why == ""
    told = pair.told("app.localhost", "file", clock.now().wall)
    assert (told.fault, told.ends - told.begins) == ("", 90 * DAY)
    assert covers(pair.leaf, "app.localhost")
    assert not covers(pair.leaf, "other.localhost")


@pytest.mark.parametrize(
    ("host", "days", "fault"),
    [
        ("app.localhost", 91, ("certificate_expired", "it expired on 2024-02-")),
        ("app.localhost", -1, ("certificate_not_yet_valid", "it holds from 2023-11-")),
        ("a.test", 0, ("certificate_foreign", "it is not for a.test")),
    ],
)
def test_a_certificate_that_is_of_no_use_is_refused(issue, clock, host, days, fault):
    code, words = fault
    own = files_for(host, issue("own"))

    with pytest.raises(InvalidInput, match=words) as refused:
        own.check(clock.now().wall + days * DAY)

    assert refused.value.code == code


def test_files_that_are_none_are_refused(issue, tmp_path):
    certificate, key = issue("own")
    broken = tmp_path / "broken.pem"
    broken.write_text("nonsense")
    _, other_key = issue("other")
    locked = make_certificate(tmp_path / "locked", passphrase=b"secret")

    missing = broken.with_name("no")

    for pair, why in (
        ((broken, key), "the certificate cannot be read: it is to be in PEM"),
        ((certificate, broken), "the key cannot be read: it is to be in PEM, without a passphrase"),
        ((missing, key), "the certificate cannot be read: no such file or directory"),
        ((certificate, missing), "the key cannot be read: no such file or directory"),
        (locked, "the key cannot be read: it is to be in PEM, without a passphrase"),
        ((certificate, other_key), "the key is that of another certificate"),
    ):
        with pytest.raises(InvalidInput) as refused:
            read_pair(*pair)
        assert refused.value.code == "certificate_unusable"
        assert refused.value.message.endswith(f": {why}")


def test_files_that_were_exchanged_are_read_again(issue):
    paths = issue("own")
    own = files_for("app.localhost", paths)
    first, _ = own.pair()
    assert own.pair()[0] is first

    for path, fresh in zip(paths, issue("fresh"), strict=True):
        fresh.replace(path)

    second, why = own.pair()
    assert why == ""
    assert second.leaf.serial_number != first.leaf.serial_number


def test_while_files_are_exchanged_the_former_ones_are_used(issue):
    paths = issue("own")
    own = files_for("app.localhost", paths)
    first, _ = own.pair()

    issue("fresh")[0].replace(paths[0])  # the key is still the former one
    assert own.pair() == (first, "")
    os.unlink(paths[1])

    assert own.pair() == (first, "")


def test_files_that_never_were_any_good_are_told(tmp_path):
    own = files_for("a.test", (tmp_path / "no.pem", tmp_path / "no.key"))

    pair, why = own.pair()

    assert pair is None
    assert "no such file" in why
