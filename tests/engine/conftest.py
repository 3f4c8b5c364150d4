"""What the tests of deploying begin with; other files have scenes of their own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pmdaemon.core.projects import Project
from tests.support.deploying import Scene, a_project
from tests.support.engine import engine_on_fakes


@pytest.fixture
def project() -> Project:
    """The project that there is; files have their own."""
    return a_project()


@pytest.fixture
async def scene(tmp_path: Path, project: Project) -> AsyncIterator[Scene]:
    """A deployer on fakes, with one project, whose programs answer at once."""
    async with engine_on_fakes(tmp_path) as world:
        scene = Scene(world)
        scene.have(project)
        world.probe.accepts = lambda _port: True
        await scene.parts.begin()
        yield scene
        await scene.deployer.close()
