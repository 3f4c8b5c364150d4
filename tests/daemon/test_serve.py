import subprocess
import sys

LOAD = """
import sys
from pmdaemon.daemon import lean
lean.load_asyncio_without_tls()
import pmdaemon.daemon.lifecycle
print(*sys.modules)
"""
COSTLY = {"aiohttp", "click", "cryptography", "hashlib", "platformdirs", "psutil", "rich", "ssl"}


def test_a_daemon_without_a_web_side_loads_nothing_that_costs_much():
    """OpenSSL alone is 4 MB, and aiohttp 15: they come with the web side."""
    loaded = subprocess.run(
        [sys.executable, "-c", LOAD],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert "asyncio" in loaded
    assert not COSTLY & set(loaded)
