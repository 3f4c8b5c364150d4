import asyncio

import pytest

from pmdaemon.core.access import Scope
from pmdaemon.core.accounts import AccountRules, Role
from pmdaemon.core.errors import InvalidInput, StoreUnavailable
from pmdaemon.core.notices import AccessChanged
from pmdaemon.core.platform_errors import (
    AccountNotFound,
    EmailTaken,
    LastAdministrator,
    RegistrationClosed,
    TooManyAttempts,
    WrongCredentials,
)
from tests.support.platform import PlatformOnFakes

PASSWORD = "correct horse"
HERE = "192.0.2.7"


@pytest.fixture
def parts():
    return PlatformOnFakes()


@pytest.fixture
def accounts(parts):
    return parts.platform.accounts


async def register(accounts, email="jane@example.com", **how):
    return await accounts.register(
        email=email, name="Jane Doe", password=PASSWORD, **(how or {"by_admin": True})
    )


def name_of(accounts, token):
    principal = accounts.recognise(token)
    return principal.name if principal is not None else None


async def test_the_first_account_is_an_administrators(accounts):
    first = await register(accounts, local=True)
    second = await register(accounts, "joe@example.com")

    assert (first.role, second.role) == (Role.ADMIN, Role.USER)


async def test_a_stranger_does_not_make_the_first_account(accounts):
    with pytest.raises(RegistrationClosed, match="on this machine, or with its key"):
        await register(accounts, by_admin=False)

    assert accounts.list() == []


async def test_registration_is_closed_after_the_first(accounts):
    await register(accounts, local=True)

    with pytest.raises(RegistrationClosed, match="by invitation"):
        await register(accounts, "joe@example.com", local=True)


async def test_registration_can_be_opened_and_makes_no_administrators(parts, accounts):
    parts.rules = AccountRules(open_registration=True)

    joe = await register(accounts, "joe@example.com", by_admin=False)

    assert joe.role is Role.USER


async def test_two_that_race_to_be_the_first_are_not_both_administrators(accounts):
    outcomes = await asyncio.gather(
        register(accounts, "a@example.com", local=True),
        register(accounts, "b@example.com", local=True),
        return_exceptions=True,
    )

    assert [one.role for one in accounts.list()] == [Role.ADMIN]
    assert isinstance(outcomes[1], RegistrationClosed)


async def test_an_invitation_is_good_once_and_says_the_role(accounts):
    await register(accounts, local=True)
    _, text = await accounts.invitations.make(by="a1", role=Role.ADMIN)

    joe = await register(accounts, "joe@example.com", invitation=text)

    assert joe.role is Role.ADMIN
    with pytest.raises(RegistrationClosed):
        await register(accounts, "jim@example.com", invitation=text)


async def test_two_that_race_for_an_invitation_do_not_both_get_in(accounts):
    await register(accounts, local=True)
    _, text = await accounts.invitations.make(by="a1")

    outcomes = await asyncio.gather(
        register(accounts, "a@example.com", invitation=text),
        register(accounts, "b@example.com", invitation=text),
        return_exceptions=True,
    )

    assert len(accounts.list()) == 2
    assert isinstance(outcomes[1], RegistrationClosed)


async def test_an_address_has_one_account_however_it_is_written(accounts):
    await register(accounts, "Jane@Example.com")

    with pytest.raises(EmailTaken):
        await register(accounts, "jane@example.COM")
    assert accounts.named("JANE@example.com").email == "Jane@Example.com"


@pytest.mark.parametrize(
    "wrong", [{"email": "nobody"}, {"name": "x"}, {"password": "short"}, {"email": "a@b@c"}]
)
async def test_what_cannot_be_used_makes_no_account(accounts, wrong):
    given = {"email": "jane@example.com", "name": "Jane", "password": PASSWORD, **wrong}

    with pytest.raises(InvalidInput):
        await accounts.register(**given, by_admin=True)

    assert accounts.list() == []


async def test_an_account_that_cannot_be_stored_is_not_there(parts, accounts):
    parts.store.failure = StoreUnavailable("disk full")

    with pytest.raises(StoreUnavailable):
        await register(accounts)

    assert accounts.list() == []


