"""What tests of adapters look at processes with, and who holds descriptors for them."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from pmdaemon.adapters.proc_table import ProcReader
from tests.fakes.descriptor_store import FakeDescriptorStore


@pytest.fixture
def proc_reader() -> Iterator[ProcReader]:
    with closing(ProcReader()) as reader:
        yield reader


@pytest.fixture
def keeper() -> Iterator[FakeDescriptorStore]:
    """What holds descriptors for a daemon, as the keeper does."""
    with closing(FakeDescriptorStore()) as keeper:
        yield keeper
