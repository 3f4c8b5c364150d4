import base64
import json
import subprocess
import sys

import jwt
import pytest

from pmdaemon.adapters.tokens import JwtMint
from pmdaemon.core.errors import HomeUnusable
from tests.fakes.secret_files import FakeSecretFiles

CLAIMS = {"data": {"consumer": "bot"}}


@pytest.fixture
def files():
    return FakeSecretFiles()


def secret_in(files):
    return base64.b64decode(json.loads(files.texts["token-secrets"])["secrets"][0]["secret"])


def test_a_token_is_a_jwt_signed_with_hs512(files):
    token = JwtMint(files).sign(CLAIMS)

    assert jwt.get_unverified_header(token)["alg"] == "HS512"
    assert jwt.decode(token, secret_in(files), algorithms=["HS512"]) == CLAIMS
    assert len(secret_in(files)) == 64


def test_the_next_daemon_reads_what_this_one_signed(files):
    token = JwtMint(files).sign(CLAIMS)

    assert JwtMint(files).read(token, 0.0) == CLAIMS


def test_a_token_that_was_signed_in_another_way_is_not_read(files):
    mint = JwtMint(files)
    mint.sign(CLAIMS)

    with_other_hash = jwt.encode(CLAIMS, secret_in(files), algorithm="HS256")
    unsigned = jwt.encode(CLAIMS, None, algorithm="none")
    with_other_secret = jwt.encode(CLAIMS, b"x" * 64, algorithm="HS512")

    for token in (with_other_hash, unsigned, with_other_secret):
        assert mint.read(token, 0.0) is None


def test_a_token_that_was_changed_is_not_read(files):
    mint = JwtMint(files)
    head, _, signature = mint.sign(CLAIMS).split(".")
    claims = base64.urlsafe_b64encode(b'{"data":{"consumer":"root"}}').decode().rstrip("=")

    assert mint.read(f"{head}.{claims}.{signature}", 0.0) is None


@pytest.mark.parametrize("expires", ["never", [1], {}])
def test_an_expiry_that_is_none_is_as_if_it_had_passed(files, expires):
    mint = JwtMint(files)
    token = mint.sign(CLAIMS)
    odd = jwt.encode({"exp": 9e9, **CLAIMS}, secret_in(files), algorithm="HS512")
    assert mint.read(odd, 0.0) is not None

    body = base64.urlsafe_b64encode(json.dumps({"exp": expires}).encode()).decode().rstrip("=")
    signed = jwt.api_jws.encode(
        json.dumps({"exp": expires}).encode(), secret_in(files), algorithm="HS512"
    )

    assert body in signed
    assert mint.read(signed, 0.0) is None
    assert mint.read(token, 0.0) is not None


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"secrets": [{"id": 1}]}', "\x00"])
def test_a_damaged_file_of_secrets_is_told(files, text):
    files.texts["token-secrets"] = text

    with pytest.raises(HomeUnusable, match="token-secrets"):
        JwtMint(files).sign(CLAIMS)


def test_a_key_can_be_typed_into_a_shell():
    keys = [JwtMint(FakeSecretFiles()).key() for _ in range(200)]

    assert all(key.replace("_", "a").isalnum() and len(key) == 32 for key in keys)


def test_openssl_is_not_loaded_until_a_token_is_made():
    program = (
        "import sys, pmdaemon.adapters.tokens;"
        " print({'jwt', 'hashlib', 'cryptography'} & {*sys.modules})"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert done.stdout == "set()\n", done.stderr
