"""What holds for all tests."""

import os
import sys
from collections.abc import Iterator

import hypothesis
import pytest

# Some machines keep Python from writing bytecode, for images that run a program once. Here
# thousands of processes run the same modules, and each would compile them anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# How long an example takes tells how busy the machine is.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def same_folder() -> Iterator[None]:
    """Come back to where we were: a launcher goes to the folders of programs."""
    folder = os.getcwd()
    yield
    os.chdir(folder)
