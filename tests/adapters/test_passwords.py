import subprocess
import sys

from pmdaemon.adapters.passwords import ITERATIONS, LANES, MEMORY, Argon2Hasher


async def test_a_hash_is_argon2id_with_a_salt_of_its_own():
    hasher = Argon2Hasher()

    first, second = await hasher.hash("password"), await hasher.hash("password")

    assert first != second
    assert first.startswith(f"$argon2id$v=19$m={MEMORY},t={ITERATIONS},p={LANES}$")


def test_nothing_of_openssl_is_loaded_before_the_first_password():
    script = "import pmdaemon.adapters.passwords, sys; print('cryptography' in sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)

    assert loaded.stdout.strip() == b"False"
