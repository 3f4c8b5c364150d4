"""A home for each test, or one that many share where that changes nothing for them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cli import CommandLine, SharedHome, a_home
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


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedHome]:
    home = SharedHome(tmp_path_factory.mktemp("shared"))
    yield home
    home.close()


@pytest.fixture
def pmdaemon(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CommandLine]:
    """A home with an empty list: its own, or where so marked one that others had before."""
    marked = request.node.get_closest_marker
    if marked("shared_home") and not marked("own_home"):
        shared: SharedHome = request.getfixturevalue("shared_home")
        with shared.lent(tmp_path) as pmdaemon:
            yield pmdaemon
    else:
        with a_home(tmp_path) as pmdaemon:
            yield pmdaemon


@pytest.fixture
def port() -> int:
    return free_port()