async def test_who_has_the_password_signs_in(accounts):
    jane = await register(accounts)

    account = await accounts.sign_in(" JANE@example.com", PASSWORD, origin=HERE)

    assert account == jane
    assert name_of(accounts, accounts.session(account)) == "jane@example.com"


async def test_who_has_not_and_who_is_nobody_hear_the_same_after_the_same_work(parts, accounts):
    await register(accounts)

    for email in ("jane@example.com", "nobody@example.com"):
        with pytest.raises(WrongCredentials, match=r"^invalid email or password$"):
            await accounts.sign_in(email, "wrong password", origin=HERE)

    assert parts.hasher.verified == 2


async def test_guessing_is_slowed_down_for_who_guesses_alone(parts, accounts):
    await register(accounts)
    for _ in range(5):
        with pytest.raises(WrongCredentials):
            await accounts.sign_in("jane@example.com", "wrong password", origin=HERE)

    with pytest.raises(TooManyAttempts):
        await accounts.sign_in("Jane@example.com", PASSWORD, origin=HERE)

    assert await accounts.sign_in("jane@example.com", PASSWORD, origin="198.51.100.1")
    parts.clock.advance(31)
    assert await accounts.sign_in("jane@example.com", PASSWORD, origin=HERE)


async def test_guesses_at_the_same_time_are_as_many_guesses(accounts):
    await register(accounts)

    outcomes = await asyncio.gather(
        *(
            accounts.sign_in("jane@example.com", f"wrong {number}", origin=HERE)
            for number in range(20)
        ),
        return_exceptions=True,
    )

    assert [type(one) for one in outcomes].count(WrongCredentials) == 5


async def test_a_session_ends_in_time(parts, accounts):
    parts.rules = AccountRules(session=60.0)
    token = accounts.session(await register(accounts))

    parts.clock.advance(59)
    assert name_of(accounts, token) == "jane@example.com"
    parts.clock.advance(1)
    assert name_of(accounts, token) is None


async def test_logging_out_ends_all_sessions_and_no_api_token(accounts):
    jane = await register(accounts)
    token = accounts.session(jane)
    _, api_token = await accounts.api_tokens.make(jane.id, "ci")

    await accounts.log_out(jane.id)

    assert name_of(accounts, token) is None
    assert name_of(accounts, api_token) == "jane@example.com"
    assert name_of(accounts, accounts.session(accounts.get(jane.id))) == "jane@example.com"


async def test_another_password_ends_all_sessions(accounts):
    jane = await register(accounts)
    token = accounts.session(jane)

    changed = await accounts.change_password(jane.id, PASSWORD, "battery staple", origin=HERE)

    assert name_of(accounts, token) is None
    assert name_of(accounts, accounts.session(changed)) == "jane@example.com"
    assert await accounts.sign_in("jane@example.com", "battery staple", origin=HERE)
    with pytest.raises(WrongCredentials):
        await accounts.sign_in("jane@example.com", PASSWORD, origin=HERE)


async def test_who_has_not_the_present_password_changes_nothing(accounts):
    jane = await register(accounts)

    with pytest.raises(WrongCredentials):
        await accounts.change_password(jane.id, "wrong password", "battery staple", origin=HERE)
    with pytest.raises(InvalidInput):
        await accounts.change_password(jane.id, PASSWORD, "short", origin=HERE)

    assert accounts.get(jane.id) == jane


async def test_a_deleted_account_lets_nobody_in(accounts):
    await register(accounts, "admin@example.com", local=True)
    jane = await register(accounts)
    token = accounts.session(jane)
    _, api_token = await accounts.api_tokens.make(jane.id, "ci")

    await accounts.remove(jane.id)

    assert name_of(accounts, token) is None
    assert name_of(accounts, api_token) is None
    with pytest.raises(AccountNotFound):
        accounts.get(jane.id)


