import pytest

from pmdaemon.core.errors import PmdaemonError, error_of
from pmdaemon.core.platform_errors import (
    AccountNotFound,
    ApiTokenNotFound,
    DomainNotFound,
    DomainTaken,
    EmailTaken,
    InvitationNotFound,
    LastAdministrator,
    Missing,
    ProjectNotFound,
    SignatureWrong,
    Taken,
    TooManyAttempts,
    VariableNotFound,
    WebhookNotFound,
    WrongCredentials,
)


@pytest.mark.parametrize(
    ("kind", "given", "sentence", "details"),
    [
        (ProjectNotFound, ["a\x1bb"], "no project is called a\\x1bb", {"requested": "a\\x1bb"}),
        (VariableNotFound, ["A\t"], "the project has no variable A\\t", {"key": "A\\t"}),
        (DomainNotFound, ["d\t"], "there is no domain d\\t", {"requested": "d\\t"}),
        (AccountNotFound, ["a\t"], "there is no account a\\t", {"requested": "a\\t"}),
        (ApiTokenNotFound, ["t\t"], "there is no API token t\\t", {"requested": "t\\t"}),
        (InvitationNotFound, ["i\t"], "there is no invitation i\\t", {"requested": "i\\t"}),
        (WebhookNotFound, ["w\t"], "there is no webhook w\\t", {"requested": "w\\t"}),
        (EmailTaken, ["a@b\t"], "there is an account of a@b\\t already", {"email": "a@b\\t"}),
        (DomainTaken, ["d\t"], "the domain d\\t is registered already", {"domain": "d\\t"}),
        (
            LastAdministrator,
            ["a@b\t"],
            "a@b\\t is the only administrator: make somebody else one first",
            {"email": "a@b\\t"},
        ),
        (WrongCredentials, [], "invalid email or password", {}),
        (SignatureWrong, [], "the signature of this call is missing, or not good", {}),
        (
            TooManyAttempts,
            [30],
            "too many wrong passwords for this account from this address; try again in 30 s",
            {"retry_after": 30},
        ),
    ],
)
def test_each_says_what_is_wrong_and_repeats_safely_what_was_given(kind, given, sentence, details):
    error = kind(*given)

    assert (error.message, dict(error.details)) == (sentence, details)


def test_a_wait_that_nobody_knows_is_a_short_one():
    assert error_of("too_many_attempts", "later", {"retry_after": "soon"}).wait == 1


def test_what_is_not_found_repeats_what_was_asked_for_safely():
    error = ProjectNotFound("sh\x1b[2Jop")

    assert error.message == "no project is called sh\\x1b[2Jop"
    assert isinstance(error, Missing)


@pytest.mark.parametrize("error", [EmailTaken("a@b"), DomainTaken("a.example")])
def test_what_is_taken_has_a_code_of_its_own(error):
    assert isinstance(error, Taken)
    assert error.code.endswith("_taken")


def test_how_long_to_wait_survives_the_wire():
    error = TooManyAttempts(30)

    again = error_of(error.code, error.message, error.details)

    assert isinstance(again, TooManyAttempts)
    assert again.wait == 30


def test_codes_are_all_different():
    kinds, codes = [PmdaemonError], []
    for kind in kinds:
        kinds += kind.__subclasses__()
        if kind.__module__ == "pmdaemon.core.platform_errors":
            codes.append(kind.code)

    assert len(codes) == len(set(codes)) > 10
