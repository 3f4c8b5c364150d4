"""What tests of adapters look at processes with."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from pmdaemon.adapters.proc_table import ProcReader


@pytest.fixture
def proc_reader() -> Iterator[ProcReader]:
    with closing(ProcReader()) as reader:
        yield reader
