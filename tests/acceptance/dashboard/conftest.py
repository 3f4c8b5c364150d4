"""A home with programs in it for each file, its web side, and a browser."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import PATIENCE, a_browser, a_page
from tests.support.cli import CommandLine, a_home
from tests.support.ports import free_port

expect.set_options(timeout=PATIENCE)

TALKS = r"""
import signal, sys
print("ready", flush=True)
print("\033[1;32mGET\033[0m /orders \033[31m500\033[0m in 3 ms", flush=True)
print("cannot reach the database", file=sys.stderr, flush=True)
signal.pause()
"""
"""A program that writes to both of its streams, in colours, and stays up."""

Opener = Callable[..., AbstractContextManager[Page]]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with a_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """A home whose web side is on and open."""
    with a_home(tmp_path_factory.mktemp("dashboard")) as pmdaemon:
        pmdaemon.script("talks.py", TALKS)
        yield pmdaemon


@pytest.fixture(scope="module")
def url(home: CommandLine) -> str:
    port = free_port()
    home.run("web", "--port", str(port), "--rate-limit", "off", "--detach")
    return f"http://127.0.0.1:{port}"


@pytest.fixture
def open_page(browser: Browser, url: str) -> Opener:
    """Open the dashboard; its arguments are those of `a_page`."""
    return partial(a_page, browser, url)


@pytest.fixture
def page(open_page: Opener) -> Iterator[Page]:
    """The dashboard on a laptop."""
    with open_page() as page:
        yield page


def kill(pid: int) -> None:
    """End a program as a crash would."""
    os.kill(pid, signal.SIGKILL)
