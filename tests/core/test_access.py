from hashlib import sha256

import pytest
from msgspec.structs import replace

from pmdaemon.core.access import (
    ANYBODY,
    GRANTABLE,
    LOCAL,
    Principal,
    Scope,
    Token,
    TokenKind,
    digest_of,
    read_grants,
)
from pmdaemon.core.errors import InvalidInput

TOKEN = Token(name="ci", kind=TokenKind.KEY, digest="new", grants=("read",), created=0.0)


def scopes_of(principal):
    return {scope for scope in Scope if principal.may(scope)}


def test_somebody_may_what_was_granted_and_what_is_public():
    principal = Principal("ci", frozenset({"read", "log"}))

    assert scopes_of(principal) == {Scope.PUBLIC, Scope.READ, Scope.LOG}


def test_an_administrator_may_everything():
    assert scopes_of(LOCAL) == set(Scope)


def test_anybody_may_what_is_public():
    assert scopes_of(ANYBODY) == {Scope.PUBLIC}


def test_telemetry_may_be_granted_for_one_process():
    child = Principal("child", frozenset({"telemetry:3"}))

    assert child.may(Scope.TELEMETRY)
    assert child.may(Scope.TELEMETRY, "3")
    assert not child.may(Scope.TELEMETRY, "33")
    assert not child.may(Scope.LOG)


def test_telemetry_as_such_is_for_every_process():
    assert Principal("agent", frozenset({"telemetry"})).may(Scope.TELEMETRY, "3")


def test_scopes_are_read_once_each_in_whatever_case():
    assert read_grants([" Read", "telemetry:web", "read"]) == ("read", "telemetry:web")


def test_nothing_said_is_everything():
    assert read_grants([]) == ("admin",)


@pytest.mark.parametrize("text", ["root", "", "public", "telemetry:", "read:3", "read,control"])
def test_what_is_no_scope_is_refused(text):
    with pytest.raises(InvalidInput) as refused:
        read_grants([text])

    assert refused.value.code == "invalid_scope"


@pytest.mark.parametrize(
    ("changes", "digest", "good"),
    [
        ({}, "new", True),
        ({}, "other", False),
        ({"revoked": True}, "new", False),
        ({"expires": 100.0}, "new", False),
        ({"expires": 100.1}, "new", True),
        ({"former_digest": "old", "former_until": 100.1}, "old", True),
        ({"former_digest": "old", "former_until": 100.0}, "old", False),
        ({"former_digest": "old", "former_until": 100.0}, "new", True),
        ({"former_digest": "old", "former_until": 200.0, "expires": 99.0}, "old", False),
    ],
)
def test_a_token_is_good_until_it_expires_is_revoked_or_replaced(changes, digest, good):
    assert replace(TOKEN, **changes).is_good(digest, 100.0) is good


def test_a_digest_is_the_sha_256_of_the_key():
    assert digest_of("sesame") == sha256(b"sesame").hexdigest()


def test_bytes_that_are_no_text_have_a_digest_too():
    assert digest_of("\udcff") == sha256(b"\xff").hexdigest()


def test_a_scope_that_there_is_not_is_told_with_those_that_there_are():
    with pytest.raises(InvalidInput) as refusal:
        read_grants(["reed"])

    assert refusal.value.message == (
        f"not a scope: reed (there are {', '.join(GRANTABLE)} and telemetry:ID)"
    )
    assert refusal.value.details == {"scope": "reed"}


def test_who_shows_a_token_has_its_name_and_grants():
    assert TOKEN.principal == Principal("ci", frozenset({"read"}))
