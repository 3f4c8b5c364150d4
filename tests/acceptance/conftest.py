"""A home for each test, or for a whole file where its tests change nothing in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cli import CommandLine, a_home
from tests.support.ports import free_port

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
