import pytest

from pmdaemon.adapters.keeper_link import KeeperLink
from pmdaemon.config.paths import Home
from pmdaemon.core.accounts import Role
from pmdaemon.daemon import deploying
from pmdaemon.daemon.wiring import assemble
from tests.support.deploying import a_project


@pytest.fixture
async def parts(tmp_path):
    home = Home(str(tmp_path / "home"))
    home.ensure()
    parts = assemble(home, child_nofile=None, parent=1, keeper=KeeperLink())
    await parts.store.open()
    await parts.engine.deploys.load()
    yield parts
    await parts.store.close()


async def test_the_parts_fit_together(parts):
    deployer = parts.engine.deployer
    await parts.engine.deploys.parts.interrupted.resume()

    assert deployer.is_working
    assert parts.engine.platform.projects.follower is deployer
    await deployer.close()
    assert not deployer.is_working


async def test_the_operator_and_administrators_are_trusted(parts):
    platform = parts.engine.platform
    first = await platform.accounts.register(
        email="a@example.com", name="Ann", password="longenough", by_admin=True
    )
    second = await platform.accounts.register(
        email="b@example.com", name="Bob", password="longenough", by_admin=True
    )

    assert (first.role, second.role) == (Role.ADMIN, Role.USER)
    assert deploying._is_trusted(platform, a_project())
    assert deploying._is_trusted(platform, a_project(user_id=first.id))
    assert not deploying._is_trusted(platform, a_project(user_id=second.id))
    assert not deploying._is_trusted(platform, a_project(user_id="nobody"))


def test_a_disk_that_is_nearly_full_is_objected_to():
    assert deploying._objection(1000, 10) is None
    assert deploying._objection(10, 1000) == "the disk is nearly full: 10 B are left"
