"""What every `PasswordHasher` does, the real one and the fake."""

import pytest

from pmdaemon.adapters.passwords import Argon2Hasher
from tests.fakes.passwords import FakeHasher


@pytest.fixture(params=["real", "fake"])
def hasher(request):
    return Argon2Hasher() if request.param == "real" else FakeHasher()


async def test_a_password_is_known_by_its_hash(hasher):
    hashed = await hasher.hash("größe 1234")

    assert await hasher.verify("größe 1234", hashed)
    assert not await hasher.verify("grösse 1234", hashed)
    assert not await hasher.verify("", hashed)


async def test_what_is_no_hash_is_no_passwords(hasher):
    assert not await hasher.verify("password", "")
    assert not await hasher.verify("password", "$argon2id$garbage")


async def test_what_is_no_text_is_no_password(hasher):
    assert not await hasher.verify("\ud800", await hasher.hash("password"))
