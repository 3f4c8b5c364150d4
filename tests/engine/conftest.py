"""An engine on fakes, and what the tests of deploying begin with; others have their own scenes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pmdaemon.core.projects import Project
from pmdaemon.engine.processes import Processes
from tests.support.deploying import Scene, a_project
from tests.support.engine import EngineOnFakes, engine_on_fakes


@pytest.fixture
async def parts(tmp_path: Path) -> AsyncIterator[EngineOnFakes]:
    """An engine on fakes, with nothing in it."""
    async with engine_on_fakes(tmp_path) as parts:
        yield parts


@pytest.fixture
def processes(parts: EngineOnFakes) -> Processes:
    return parts.engine.processes


@pytest.fixture
def project() -> Project:
    """The project that there is; files have their own."""
    return a_project()


@pytest.fixture
async def scene(parts: EngineOnFakes, project: Project) -> AsyncIterator[Scene]:
    """A deployer on fakes, with one project, whose programs answer at once."""
    scene = Scene(parts)
    scene.have(project)
    parts.probe.accepts = lambda _port: True
    await scene.parts.begin()
    yield scene
    await scene.deployer.close()
