"""What every PlatformStore does; run on the one in memory and on the one in SQLite."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from pmdaemon.adapters.sqlite.platform import SqlitePlatformStore
from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.core.accounts import Account, ApiToken, Invitation, Role
from pmdaemon.core.projects import (
    Domain,
    EnvScope,
    EnvVariable,
    Project,
    Webhook,
    WebhookProvider,
)
from pmdaemon.engine.interfaces.platform import PlatformChanges, PlatformStore, StoredPlatform
from tests.fakes.platform_store import MemoryPlatformStore

JANE = Account(
    id="a1", email="Jane@Example.com", name="Jane", password="hash", created=1.0, updated=1.0
)
TOKEN = ApiToken(id="t1", account_id="a1", name="ci", digest="d1", created=2.0, expires=9.0)
INVITATION = Invitation(
    id="i1", digest="d2", role=Role.ADMIN, created_by="a1", created=3.0, expires=9.0
)
SHOP = Project(
    id="p1",
    user_id="a1",
    name="Shop",
    slug="shop",
    repo_url="https://example.com/shop",
    created=4.0,
    updated=4.0,
)
VARIABLE = EnvVariable(
    id="v1",
    project_id="p1",
    key="URL",
    sealed=b"\x00\xff",
    scope=EnvScope.RUN,
    created=5.0,
    updated=5.0,
)
DOMAIN = Domain(
    id="d1",
    project_id="p1",
    user_id="a1",
    host="shop.example.com",
    proof="x",
    created=6.0,
    updated=6.0,
)
WEBHOOK = Webhook(
    id="w1",
    project_id="p1",
    user_id="a1",
    provider=WebhookProvider.GITHUB,
    branch="main",
    sealed=b"s",
    created=7.0,
)

EVERYTHING = PlatformChanges(
    accounts_written=[JANE],
    api_tokens_written=[TOKEN],
    invitations_written=[INVITATION],
    projects_written=[SHOP],
    variables_written=[VARIABLE],
    domains_written=[DOMAIN],
    webhooks_written=[WEBHOOK],
)


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PlatformStore]:
    if request.param == "memory":
        yield MemoryPlatformStore()
    else:
        async with SqliteStore(tmp_path / "store.db") as store:
            yield SqlitePlatformStore(store)


async def test_a_new_store_holds_nothing(store: PlatformStore):
    assert await store.load() == StoredPlatform(
        accounts=[],
        api_tokens=[],
        invitations=[],
        projects=[],
        variables=[],
        domains=[],
        webhooks=[],
    )


async def test_what_was_written_is_read_back(store: PlatformStore):
    await store.commit(EVERYTHING)

    assert await store.load() == StoredPlatform(
        accounts=[JANE],
        api_tokens=[TOKEN],
        invitations=[INVITATION],
        projects=[SHOP],
        variables=[VARIABLE],
        domains=[DOMAIN],
        webhooks=[WEBHOOK],
    )


async def test_what_is_changed_keeps_what_belongs_to_it(store: PlatformStore):
    await store.commit(EVERYTHING)
    renamed, rebuilt = replace(JANE, name="Janet", generation=3), replace(SHOP, port=8080)
    proved = replace(DOMAIN, verified=True)

    await store.commit(
        PlatformChanges(
            accounts_written=[renamed], projects_written=[rebuilt], domains_written=[proved]
        )
    )

    stored = await store.load()
    assert (stored.accounts, stored.api_tokens) == ([renamed], [TOKEN])
    assert (stored.projects, stored.variables) == ([rebuilt], [VARIABLE])
    assert (stored.domains, stored.webhooks) == ([proved], [WEBHOOK])


async def test_what_is_removed_takes_along_what_belongs_to_it(store: PlatformStore):
    await store.commit(EVERYTHING)

    await store.commit(PlatformChanges(accounts_removed=["a1"], projects_removed=["p1"]))

    stored = await store.load()
    assert [stored.accounts, stored.api_tokens, stored.projects] == [[], [], []]
    assert [stored.variables, stored.domains, stored.webhooks] == [[], [], []]
    assert stored.invitations == [INVITATION]


async def test_what_makes_room_is_removed_before_anything_is_written(store: PlatformStore):
    await store.commit(EVERYTHING)
    other = replace(DOMAIN, id="d2", user_id="a2")

    await store.commit(PlatformChanges(domains_removed=["d1"], domains_written=[other]))

    assert (await store.load()).domains == [other]


async def test_variables_come_by_name_and_the_rest_as_it_was_made(store: PlatformStore):
    await store.commit(EVERYTHING)
    first = replace(VARIABLE, id="v0", key="A", created=99.0)
    younger = replace(SHOP, id="p0", slug="b", created=5.0)
    await store.commit(PlatformChanges(projects_written=[younger], variables_written=[first]))

    stored = await store.load()
    assert [one.key for one in stored.variables] == ["A", "URL"]
    assert [one.id for one in stored.projects] == ["p1", "p0"]


async def test_a_call_of_a_webhook_is_new_once(store: PlatformStore):
    await store.commit(EVERYTHING)

    assert await store.note_delivery("w1", "delivery-1", 8.0)
    assert not await store.note_delivery("w1", "delivery-1", 9.0)
    assert await store.note_delivery("w1", "delivery-2", 9.0)
