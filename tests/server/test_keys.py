from hashlib import sha256

import pytest

from pmdaemon.core.errors import InvalidInput
from pmdaemon.server.keys import api_key_for, digest_of, is_loopback, matches


def test_a_given_key_is_taken_as_it_is():
    assert api_key_for("127.0.0.1", "sesame") == ("sesame", False)


def test_loopback_needs_no_key():
    assert api_key_for("localhost", None) == (None, False)


def test_an_address_that_others_reach_gets_a_key_made_for_it():
    first, generated = api_key_for("0.0.0.0", None)
    second, _ = api_key_for("0.0.0.0", None)

    assert generated
    assert len(first) >= 32
    assert first != second


@pytest.mark.parametrize("key", ["", "  ", "line\nbreak", "nul\0", "\ud800"])
def test_a_key_that_no_header_can_carry_is_refused(key):
    with pytest.raises(InvalidInput):
        api_key_for("127.0.0.1", key)


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


def test_a_digest_is_the_sha_256_of_the_key():
    assert digest_of("sesame") == sha256(b"sesame").hexdigest()


def test_only_the_very_key_matches():
    digest = digest_of("sesame")

    assert matches("sesame", digest)
    assert not matches("Sesame", digest)
    assert not matches("", digest)
    assert not matches(digest, digest)


def test_bytes_that_are_no_text_match_nothing():
    assert not matches("\udcff\udcfe", digest_of("sesame"))
