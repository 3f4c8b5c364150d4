import asyncio

import pytest

from pmdaemon.core.access import Scope
from pmdaemon.core.errors import InvalidInput, StoreUnavailable
from pmdaemon.core.platform_errors import ApiTokenNotFound, LimitReached
from pmdaemon.engine.api_tokens import MOST_TOKENS
from tests.support.engine import settle
from tests.support.platform import PlatformOnFakes


@pytest.fixture
def parts():
    return PlatformOnFakes()


@pytest.fixture
async def jane(parts):
    return await parts.platform.accounts.register(
        email="jane@example.com", name="Jane", password="correct horse", local=True
    )


@pytest.fixture
def tokens(parts):
    return parts.platform.accounts.api_tokens


async def test_a_token_deploys_for_its_account_and_does_nothing_else(parts, tokens, jane):
    token, text = await tokens.make(jane.id, "ci")

    principal = parts.platform.accounts.recognise(text)

    assert text.startswith("pmd_")
    assert text not in repr(token)
    assert (principal.account, principal.may(Scope.DEPLOY)) == (jane.id, True)
    assert not any(principal.may(one) for one in (Scope.ADMIN, Scope.ACCOUNT, Scope.READ))


async def test_a_token_is_good_until_it_runs_out(parts, tokens, jane):
    _, text = await tokens.make(jane.id, "ci", expire_in=60.0)

    parts.clock.advance(59.0)
    assert tokens.used(text).account_id == jane.id
    parts.clock.advance(1.0)
    assert tokens.used(text) is None


async def test_a_revoked_token_lets_nobody_in(tokens, jane):
    token, text = await tokens.make(jane.id, "ci")

    await tokens.revoke(jane.id, token.id)

    assert tokens.used(text) is None
    assert tokens.list(jane.id) == []


async def test_nobody_revokes_the_token_of_somebody_else(tokens, jane):
    token, text = await tokens.make(jane.id, "ci")

    for account, id_ in (("another", token.id), (jane.id, "unknown")):
        with pytest.raises(ApiTokenNotFound):
            await tokens.revoke(account, id_)

    assert tokens.used(text).account_id == jane.id


async def test_its_latest_use_is_written_down_at_times(parts, tokens, jane):
    _, text = await tokens.make(jane.id, "ci")
    begun = parts.clock.now().wall
    for _ in range(3):
        tokens.used(text)
        parts.clock.advance(30.0)
    await settle()

    assert [one.last_used for one in tokens.list(jane.id)] == [begun + 60.0]
    (stored,) = (await parts.store.load()).api_tokens
    assert stored.last_used == begun + 60.0


async def test_a_use_that_cannot_be_written_down_is_a_use(parts, tokens, jane, caplog):
    _, text = await tokens.make(jane.id, "ci")
    parts.store.failure = StoreUnavailable("disk full")

    assert tokens.used(text).account_id == jane.id
    await settle()

    assert "disk full" in caplog.text


@pytest.mark.parametrize(
    ("name", "expire_in"), [("", None), ("a\nb", None), ("ci", 0.0), ("ci", 1e308)]
)
async def test_what_cannot_be_is_refused(tokens, jane, name, expire_in):
    with pytest.raises(InvalidInput):
        await tokens.make(jane.id, name, expire_in=expire_in)


async def test_an_account_has_so_many(tokens, jane):
    for number in range(MOST_TOKENS):
        await tokens.make(jane.id, f"ci-{number}")

    with pytest.raises(LimitReached):
        await tokens.make(jane.id, "one more")


async def test_a_use_during_the_revocation_does_not_bring_a_token_back(parts, tokens, jane):
    token, text = await tokens.make(jane.id, "ci")

    revoking = asyncio.create_task(tokens.revoke(jane.id, token.id))
    tokens.used(text)
    await revoking
    await settle()

    assert (await parts.store.load()).api_tokens == []
