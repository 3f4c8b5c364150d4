"""An authority that signs for names, as Let's Encrypt does, on this machine: pebble.

with an_authority(tmp_path, http_port) as authority:
    settings = authority.settings
"""

import json
import shutil
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec import Struct

from pmdaemon.engine.interfaces import AcmeSettings
from tests.support.certificates import make_certificate
from tests.support.ports import answers, free_port
from tests.support.waiting import eventually_sync

needed = pytest.mark.skipif(
    shutil.which("pebble") is None or shutil.which("pebble-challtestsrv") is None,
    reason="pebble is not installed",
)


class Authority(Struct, frozen=True):
    """Where it is asked, and the file by which it is trusted; `log` is what it says."""

    directory: str
    trusted: Path
    management: str
    log: Path

    @property
    def settings(self) -> AcmeSettings:
        return AcmeSettings(
            directory=self.directory, contact=("admin@example.com",), trusted=str(self.trusted)
        )

    def root(self) -> bytes:
        """What it signs with at the top, new with each start."""
        trusting = ssl.create_default_context(cafile=self.trusted)
        with urllib.request.urlopen(f"{self.management}/roots/0", context=trusting) as answer:
            return answer.read()


@contextmanager
def an_authority(folder: Path, http_port: int, *, bad_nonces: int = 15) -> Iterator[Authority]:
    """Run one that finds every name at this machine's `http_port`, until the end of the block."""
    certificate, key = make_certificate(folder / "pebble")
    listening, management, dns = free_port(), free_port(), free_port()
    settings = {
        "listenAddress": f"127.0.0.1:{listening}",
        "managementListenAddress": f"127.0.0.1:{management}",
        "certificate": str(certificate),
        "privateKey": str(key),
        "httpPort": http_port,
        "tlsPort": 1,
    }
    config = folder / "pebble" / "config.json"
    config.write_text(json.dumps({"pebble": settings}))
    log = folder / "pebble" / "log"
    names = [
        "pebble-challtestsrv", "-dns01", f"127.0.0.1:{dns}", "-defaultIPv6", "",
        "-http01", "", "-https01", "", "-tlsalpn01", "", "-management", "127.0.0.1:0",
    ]  # fmt: skip
    authority = ["pebble", "-config", str(config), "-dnsserver", f"127.0.0.1:{dns}", "-strict"]
    env = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": str(bad_nonces), "PATH": "/usr/bin"}
    with log.open("wb") as said:
        running = [
            subprocess.Popen(one, env=env, stdout=said, stderr=said) for one in (names, authority)
        ]
        try:
            eventually_sync(lambda: b"ACME directory available" in log.read_bytes())
            # It says so before it listens.
            eventually_sync(lambda: all(map(answers, (listening, management, dns))))
            yield Authority(
                f"https://localhost:{listening}/dir",
                certificate,
                f"https://localhost:{management}",
                log,
            )
        finally:
            for one in running:
                one.kill()
                one.wait()
