import json

import pytest

from pmdaemon.core import errors
from pmdaemon.core.errors import (
    AppAlreadyExists,
    InvalidConfiguration,
    InvalidInput,
    OperationFailed,
    PmdaemonError,
    ProcessNotFound,
    StoreUnavailable,
    TcpPortTaken,
    Unsupported,
)
from pmdaemon.server.http.native.errors import encode_error
from pmdaemon.server.http.refusals import MethodNotAllowed

OURS = {
    "DaemonNotRunning",
    "DaemonUnavailable",
    "HomeUnusable",
    "PmdaemonError",
    "ProtocolViolation",
}
"""What no request can bring about: if it comes up, we have failed."""


def worded(error):
    response = encode_error(error)
    return response.status, json.loads(response.body)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ProcessNotFound("x", ["a"]), 404, "PROCESS_NOT_FOUND"),
        (AppAlreadyExists("web"), 409, "PROCESS_ALREADY_EXISTS"),
        (TcpPortTaken("port 80 is taken"), 409, "TCP_PORT_TAKEN"),
        (OperationFailed("cannot stop web"), 409, "OPERATION_FAILED"),
        (InvalidInput("no"), 400, "INVALID_INPUT"),
        (InvalidInput("no", code="invalid_selector"), 400, "INVALID_SELECTOR"),
        (InvalidConfiguration("it", ["a", "b"]), 400, "INVALID_CONFIGURATION"),
        (Unsupported("not yet"), 400, "UNSUPPORTED"),
        (StoreUnavailable("the disk is full", code="store_full"), 503, "STORE_FULL"),
        (PmdaemonError("oh"), 500, "INTERNAL_ERROR"),
    ],
)
def test_each_error_has_its_status_and_code(error, status, code):
    answered, body = worded(error)

    assert answered == status
    assert body["success"] is False
    assert body["error"]["code"] == code


def test_only_what_is_our_fault_is_answered_as_such():
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, PmdaemonError)
    ]

    failures = {kind.__name__ for kind in kinds if encode_error(bare(kind)).status == 500}

    assert failures == OURS


def bare(kind):
    error = kind.__new__(kind)
    PmdaemonError.__init__(error, "", available=[])
    return error


def test_an_unknown_process_is_worded_as_in_the_reference():
    _, body = worded(ProcessNotFound("invalid-id", ["web-app", "api-server", "web-app"], "web"))

    assert body == {
        "success": False,
        "error": {
            "code": "PROCESS_NOT_FOUND",
            "message": "Process with ID 'invalid-id' not found",
            "details": {
                "requested_id": "invalid-id",
                "available_processes": ["api-server", "web-app"],
            },
        },
    }


def test_details_are_shown():
    _, body = worded(TcpPortTaken("port 80 is taken", port=80, owner="web"))

    assert body["error"]["details"] == {"port": 80, "owner": "web"}


def test_a_refusal_brings_its_own_status_and_headers():
    response = encode_error(MethodNotAllowed(["GET"]))

    assert response.status == 405
    assert response.headers["Allow"] == "GET"
