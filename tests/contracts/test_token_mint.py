"""What every `TokenMint` does, the real one and the fake."""

import pytest

from pmdaemon.adapters.tokens import SESSION_SECRETS_FILE, JwtMint
from tests.fakes.secret_files import FakeSecretFiles
from tests.fakes.tokens import FakeTokenMint

CLAIMS = {"data": {"consumer": "bot"}, "iat": 100}


@pytest.fixture(params=["consumers", "sessions", "fake"])
def mint(request):
    if request.param == "fake":
        return FakeTokenMint()
    if request.param == "sessions":
        return JwtMint(FakeSecretFiles(), algorithm="HS256", secrets_file=SESSION_SECRETS_FILE)
    return JwtMint(FakeSecretFiles())


def test_keys_are_all_different(mint):
    assert len({mint.key() for _ in range(100)}) == 100


def test_what_was_signed_is_read(mint):
    assert mint.read(mint.sign(CLAIMS), 100.0) == CLAIMS


def test_a_token_can_be_read_until_it_expires(mint):
    token = mint.sign({**CLAIMS, "exp": 200})

    assert mint.read(token, 199.0) is not None
    assert mint.read(token, 200.0) is None


def test_the_secret_of_before_is_good_until_it_was_said(mint):
    token = mint.sign(CLAIMS)

    mint.rotate(until=200.0)

    assert mint.read(token, 199.0) == CLAIMS
    assert mint.read(token, 200.0) is None
    assert mint.read(mint.sign(CLAIMS), 1000.0) == CLAIMS


def test_rotating_again_does_not_make_an_older_secret_good_for_longer(mint):
    token = mint.sign(CLAIMS)
    mint.rotate(until=200.0)

    mint.rotate(until=300.0)

    assert mint.read(token, 250.0) is None


@pytest.mark.parametrize("token", ["", ".", "a.b.c", "\udcff.b.c", "x" * 10_000])
def test_what_is_no_token_is_not_read(mint, token):
    assert mint.read(token, 100.0) is None
