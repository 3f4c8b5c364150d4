"""A home, a daemon that answers as it is told, and where a stream of output is kept."""

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


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / ".times").mkdir()
    return tmp_path / "app-0.out"
