import pytest

from pmdaemon.core.access import digest_of
from pmdaemon.core.errors import InvalidInput
from pmdaemon.server.keys import checked_key, is_loopback, matches


def test_a_given_key_is_taken_as_it_is():
    assert checked_key("sesame") == "sesame"


@pytest.mark.parametrize("key", ["", "  ", "line\nbreak", "nul\0", "\ud800"])
def test_a_key_that_no_header_can_carry_is_refused(key):
    with pytest.raises(InvalidInput):
        checked_key(key)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.4", False),
        ("localhost.example.com", False),
    ],
)
def test_loopback_is_told_from_the_rest(host, loopback):
    assert is_loopback(host) is loopback


def test_only_the_very_key_matches():
    digest = digest_of("sesame")

    assert matches("sesame", digest)
    assert not matches("Sesame", digest)
    assert not matches("", digest)
    assert not matches(digest, digest)


def test_bytes_that_are_no_text_match_nothing():
    assert not matches("\udcff\udcfe", digest_of("sesame"))
