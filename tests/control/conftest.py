"""A home, and a daemon that answers as it is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pmdaemon.config.paths import Home
from tests.support.scripted_daemon import ScriptedDaemon


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(str(tmp_path))


@pytest.fixture
def daemon(home: Home) -> Iterator[ScriptedDaemon]:
    with ScriptedDaemon(home.socket) as scripted:
        yield scripted
