import asyncio

import pytest

from pmdaemon.core.accounts import Asker
from pmdaemon.core.errors import OperationFailed, StoreUnavailable
from pmdaemon.core.platform_errors import LastAdministrator
from pmdaemon.core.projects import EnvScope, WebhookProvider
from tests.support.platform import PlatformOnFakes

URL = "https://example.com/shop"


@pytest.fixture
def parts():
    return PlatformOnFakes()


@pytest.fixture
def platform(parts):
    return parts.platform


async def account(platform, email):
    return await platform.accounts.register(
        email=email, name="Name", password="correct horse", by_admin=True
    )


async def project_of(platform, owner):
    return await platform.projects.create(Asker(owner.id), {"name": "Shop", "repo_url": URL})


async def test_the_next_daemon_has_it_all(parts, platform):
    jane = await account(platform, "jane@example.com")
    shop = await project_of(platform, jane)
    await platform.projects.variables.set(shop.id, {"A": "1"})
    await platform.projects.add_domain(Asker(jane.id), shop.id, "shop.example.com")
    await platform.webhooks.create(Asker(jane.id), shop.id, WebhookProvider.GITHUB)

    following = parts.assembled()
    await following.resume()

    assert following.accounts.list() == [jane]
    assert following.projects.list(Asker(jane.id)) == [shop]
    assert following.projects.environment(shop.id, EnvScope.RUN) == {"A": "1"}
    assert [one.host for one in following.projects.list_domains(Asker(jane.id))] == [
        "shop.example.com"
    ]
    assert len(following.webhooks.list(Asker(jane.id))) == 1


async def test_an_account_goes_with_its_projects_and_no_others(parts, platform):
    admin, jane = await account(platform, "a@example.com"), await account(platform, "j@example.com")
    kept, gone = await project_of(platform, admin), await project_of(platform, jane)

    await platform.remove_account(jane.id)

    assert parts.follower.asked == [("forget", gone.id)]
    assert platform.projects.list(Asker("", all=True)) == [kept]
    assert platform.accounts.list() == [admin]


async def test_an_account_whose_programs_cannot_be_ended_is_there_still(parts, platform):
    await account(platform, "a@example.com")
    jane = await account(platform, "j@example.com")
    await project_of(platform, jane)
    parts.follower.failure = OperationFailed("it does not end")

    with pytest.raises(OperationFailed):
        await platform.remove_account(jane.id)

    assert jane in platform.accounts.list()


async def test_nothing_of_the_last_administrator_is_touched(parts, platform):
    admin = await account(platform, "a@example.com")
    await account(platform, "j@example.com")
    await project_of(platform, admin)

    with pytest.raises(LastAdministrator):
        await platform.remove_account(admin.id)

    assert parts.follower.asked == []


async def test_secrets_are_sealed_with_a_new_key_and_the_former_one_is_gone(parts, platform):
    jane = await account(platform, "jane@example.com")
    shop = await project_of(platform, jane)
    (before,) = await platform.projects.variables.set(shop.id, {"A": "1"})
    await platform.webhooks.create(Asker(jane.id), shop.id, WebhookProvider.GITHUB)

    assert await platform.rotate_sealing() == 2

    assert platform.projects.environment(shop.id, EnvScope.RUN) == {"A": "1"}
    with pytest.raises(OperationFailed):
        parts.sealer.open(before.sealed, about=f"env/{shop.id}/A")
    following = parts.assembled()
    await following.resume()
    assert following.projects.environment(shop.id, EnvScope.RUN) == {"A": "1"}


async def test_what_is_set_meanwhile_is_not_written_over(platform):
    jane = await account(platform, "jane@example.com")
    shop = await project_of(platform, jane)
    await platform.projects.variables.set(shop.id, {"A": "old"})

    await asyncio.gather(
        platform.rotate_sealing(), platform.projects.variables.set(shop.id, {"A": "new"})
    )

    assert platform.projects.environment(shop.id, EnvScope.RUN) == {"A": "new"}


async def test_a_key_that_cannot_be_changed_leaves_everything_as_it_was(parts, platform):
    jane = await account(platform, "jane@example.com")
    shop = await project_of(platform, jane)
    await platform.projects.variables.set(shop.id, {"A": "1"})

    parts.store.failure = StoreUnavailable("disk full")
    with pytest.raises(StoreUnavailable):
        await platform.rotate_sealing()
    parts.store.failure = None

    assert platform.projects.environment(shop.id, EnvScope.RUN) == {"A": "1"}
    following = parts.assembled()
    await following.resume()
    assert following.projects.environment(shop.id, EnvScope.RUN) == {"A": "1"}
