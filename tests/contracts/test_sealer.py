"""What every `Sealer` does, the real one and the fake."""

import pytest

from pmdaemon.adapters.sealing import AesGcmSealer
from pmdaemon.core.errors import PmdaemonError
from tests.fakes.sealer import FakeSealer
from tests.fakes.secret_files import FakeSecretFiles


@pytest.fixture(params=["real", "fake"])
def sealer(request):
    return AesGcmSealer(FakeSecretFiles()) if request.param == "real" else FakeSealer()


@pytest.mark.parametrize("text", ["", "s3cret", "größe\n\0", "x" * 70000])
def test_what_was_sealed_is_opened(sealer, text):
    assert sealer.open(sealer.seal(text, about="a"), about="a") == text


def test_it_is_opened_only_as_what_it_is_about(sealer):
    sealed = sealer.seal("s3cret", about="env/p1/A")

    with pytest.raises(PmdaemonError) as refused:
        sealer.open(sealed, about="env/p2/A")

    assert refused.value.code == "seal_broken"


def test_what_somebody_changed_is_not_opened(sealer):
    sealed = sealer.seal("s3cret", about="a")

    for changed in (sealed[:-1], sealed + b"x"):
        with pytest.raises(PmdaemonError):
            sealer.open(changed, about="a")


def test_a_former_key_opens_until_it_is_forgotten(sealer):
    before = sealer.seal("s3cret", about="a")

    sealer.begin_key()
    assert sealer.open(before, about="a") == "s3cret"
    after = sealer.seal("s3cret", about="a")
    sealer.forget_former_keys()

    assert sealer.open(after, about="a") == "s3cret"
    with pytest.raises(PmdaemonError) as refused:
        sealer.open(before, about="a")
    assert refused.value.code == "sealing_key_missing"
