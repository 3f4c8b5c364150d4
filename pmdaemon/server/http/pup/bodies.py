"""What clients of the Pup API send: what of it is needed, and how much of it is taken."""

from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web
from msgspec import Struct

from pmdaemon.core.journal import EntryQuery, Severity
from pmdaemon.core.metrics import MOST_MEMORY
from pmdaemon.core.state_history import StateQuery
from pmdaemon.core.wording import shown
from pmdaemon.server.http.pup.searching import MOST_ENTRIES
from pmdaemon.server.http.reading import read_body, read_number
from pmdaemon.server.http.refusals import BodyTooLarge, InvalidRequest

DEFAULT_ROWS = 100

LONGEST_MESSAGE = 64 * 1024
"""Characters of a log message; with more, it is refused."""

LARGEST_REPORT = 16 * 1024
"""Bytes of a report, as it is kept, for each process."""

DEEPEST = 100
"""Lists and objects within each other in a body. It is shown again as a part of larger answers, and
one that can just be read could not be written then."""

LONGEST_NAME = 200
"""Characters of what is a name: of a plugin, an event, a target."""

LATEST = 253_402_300_799_999
"""Milliseconds since the epoch, at the end of the year 9999."""


class LogLineBody(Struct, frozen=True):
    """A line for the log."""

    severity: Severity
    plugin: str
    message: str


class IpcBody(Struct, frozen=True):
    """Something for a program."""

    target: str
    event: str
    data: object


async def read_log_line(request: web.Request) -> LogLineBody:
    """Read a line for the log.

    Raises:
        InvalidRequest: something is missing, or there is no such severity.
        BodyTooLarge: the message is too long.

    """
    body = await _read_object(request)
    severity = _severity(_text(body, "severity"))
    message = body.get("message")
    if not isinstance(message, str) or not message:
        raise InvalidRequest("the field message is missing: it must be text")
    if len(message) > LONGEST_MESSAGE:
        raise BodyTooLarge(LONGEST_MESSAGE)
    return LogLineBody(severity, _text(body, "plugin"), message)


async def read_report(request: web.Request) -> tuple[str, Mapping[str, Any]]:
    """Read telemetry: whose it is, and all of it.

    Raises:
        InvalidRequest: it does not say whose it is, or `memory` is not what it should be.
        BodyTooLarge: there is too much of it.

    """
    body = await _read_object(request)
    sender = _text(body, "sender")
    _check_memory(body.get("memory", {}))
    if len(msgspec.json.encode(body)) > LARGEST_REPORT:
        raise BodyTooLarge(LARGEST_REPORT)
    return sender, body


async def read_message(request: web.Request) -> IpcBody:
    """Read something for a program; nothing, and null, are data as well.

    Raises:
        InvalidRequest: something is missing.

    """
    body = await _read_object(request)
    if "eventData" not in body:
        raise InvalidRequest("the field eventData is missing: null will do")
    return IpcBody(_text(body, "target"), _text(body, "event"), body["eventData"])


def read_query(request: web.Request) -> EntryQuery:
    """Read which entries of the log are wanted.

    Raises:
        InvalidRequest: a filter is none.

    """
    rows = read_number(request, "nRows", default=DEFAULT_ROWS, highest=MOST_ENTRIES)
    severity = request.query.get("severity")
    since, until = _moment(request, "startTimeStamp"), _moment(request, "endTimeStamp")
    return EntryQuery(
        limit=rows,
        severity=_severity(severity) if severity is not None else None,
        since=since / 1000 if since is not None else None,
        # All of that millisecond.
        until=(until + 0.999) / 1000 if until is not None else None,
        consumer=request.query.get("consumer"),
    )


def read_state_query(request: web.Request) -> StateQuery:
    """Read which part of the history of states is wanted.

    Raises:
        InvalidRequest: a filter is none.

    """
    since, until = _moment(request, "startTimeStamp"), _moment(request, "endTimeStamp")
    return StateQuery(
        limit=read_number(request, "nRows", default=DEFAULT_ROWS, highest=MOST_ENTRIES),
        since=since / 1000 if since is not None else None,
        until=(until + 0.999) / 1000 if until is not None else None,
    )


def _severity(text: str) -> Severity:
    try:
        return Severity(text.lower())
    except ValueError:
        raise InvalidRequest(
            f"not a severity: {shown(text)} (there are {', '.join(Severity)})",
            code="invalid_severity",
        ) from None


def _moment(request: web.Request, name: str) -> int | None:
    if name not in request.query:
        return None
    return read_number(request, name, default=0, highest=LATEST)


def _check_memory(memory: object) -> None:
    figures: list[Any] = [*memory.values()] if isinstance(memory, dict) else [None]
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in figures):
        raise InvalidRequest("cannot use memory: it must be an object of numbers")
    if any(abs(one) > MOST_MEMORY for one in figures):
        raise InvalidRequest("cannot use memory: no machine has that much")


async def _read_object(request: web.Request) -> dict[str, Any]:
    body = await read_body(request, dict[str, Any], default={})
    if not body:
        raise InvalidRequest("the body of this request is empty: it must be a JSON object")
    if _depth(body) > DEEPEST:
        raise InvalidRequest(
            f"cannot use the body of this request: it is nested more than {DEEPEST} levels deep"
        )
    return body


def _depth(body: dict[str, Any]) -> int:
    """Count how many lists and objects are within each other at the most."""
    depth = 0
    level: list[dict[str, Any] | list[Any]] = [body]
    while level:
        depth += 1
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
    return depth


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise InvalidRequest(f"the field {name} is missing: it must be text", field=name)
    if len(value) > LONGEST_NAME:
        raise InvalidRequest(
            f"cannot use {name}: it has more than {LONGEST_NAME} characters", field=name
        )
    return value
