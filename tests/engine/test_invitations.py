import pytest

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.platform_errors import InvitationNotFound, RegistrationClosed
from tests.support.platform import PlatformOnFakes


@pytest.fixture
def parts():
    return PlatformOnFakes()


@pytest.fixture
def invitations(parts):
    return parts.platform.accounts.invitations


async def test_an_invitation_is_found_by_its_text_alone(invitations):
    made, text = await invitations.make(by="a1")

    assert invitations.good_for("joe@example.com", text) == made
    for other in ("", made.digest, made.id, text[:-1]):
        with pytest.raises(RegistrationClosed):
            invitations.good_for("joe@example.com", other)


async def test_it_may_be_for_one_address(invitations):
    made, text = await invitations.make(by="a1", email="Joe@example.com")

    assert invitations.good_for("joe@EXAMPLE.com", text) == made
    with pytest.raises(RegistrationClosed):
        invitations.good_for("jim@example.com", text)


async def test_it_runs_out_and_is_forgotten_with_the_next(parts, invitations):
    made, text = await invitations.make(by="a1", expire_in=60.0)
    parts.clock.advance(60.0)

    with pytest.raises(RegistrationClosed):
        invitations.good_for("joe@example.com", text)
    assert invitations.list() == []
    following, _ = await invitations.make(by="a1")

    assert (await parts.store.load()).invitations == [following]
    assert made != following


async def test_it_can_be_withdrawn(invitations):
    made, text = await invitations.make(by="a1")

    await invitations.withdraw(made.id)

    with pytest.raises(RegistrationClosed):
        invitations.good_for("joe@example.com", text)
    with pytest.raises(InvitationNotFound):
        await invitations.withdraw(made.id)


@pytest.mark.parametrize(
    "how", [{"expire_in": 0.0}, {"expire_in": 1e9}, {"expire_in": float("nan")}, {"email": "x"}]
)
async def test_what_cannot_be_is_refused(invitations, how):
    with pytest.raises(InvalidInput):
        await invitations.make(by="a1", **how)
