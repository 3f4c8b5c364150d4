import json

import pytest

from pmdaemon.core.errors import InvalidInput, PmdaemonError, StoreUnavailable
from pmdaemon.core.platform_errors import (
    EmailTaken,
    NotForPrograms,
    ProjectNotFound,
    RegistrationClosed,
    SignatureWrong,
    TooManyAttempts,
    WrongCredentials,
)
from pmdaemon.server.http.pushpaka.errors import encode_error
from pmdaemon.server.http.refusals import Unauthorized, UnknownKey


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidInput("it is none"), 400),
        (WrongCredentials(), 401),
        (SignatureWrong(), 401),
        (RegistrationClosed("it is closed"), 403),
        (NotForPrograms("it is not"), 403),
        (ProjectNotFound("shop"), 404),
        (EmailTaken("a@b"), 409),
        (TooManyAttempts(30), 429),
        (PmdaemonError("it failed"), 500),
        (StoreUnavailable("disk full"), 503),
    ],
)
def test_an_error_is_a_status_and_one_sentence(error, status):
    answer = encode_error(error)

    assert (answer.status, json.loads(answer.body)) == (status, {"error": error.message})


def test_who_shows_nothing_and_who_shows_nothing_good_are_told_apart():
    nothing, wrong = (encode_error(kind("words of others")) for kind in (Unauthorized, UnknownKey))

    assert json.loads(nothing.body) == {"error": "authorization required"}
    assert json.loads(wrong.body) == {"error": "invalid or expired token"}
    assert "WWW-Authenticate" in nothing.headers


def test_how_long_to_wait_is_in_the_header_too():
    assert encode_error(TooManyAttempts(30)).headers["Retry-After"] == "30"
