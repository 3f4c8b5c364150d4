import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from pmdaemon.adapters.jws import CURVE, AccountKey, base64url


@pytest.fixture
def private():
    return ec.generate_private_key(CURVE)


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.parametrize("account", [None, "https://ca.test/account/1"])
def test_a_message_is_signed_as_others_check_it(private, account):
    message = json.loads(
        AccountKey(private).signed("https://ca.test/x", "nonce", {"a": 1}, account=account)
    )

    protected = json.loads(decoded(message["protected"]))
    assert (protected["alg"], protected["nonce"], protected["url"]) == (
        "ES256",
        "nonce",
        "https://ca.test/x",
    )
    assert protected.get("kid") == account
    assert ("jwk" in protected) is (account is None)
    assert json.loads(decoded(message["payload"])) == {"a": 1}
    signature = decoded(message["signature"])
    r, s = (int.from_bytes(one) for one in (signature[:32], signature[32:]))
    signed = f"{message['protected']}.{message['payload']}".encode()
    private.public_key().verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))


def test_a_question_has_an_empty_payload(private):
    message = json.loads(AccountKey(private).signed("https://ca.test/x", "n", None, account="a"))

    assert message["payload"] == ""


def test_a_key_is_named_by_its_thumbprint(private):
    numbers = private.public_key().public_numbers()
    x, y = (base64url(one.to_bytes(32)) for one in (numbers.x, numbers.y))
    text = f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'

    assert decoded(AccountKey(private).thumbprint) == hashlib.sha256(text.encode()).digest()
