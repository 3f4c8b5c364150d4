"""What the tests of deploying begin with; other files have scenes of their own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.deploying import Scene, a_project
from tests.support.engine import engine_on_fakes


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """A deployer on fakes, with one project, whose programs answer at once."""
    async with engine_on_fakes(tmp_path) as world:
        scene = Scene(world)
        scene.have(a_project())
        world.probe.accepts = lambda _port: True
        await scene.parts.begin()
        yield scene
        await scene.deployer.close()
