"""What holds for all tests."""

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def same_folder() -> Iterator[None]:
    """Come back to where we were: a launcher goes to the folders of programs."""
    folder = os.getcwd()
    yield
    os.chdir(folder)
