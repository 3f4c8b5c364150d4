"""An engine on fakes, for what answers for it, and who holds its sockets."""

from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.fakes.descriptor_store import FakeDescriptorStore
from tests.support.engine import EngineOnFakes, engine_on_fakes


@pytest.fixture
async def parts(tmp_path: Path) -> AsyncIterator[EngineOnFakes]:
    """An engine on fakes, with nothing in it."""
    async with engine_on_fakes(tmp_path) as parts:
        yield parts


@pytest.fixture
def keeper() -> Iterator[FakeDescriptorStore]:
    """What holds descriptors for a daemon, as the keeper does."""
    with closing(FakeDescriptorStore()) as keeper:
        yield keeper
