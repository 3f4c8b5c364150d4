import json

from pmdaemon.core.errors import ProcessBlocked
from pmdaemon.server.http.pup.errors import encode_error
from pmdaemon.server.http.refusals import TooManyRequests


def test_an_error_is_a_text_with_a_code_beside_it():
    response = encode_error(ProcessBlocked("web"))

    assert response.status == 409
    assert json.loads(response.body) == {
        "error": "cannot start web: it is blocked (to allow it again: pmdaemon unblock web)",
        "code": "process_blocked",
    }


def test_a_refusal_brings_its_headers():
    assert encode_error(TooManyRequests(7)).headers["Retry-After"] == "7"
