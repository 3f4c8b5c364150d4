import json

from pmdaemon.core.errors import InvalidInput, ProcessNotFound
from pmdaemon.server.http.prox.errors import encode_error
from pmdaemon.server.http.refusals import MethodNotAllowed, TooManyRequests


def test_an_error_is_a_sentence_and_a_code():
    response = encode_error(ProcessNotFound("x", ["web"]))

    assert response.status == 404
    assert json.loads(response.body) == {
        "error": "no process, id or namespace is called x",
        "code": "PROCESS_NOT_FOUND",
    }


def test_a_code_of_its_own_is_kept():
    response = encode_error(InvalidInput("no", code="invalid_pattern"))

    assert (response.status, json.loads(response.body)["code"]) == (400, "INVALID_PATTERN")


def test_a_refusal_brings_its_headers():
    assert encode_error(MethodNotAllowed(["GET"])).headers["Allow"] == "GET"
    assert encode_error(TooManyRequests(7)).headers["Retry-After"] == "7"
