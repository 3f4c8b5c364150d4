import asyncio

import pytest
from msgspec.structs import replace

from pmdaemon.core.access import TokenKind
from pmdaemon.core.errors import (
    HomeUnusable,
    InvalidInput,
    StoreUnavailable,
    TokenExists,
    TokenNotFound,
)
from pmdaemon.core.notices import AccessChanged
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.tokens import Tokens
from tests.fakes.clock import FakeClock
from tests.fakes.secret_files import FakeSecretFiles
from tests.fakes.store import MemoryStore
from tests.fakes.tokens import FakeTokenMint


class Scene:
    def __init__(self):
        self.store = MemoryStore()
        self.clock = FakeClock()
        self.mint = FakeTokenMint()
        self.files = FakeSecretFiles()
        self.bus = Bus()
        self.heard = []
        self.bus.subscribe(self.heard.append)
        self.tokens = self.begin()

    def begin(self):
        return Tokens(
            store=self.store, clock=self.clock, mint=self.mint, files=self.files, bus=self.bus
        )

    async def next_daemon(self):
        tokens = self.begin()
        tokens.adopt((await self.store.load()).tokens)
        return tokens

    def name_of(self, secret):
        principal = self.tokens.recognise(secret)
        return principal.name if principal is not None else None


@pytest.fixture
def scene():
    return Scene()


async def test_a_key_that_was_made_is_recognised(scene):
    _, secret = await scene.tokens.make("ci", scopes=["read"])

    principal = scene.tokens.recognise(secret)

    assert (principal.name, principal.grants) == ("ci", {"read"})
    assert scene.tokens.recognise("something else") is None


async def test_only_the_digest_is_stored(scene):
    _, secret = await scene.tokens.make("ci")

    assert secret not in repr((await scene.store.load()).tokens)


async def test_the_next_daemon_knows_it_too(scene):
    _, secret = await scene.tokens.make("ci")

    assert (await scene.next_daemon()).recognise(secret).name == "ci"


async def test_keys_without_a_name_are_numbered(scene):
    names = [(await scene.tokens.make())[0].name for _ in range(2)]

    assert names == ["key-1", "key-2"]


async def test_a_name_is_given_once(scene):
    await scene.tokens.make("ci")

    with pytest.raises(TokenExists, match="--rotate ci"):
        await scene.tokens.make("ci")


async def test_the_name_of_a_revoked_one_is_free(scene):
    _, former = await scene.tokens.make("ci")
    await scene.tokens.revoke("ci")

    _, secret = await scene.tokens.make("ci")

    assert (scene.name_of(former), scene.name_of(secret)) == (None, "ci")


@pytest.mark.parametrize("kind", TokenKind)
async def test_a_token_lets_nobody_in_when_it_has_expired(scene, kind):
    _, secret = await scene.tokens.make("ci", kind=kind, expire_in=60.0)

    scene.clock.advance(59)
    assert scene.name_of(secret) == "ci"
    scene.clock.advance(1)
    assert scene.name_of(secret) is None


@pytest.mark.parametrize("kind", TokenKind)
async def test_a_revoked_token_lets_nobody_in_not_even_with_the_next_daemon(scene, kind):
    _, secret = await scene.tokens.make("ci", kind=kind)

    await scene.tokens.revoke("ci")

    assert scene.name_of(secret) is None
    assert (await scene.next_daemon()).recognise(secret) is None
    with pytest.raises(TokenNotFound):
        await scene.tokens.revoke("ci")


async def test_a_token_that_cannot_be_stored_is_not_made(scene):
    scene.store.failure = StoreUnavailable("cannot write the store: its disk is full")

    with pytest.raises(StoreUnavailable):
        await scene.tokens.make("ci")

    assert scene.tokens.list() == []
    assert not scene.tokens.guarded


