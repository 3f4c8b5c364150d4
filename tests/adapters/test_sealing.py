import json

import pytest

from pmdaemon.adapters.sealing import KEYS_FILE, AesGcmSealer
from pmdaemon.core.errors import HomeUnusable, OperationFailed
from tests.fakes.secret_files import FakeSecretFiles


@pytest.fixture
def files():
    return FakeSecretFiles()


def test_what_is_sealed_is_not_to_be_seen_and_never_the_same(files):
    sealer = AesGcmSealer(files)

    first, second = (sealer.seal("s3cret", about="a") for _ in range(2))

    assert first != second
    assert b"s3cret" not in first


def test_the_key_is_made_with_the_first_secret_and_known_to_the_next_daemon(files):
    assert files.texts == {}
    sealed = AesGcmSealer(files).seal("s3cret", about="a")

    assert AesGcmSealer(files).open(sealed, about="a") == "s3cret"
    assert len(json.loads(files.texts[KEYS_FILE])["keys"]) == 1


def test_another_home_opens_nothing(files):
    sealed = AesGcmSealer(files).seal("s3cret", about="a")

    with pytest.raises(OperationFailed, match=f"its key is not in the file {KEYS_FILE}"):
        AesGcmSealer(FakeSecretFiles()).open(sealed, about="a")


def test_every_byte_counts(files):
    sealer = AesGcmSealer(files)
    sealed = sealer.seal("s3cret", about="a")

    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(OperationFailed):
            sealer.open(bytes(changed), about="a")
    for length in range(len(sealed)):
        with pytest.raises(OperationFailed):
            sealer.open(sealed[:length], about="a")


def test_a_key_that_cannot_be_written_down_seals_nothing(files):
    files.failing = True

    with pytest.raises(HomeUnusable):
        AesGcmSealer(files).seal("s3cret", about="a")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"keys": [{"id": 1}]}', '{"keys": null}'])
def test_a_damaged_file_is_told(files, text):
    files.texts[KEYS_FILE] = text

    with pytest.raises(HomeUnusable, match="it is damaged"):
        AesGcmSealer(files).seal("s3cret", about="a")
