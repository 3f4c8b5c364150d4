from pathlib import Path

import pytest

from pmdaemon.control.codec import decode, encode, refusal
from pmdaemon.control.messages import MAX_MESSAGE
from pmdaemon.core.errors import InvalidInput, ProtocolViolation


def test_a_message_is_one_line():
    line = encode({"verb": "start", "body": {"name": "two\nlines"}})

    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert decode(line) == {"verb": "start", "body": {"name": "two\nlines"}}


def test_bytes_that_are_no_utf_8_come_through():
    value = b"caf\xe9".decode("utf-8", "surrogateescape")

    assert decode(encode({"LANG": value})) == {"LANG": value}


def test_a_message_that_is_too_long_is_not_sent():
    with pytest.raises(InvalidInput, match="cannot send 1677"):
        encode({"env": "x" * MAX_MESSAGE})


@pytest.mark.parametrize(
    "line", [b"", b"garbage", b"[1]", b'"text"', b"{", b"\xff\xfe{}", b"[" * 100_000]
)
def test_what_is_no_json_object_is_a_violation(line):
    with pytest.raises(ProtocolViolation):
        decode(line)


@pytest.mark.parametrize("value", [Path("/srv"), {1, 2}, b"bytes"])
def test_what_json_has_not_cannot_be_sent(value):
    with pytest.raises(InvalidInput, match="cannot send this to the daemon: object of type"):
        encode({"options": {"cwd": value}})


def test_a_long_line_is_quoted_in_part():
    with pytest.raises(ProtocolViolation) as caught:
        decode(b"x" * 10_000)

    assert len(str(caught.value)) < 100


def test_a_refusal_keeps_code_and_details():
    body = {"code": "process_not_found", "message": "no such", "details": {"message": "x"}}

    error = refusal({"error": body})

    assert (error.code, error.message, error.details) == tuple(body.values())


@pytest.mark.parametrize("message", [{}, {"error": None}, {"error": {"code": 1}}, {"other": {}}])
def test_a_refusal_that_is_none_is_a_violation(message):
    assert isinstance(refusal(message), ProtocolViolation)
