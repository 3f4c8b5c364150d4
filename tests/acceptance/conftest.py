"""A home for each test, or for a whole file where its tests change nothing in it."""

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.cli import CommandLine, a_home

FOREVER = "sleep 1000"
"""A program that stays up until it is told to end."""

LISTENS = """
import os, socket, signal
listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
print("listening", flush=True)
signal.pause()
"""
"""A program in Python that takes the port it is told."""


@pytest.fixture
def pmdaemon(tmp_path: Path) -> Iterator[CommandLine]:
    with a_home(tmp_path) as pmdaemon:
        yield pmdaemon


@pytest.fixture
def port() -> int:
    return free_port()


def free_port() -> int:
    """Find a port that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert isinstance(port, int)
    return port


def answers(port: int) -> bool:
    """Tell whether somebody listens on a port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True
