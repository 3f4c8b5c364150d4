from pmdaemon.core.errors import PmdaemonError
from pmdaemon.server.http import refusals
from pmdaemon.server.http.refusals import MethodNotAllowed, Refusal, RequestTimedOut, Unauthorized


def kinds():
    return [
        kind
        for kind in vars(refusals).values()
        if isinstance(kind, type) and issubclass(kind, Refusal)
    ]


def test_every_refusal_is_an_error_of_the_caller():
    assert all(issubclass(kind, PmdaemonError) and 400 <= kind.status < 500 for kind in kinds())


def test_no_two_statuses_share_a_code():
    codes = {(kind.code, kind.status) for kind in kinds()}

    assert len(codes) == len({code for code, _ in codes}) == len({status for _, status in codes})


def test_a_wrong_method_is_told_the_right_ones():
    refusal = MethodNotAllowed({"POST", "GET"})

    assert refusal.headers == {"Allow": "GET, POST"}
    assert refusal.message == "this path takes GET, POST only"


def test_a_missing_key_is_told_how_to_show_one():
    assert Unauthorized("this needs an API key").headers["WWW-Authenticate"].startswith("Bearer")


def test_a_connection_that_waits_in_vain_is_given_up():
    assert RequestTimedOut().headers == {"Connection": "close"}
