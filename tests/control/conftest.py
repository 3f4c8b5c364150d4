"""A home, a daemon that answers as it is told, and where a stream of output is kept."""

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
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


class Starter:
    """What starts a daemon in a home, and counts how often it was called."""

    def __init__(self, home: Home, ending: ExitStack) -> None:
        self.times = 0
        self._home = home
        self._ending = ending

    def __call__(self) -> None:
        self.times += 1
        daemon = self._ending.enter_context(ScriptedDaemon(self._home.socket))
        daemon.answers("ping", {"result": {}})


@pytest.fixture
def starter(home: Home) -> Iterator[Starter]:
    with ExitStack() as ending:
        yield Starter(home, ending)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / ".times").mkdir()
    return tmp_path / "app-0.out"


@pytest.fixture
def who_does_not_listen(home: Home) -> Iterator[Callable[[bytes], None]]:
    """Have somebody in the daemon's place say this to each caller, and hang up on its words."""
    with socket.socket(socket.AF_UNIX) as listener, ThreadPoolExecutor() as pool:
        listener.bind(home.socket)
        listener.listen()

        def hang_up_on_all(answer: bytes) -> None:
            with suppress(OSError):
                while True:
                    caller, _ = listener.accept()
                    with caller:
                        caller.recv(10)
                        caller.sendall(answer)

        yield lambda answer: pool.submit(hang_up_on_all, answer) and None
        listener.shutdown(socket.SHUT_RDWR)
