"""What holds for all tests."""

import gc
import os
import signal
import sys
from collections.abc import Generator, Iterator

import hypothesis
import pytest

from tests.support.ports import free_port

# Some machines keep Python from writing bytecode, for images that run a program once. Here
# thousands of processes run the same modules, and each would compile them anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# What a script starts with `&` ignores these two, and so would every program that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)

# How long an example takes tells how busy the machine is. What has passed once passes again; others
# are tried by `--hypothesis-profile exploring`.
unhurried = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("exploring", **unhurried)
hypothesis.settings.register_profile("repeating", **unhurried, derandomize=True, database=None)
hypothesis.settings.load_profile("repeating")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Have the garbage collector leave thousands of tests alone, none of which is ever garbage."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(autouse=True, scope="module")
def nothing_left_open() -> Iterator[None]:
    """Find here what the tests of a file have not closed, before it fails one of another file."""
    yield
    gc.collect()
    gc.freeze()  # what stays, as the tests themselves, is not looked at again


@pytest.fixture
def unused_tcp_port() -> int:
    """Find a port, in place of the one of pytest-asyncio, that no client elsewhere may be given."""
    return free_port()


@pytest.fixture(autouse=True)
def same_folder() -> Iterator[None]:
    """Come back to where we were: a launcher goes to the folders of programs."""
    folder = os.getcwd()
    yield
    os.chdir(folder)