async def test_a_revocation_that_cannot_be_stored_is_not_acknowledged(scene):
    _, secret = await scene.tokens.make("ci")
    scene.store.failure = StoreUnavailable("cannot write the store: its disk is full")

    with pytest.raises(StoreUnavailable):
        await scene.tokens.revoke("ci")

    assert scene.name_of(secret) == "ci"


async def test_a_consumer_token_names_its_consumer_where_pup_looks_for_it(scene):
    _, secret = await scene.tokens.make("bot", kind=TokenKind.CONSUMER, expire_in=60.0)

    claims = scene.mint.read(secret, 0.0)

    assert claims["data"] == {"consumer": "bot"}
    assert claims["exp"] == claims["iat"] + 60


async def test_a_consumer_token_is_good_as_long_as_its_signature(scene):
    _, secret = await scene.tokens.make("bot", kind=TokenKind.CONSUMER)
    now = scene.clock.now().wall

    scene.mint.rotate(until=now + 60)

    assert scene.name_of(secret) == "bot"
    scene.clock.advance(60)
    assert scene.name_of(secret) is None


async def test_a_signed_token_that_was_never_handed_out_lets_nobody_in(scene):
    await scene.tokens.make("bot", kind=TokenKind.CONSUMER)

    forged = scene.mint.sign({"data": {"consumer": "bot"}})

    assert scene.name_of(forged) is None


@pytest.mark.parametrize("kind", TokenKind)
async def test_a_rotated_token_is_good_for_the_overlap(scene, kind):
    _, former = await scene.tokens.make("ci", kind=kind, scopes=["read"])

    token, secret = await scene.tokens.rotate("ci", overlap=60.0)

    assert token.grants == ("read",)
    assert [scene.name_of(one) for one in (former, secret)] == ["ci", "ci"]
    scene.clock.advance(60)
    assert [scene.name_of(one) for one in (former, secret)] == [None, "ci"]


async def test_rotating_what_is_not_there_is_refused(scene):
    with pytest.raises(TokenNotFound):
        await scene.tokens.rotate("ci", overlap=0.0)


async def test_a_key_guards_until_revoked_ones_are_forgotten(scene):
    assert not scene.tokens.guarded
    await scene.tokens.make("ci")
    assert scene.tokens.guarded

    await scene.tokens.revoke("ci")
    assert (await scene.next_daemon()).guarded

    await scene.tokens.forget_revoked()
    assert not scene.tokens.guarded
    assert not (await scene.next_daemon()).guarded


async def test_forgetting_leaves_what_is_good(scene):
    _, secret = await scene.tokens.make("ci")

    await scene.tokens.forget_revoked()

    assert scene.name_of(secret) == "ci"
    assert scene.tokens.guarded


async def test_a_token_of_a_consumer_does_not_guard(scene):
    await scene.tokens.make("bot", kind=TokenKind.CONSUMER)

    assert not scene.tokens.guarded


async def test_the_web_key_is_made_once_and_kept_in_a_file(scene):
    key = await scene.tokens.web_key()

    assert scene.files.texts == {"api-key": f"{key.secret}\n"}
    assert key.path.endswith("api-key")
    assert key.fresh
    assert scene.name_of(key.secret) == "web"
    assert await scene.tokens.web_key() == replace(key, fresh=False)


async def test_a_web_key_that_is_forgotten_was_never_there(scene):
    key = await scene.tokens.web_key()

    await scene.tokens.forget_web_key()

    assert (scene.files.texts, scene.tokens.list(), scene.name_of(key.secret)) == ({}, [], None)
    assert (await scene.store.load()).tokens == []


@pytest.mark.parametrize("spoil", ["revoked", "file lost", "file changed"])
async def test_a_web_key_that_is_no_good_any_more_is_made_anew(scene, spoil):
    key = (await scene.tokens.web_key()).secret
    if spoil == "revoked":
        await scene.tokens.revoke("web")
    elif spoil == "file lost":
        scene.files.texts.clear()
    else:
        scene.files.texts["api-key"] = "mine\n"

    fresh = (await scene.tokens.web_key()).secret

    assert [scene.name_of(one) for one in (key, fresh)] == [None, "web"]


