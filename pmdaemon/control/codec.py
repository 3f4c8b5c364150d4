"""How messages become lines of the control channel, and lines become messages."""

import json
from collections.abc import Mapping
from typing import Any

from pmdaemon.control.messages import MAX_MESSAGE
from pmdaemon.core.errors import InvalidInput, PmdaemonError, ProtocolViolation, error_of
from pmdaemon.core.wording import why


def encode(message: Mapping[str, object]) -> bytes:
    """Write a message as one line.

    All of it is ASCII: environments and paths may hold bytes that are no UTF-8, which Python has
    as lone surrogates, and only as escapes do these come through.

    Raises:
        InvalidInput: there is something in it that JSON has not, or more than the channel allows.

    """
    try:
        line = json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"cannot send this to the daemon: {why(error)}") from error
    if len(line) > MAX_MESSAGE:
        raise InvalidInput(
            f"cannot send {len(line)} bytes to the daemon, {MAX_MESSAGE} at the most",
            size=len(line),
            limit=MAX_MESSAGE,
        )
    return line


def decode(line: bytes) -> dict[str, Any]:
    """Read a message from one line, with or without its line end.

    Raises:
        ProtocolViolation: it is not a JSON object.

    """
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ProtocolViolation(f"expected a line of JSON, got {_excerpt(line)}") from error
    if not isinstance(message, dict):
        raise ProtocolViolation(f"expected a JSON object, got {_excerpt(line)}")
    return message


def refusal(message: Mapping[str, Any]) -> PmdaemonError:
    """Make the error that a message says, or that it says none, as it should."""
    match message:
        case {"error": {"code": str(code), "message": str(sentence), **rest}}:
            details = rest.get("details")
            return error_of(code, sentence, details if isinstance(details, dict) else {})
        case _:
            return ProtocolViolation(f"expected an answer, got one with {sorted(message)}")


def _excerpt(line: bytes) -> str:
    return ascii(line[:40].decode("utf-8", "replace")) + ("…" if len(line) > 40 else "")
