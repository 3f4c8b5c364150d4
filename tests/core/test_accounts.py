import pytest

from pmdaemon.core.access import Scope
from pmdaemon.core.accounts import (
    LONGEST_EMAIL,
    THE_OPERATOR,
    Account,
    ApiToken,
    Asker,
    Invitation,
    Role,
    email_key,
    read_email,
    read_password,
    read_person,
)
from pmdaemon.core.errors import InvalidInput

JANE = Account(
    id="a1", email="jane@example.com", name="Jane", password="hash", created=1.0, updated=1.0
)


def test_a_session_deploys_and_manages_its_account_and_nothing_else():
    principal = JANE.principal

    assert [scope for scope in Scope if principal.may(scope)] == [
        Scope.PUBLIC,
        Scope.DEPLOY,
        Scope.ACCOUNT,
    ]
    assert (principal.name, principal.account) == ("jane@example.com", "a1")


def test_a_session_of_an_administrator_may_do_everything():
    admin = Account(**{**fields(JANE), "role": Role.ADMIN})

    assert all(admin.principal.may(scope) for scope in Scope)


def test_a_program_deploys_and_nothing_else_whoever_it_acts_for():
    admin = Account(**{**fields(JANE), "role": Role.ADMIN})

    assert [scope for scope in Scope if admin.program.may(scope)] == [Scope.PUBLIC, Scope.DEPLOY]


def test_an_account_does_not_tell_its_hash_by_accident():
    assert "hash" not in repr(JANE)


def test_what_runs_out_is_good_until_then():
    token = ApiToken(id="t", account_id="a", name="ci", digest="d", created=0.0, expires=10.0)
    invitation = Invitation(id="i", digest="d", created_by="a", created=0.0, expires=10.0)

    assert token.is_good(9.9)
    assert not token.is_good(10.0)
    assert invitation.is_good(9.9)
    assert not invitation.is_good(10.0)
    assert ApiToken(id="t", account_id="a", name="ci", digest="d", created=0.0).is_good(1e12)


def test_an_asker_has_its_own_things_and_the_operator_all():
    assert Asker("a1").may_have("a1")
    assert not Asker("a1").may_have("a2")
    assert THE_OPERATOR.may_have("a1")


def test_addresses_are_the_same_in_capitals():
    assert email_key("Jane@Example.COM") == email_key("jane@example.com")


@pytest.mark.parametrize("text", ["jane@example.com", " Jane+x@Example.com ", "j@localhost"])
def test_an_address_is_kept_as_it_was_given(text):
    assert read_email(text) == text.strip()


@pytest.mark.parametrize(
    "text", ["", "jane", "@example.com", "jane@", "a b@c", "a@b@c", "<a@b>", f"{'a' * 250}@b.co"]
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(InvalidInput) as refused:
        read_email(text)

    assert refused.value.code == "invalid_email"


@pytest.mark.parametrize("text", ["J", "", "  ", "a\nb", "x" * 101])
def test_what_is_no_name_is_refused(text):
    with pytest.raises(InvalidInput, match="2 to 100 printable characters"):
        read_person(text)


@pytest.mark.parametrize("text", ["short", "x" * 1025, "\ud800" * 8])
def test_a_password_that_cannot_be_one_is_refused_and_not_repeated(text):
    with pytest.raises(InvalidInput) as refused:
        read_password(text)

    assert refused.value.code == "invalid_password"
    assert text not in refused.value.message


def fields(account):
    return {name: getattr(account, name) for name in account.__struct_fields__}


def test_what_is_as_long_or_short_as_it_may_be_is_taken():
    longest = f"{'a' * (LONGEST_EMAIL - 5)}@b.co"
    assert read_email(longest) == longest
    assert [read_person(name) for name in ("Jo", "x" * 100)] == ["Jo", "x" * 100]
    assert [read_password(text) for text in ("x" * 8, "x" * 1024)] == ["x" * 8, "x" * 1024]


@pytest.mark.parametrize(
    ("read", "text", "sentence", "code"),
    [
        (read_email, "jane", "not an e-mail address: jane", "invalid_email"),
        (
            read_person,
            "J",
            "not a usable name: J (2 to 100 printable characters)",
            "invalid_name",
        ),
        (read_password, "\ud800" * 8, "a password is text, and this is not", "invalid_password"),
    ],
)
def test_a_refusal_says_what_is_wrong_and_with_what(read, text, sentence, code):
    with pytest.raises(InvalidInput) as refused:
        read(text)

    assert (refused.value.message, refused.value.code) == (sentence, code)
