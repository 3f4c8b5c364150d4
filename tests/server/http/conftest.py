"""An engine on fakes, for what answers for it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.engine import EngineOnFakes, engine_on_fakes


@pytest.fixture
async def parts(tmp_path: Path) -> AsyncIterator[EngineOnFakes]:
    """An engine on fakes, with nothing in it."""
    async with engine_on_fakes(tmp_path) as parts:
        yield parts