async def test_a_new_account_of_the_same_address_is_another(accounts):
    await register(accounts, "admin@example.com", local=True)
    jane = await register(accounts)
    token = accounts.session(jane)
    await accounts.remove(jane.id)

    await register(accounts)

    assert name_of(accounts, token) is None


async def test_somebody_is_left_who_can_let_others_in(accounts):
    admin = await register(accounts, "admin@example.com", local=True)
    jane = await register(accounts)

    for attempt in (accounts.remove(admin.id), accounts.set_role(admin.id, Role.USER)):
        with pytest.raises(LastAdministrator):
            await attempt
    await accounts.set_role(jane.id, Role.ADMIN)
    await accounts.remove(admin.id)
    await accounts.remove(jane.id)

    assert accounts.list() == []


async def test_a_role_counts_in_sessions_that_are_there(accounts):
    await register(accounts, "admin@example.com", local=True)
    jane = await register(accounts)
    token = accounts.session(jane)
    assert not accounts.recognise(token).may(Scope.ADMIN)

    await accounts.set_role(jane.id, Role.ADMIN)

    assert accounts.recognise(token).may(Scope.ADMIN)


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"sub": "{id}", "gen": 0},
        {"sub": "{id}", "exp": 2e9},
        {"sub": "{id}", "gen": 1, "exp": 2e9},
        {"sub": "{id}", "gen": False, "exp": 2e9},
        {"sub": "{id}", "gen": "0", "exp": 2e9},
        {"sub": ["{id}"], "gen": 0, "exp": 2e9},
        {"sub": "another", "gen": 0, "exp": 2e9},
        {"gen": 0, "exp": 2e9},
    ],
)
async def test_a_token_that_says_too_little_lets_nobody_in(parts, accounts, claims):
    jane = await register(accounts)
    given = {**claims, **({"sub": jane.id} if claims.get("sub") == "{id}" else {})}

    assert name_of(accounts, parts.mint.sign(given)) is None
    assert name_of(accounts, parts.mint.sign({"sub": jane.id, "gen": 0, "exp": 2e9})) is not None


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "pmd_", "pmd_wrong", "\udcff.b.c"])
async def test_what_is_no_token_lets_nobody_in(accounts, text):
    await register(accounts)

    assert accounts.recognise(text) is None


async def test_the_next_daemon_knows_them_all(parts, accounts):
    jane = await register(accounts)
    token = accounts.session(jane)
    _, api_token = await accounts.api_tokens.make(jane.id, "ci")
    _, invitation = await accounts.invitations.make(by="a1")

    following = parts.assembled()
    await following.resume()

    assert name_of(following.accounts, token) == "jane@example.com"
    assert name_of(following.accounts, api_token) == "jane@example.com"
    assert (await register(following.accounts, "joe@example.com", invitation=invitation)).email


async def test_whatever_lets_somebody_out_is_told_at_once(parts, accounts):
    told = []
    parts.bus.subscribe(told.append)
    await register(accounts, "admin@example.com", local=True)
    jane = await register(accounts)
    token, _ = await accounts.api_tokens.make(jane.id, "ci")
    assert told == []

    for change in (
        lambda: accounts.log_out(jane.id),
        lambda: accounts.set_password(jane.id, "battery staple"),
        lambda: accounts.set_role(jane.id, Role.ADMIN),
        lambda: accounts.api_tokens.revoke(jane.id, token.id),
        lambda: accounts.remove(jane.id),
    ):
        await change()
        assert told == [AccessChanged()]
        told.clear()


async def test_the_end_of_what_is_in_use_is_told_when_it_comes(parts, accounts):
    told = []
    parts.bus.subscribe(told.append)
    jane = await register(accounts)
    _, api_token = await accounts.api_tokens.make(jane.id, "ci", expire_in=30.0)
    parts.rules = AccountRules(session=60.0)
    session = accounts.session(jane)

    for shown in (session, api_token, session):
        accounts.recognise(shown)
    parts.clock.advance(29.0)
    assert told == []
    parts.clock.advance(1.0)
    assert told == [AccessChanged()]
    accounts.recognise(session)
    parts.clock.advance(30.0)
    assert told == [AccessChanged()] * 2