async def test_a_rotated_web_key_is_in_the_file(scene):
    await scene.tokens.web_key()

    _, secret = await scene.tokens.rotate("web", overlap=60.0)

    assert scene.files.texts["api-key"] == f"{secret}\n"


async def test_a_web_key_that_cannot_be_written_down_is_refused(scene):
    scene.files.failing = True

    with pytest.raises(HomeUnusable):
        await scene.tokens.web_key()


@pytest.mark.parametrize("seconds", [0.0, -1.0, 1e12, 1e308])
async def test_a_token_is_given_some_time_and_no_more_than_there_is(scene, seconds):
    with pytest.raises(InvalidInput):
        await scene.tokens.make("ci", expire_in=seconds)


async def test_a_new_secret_leaves_tokens_of_the_former_one_good_for_the_overlap(scene):
    _, secret = await scene.tokens.make("ci", kind=TokenKind.CONSUMER)

    until = scene.tokens.rotate_secret(overlap=60.0)

    assert until == scene.clock.now().wall + 60.0
    assert scene.tokens.recognise(secret) is not None
    scene.clock.advance(61.0)
    assert scene.tokens.recognise(secret) is None


async def whoever_is_let_in_hears_of(scene, change):
    scene.heard.clear()
    await change
    return scene.heard == [AccessChanged()]


async def test_whoever_is_let_in_hears_of_a_revocation(scene):
    await scene.tokens.make("ci")

    assert await whoever_is_let_in_hears_of(scene, scene.tokens.revoke("ci"))
    assert await whoever_is_let_in_hears_of(scene, scene.tokens.forget_revoked())


async def test_whoever_was_let_in_without_a_key_hears_of_the_first(scene):
    assert await whoever_is_let_in_hears_of(scene, scene.tokens.make("ci"))


async def test_whoever_is_let_in_hears_of_a_new_secret(scene):
    scene.tokens.rotate_secret(overlap=0.0)

    assert scene.heard == [AccessChanged()]


async def test_whoever_is_let_in_hears_when_a_token_expires(scene):
    await scene.tokens.make("late", expire_in=90.0)
    await scene.tokens.make("early", expire_in=60.0)
    scene.heard.clear()

    scene.clock.advance(59.0)
    assert scene.heard == []
    scene.clock.advance(1.0)
    assert scene.heard == [AccessChanged()]
    scene.clock.advance(30.0)
    assert len(scene.heard) == 2
    assert scene.clock.pending == 0


async def test_whoever_is_let_in_hears_when_an_overlap_is_over_also_of_the_next_daemon(scene):
    await scene.tokens.make("ci")
    await scene.tokens.rotate("ci", overlap=60.0)
    await scene.tokens.make("gone", expire_in=30.0)
    await scene.tokens.revoke("gone")
    await scene.next_daemon()
    scene.heard.clear()

    scene.clock.advance(60.0)

    assert scene.heard == [AccessChanged(), AccessChanged()]  # of both daemons


async def test_two_that_are_made_at_once_are_two(scene):
    (first, one), (second, other) = await asyncio.gather(scene.tokens.make(), scene.tokens.make())

    assert {scene.name_of(one), scene.name_of(other)} == {first.name, second.name}
    assert first.name != second.name


async def test_a_rotation_during_the_revocation_lets_nobody_in(scene):
    _, secret = await scene.tokens.make("ci")

    revoked, rotated = await asyncio.gather(
        scene.tokens.revoke("ci"), scene.tokens.rotate("ci", overlap=60.0), return_exceptions=True
    )

    assert revoked is None
    assert isinstance(rotated, TokenNotFound)
    assert scene.name_of(secret) is None
