import gc
import json
import os
import socket
import subprocess
import sys

import pytest

from pmdaemon.config.paths import Home
from pmdaemon.control.channel import Channel
from pmdaemon.daemon import lifecycle

LOAD = """
import sys
from pmdaemon.daemon import lean
lean.load_pathlib_without_urls()
lean.load_later()
lean.load_asyncio_without_tls()
lean.load_msgspec_alone()
import pmdaemon.daemon.lifecycle
print(*sys.modules)
"""
COSTLY = {
    "aiohttp", "ast", "click", "cryptography", "ctypes", "dataclasses", "dis", "hashlib",
    "platformdirs", "psutil", "rich", "ssl", "tomllib", "typing_extensions", "urllib.request",
    "pmdaemon.control.messages.gateway", "pmdaemon.control.messages.web",
}  # fmt: skip

REFUSED = {"ssl", "typing_extensions"}
"""What libraries ask for and are not given."""


def test_a_daemon_without_a_web_side_loads_nothing_that_costs_much():
    """OpenSSL alone is 4 MB, and aiohttp 15: they come with the web side.

    `ast` and `dis` come with `inspect`, when something of it is asked for.
    """
    loaded = subprocess.run(
        [sys.executable, "-c", LOAD],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert "asyncio" in loaded
    assert not COSTLY & set(loaded)


@pytest.mark.posix
def test_it_serves_a_home_and_speaks_to_its_keeper(tmp_path):
    home = Home(str(tmp_path))
    home.ensure()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(60)
    socket.send_fds(ours, [b'{"begin": {"deaths": 2}}'], [])
    serve = ("-X", "importtime", "-m", "pmdaemon.daemon.serve")
    with (tmp_path / "imported").open("w") as imported:
        process = subprocess.Popen(
            [sys.executable, *serve, home.path, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stderr=imported,
        )
    theirs.close()
    try:
        for name in ("notify", "control"):
            packet, descriptors, _, _ = socket.recv_fds(ours, 65536, 1)
            assert json.loads(packet) == {"keep": [name]}
            os.close(descriptors[0])
        assert json.loads(ours.recv(65536)) == {"ready": process.pid}

        Channel(home).request("kill")

        assert process.wait(60) == 0
        lines = (tmp_path / "imported").read_text().splitlines()
        asked_for = {line.rpartition("|")[2].strip() for line in lines}
        assert asked_for & COSTLY <= REFUSED
    finally:
        process.kill()
        process.wait(60)
        ours.close()


def test_garbage_is_searched_for_in_what_comes_when_a_daemon_is_ready():
    gc.disable()
    try:
        lifecycle._spare_what_stays()

        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
        gc.enable()
