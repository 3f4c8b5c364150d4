"""From a request to values: bodies and query strings, with bounds on size and time."""

import asyncio
from collections.abc import Sequence
from typing import TypeVar

import msgspec
from aiohttp import web

from pmdaemon.core.misfits import misfit, no_json
from pmdaemon.core.wording import shown
from pmdaemon.server.http.refusals import BodyTooLarge, InvalidRequest, RequestTimedOut

BODY_DEADLINE = 10.0
"""Seconds within which a body has to have arrived."""

MOST_DIGITS = 15
"""Of a number in a query: milliseconds since the epoch have 13."""

Value = TypeVar("Value")


async def read_body(request: web.Request, kind: type[Value], *, default: Value) -> Value:
    """Read a JSON body; an empty one, or `null`, is the default.

    Raises:
        InvalidRequest: it is not JSON, or does not have the fields that it must have.
        BodyTooLarge: it has more bytes than the application takes.
        RequestTimedOut: it took too long.

    """
    body = await read_bytes(request)
    if not body.strip():
        return default
    try:
        decoded = msgspec.json.decode(body)
        return default if decoded is None else msgspec.convert(decoded, kind)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"cannot use the body of this request: {misfit(error)}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(f"the body of this request is not JSON: {no_json(error)}") from None


def read_choice(request: web.Request, name: str, choices: Sequence[str]) -> str | None:
    """Read a parameter of the query that is one of several words.

    Raises:
        InvalidRequest: it is another.

    """
    given = request.query.get(name)
    if given is None or given in choices:
        return given
    raise InvalidRequest(
        f"cannot use {name}={shown(given)}: it must be one of {', '.join(choices)}",
        parameter=name,
        allowed=list(choices),
    )


def read_number(
    request: web.Request, name: str, *, default: int, highest: int, capped: bool = False
) -> int:
    """Read a parameter of the query that is a number from 0 to `highest`.

    Where it is `capped`, a higher one is taken for the highest.

    Raises:
        InvalidRequest: it is something else.

    """
    given = request.query.get(name)
    if given is None:
        return default
    # Not every digit of Unicode is one to int(), and int() takes no text of any length.
    if given.isascii() and given.isdigit():
        number = int(given) if len(given) <= MOST_DIGITS else highest + 1
        if number <= highest or capped:
            return min(number, highest)
    raise InvalidRequest(
        f"cannot use {name}={shown(given)}: it must be a number from 0 to {highest}",
        parameter=name,
        highest=highest,
    )


def read_switch(request: web.Request, name: str) -> bool:
    """Read a parameter of the query that is true or false; what is not said is false.

    Raises:
        InvalidRequest: it is neither.

    """
    return read_choice(request, name, ["true", "false", "1", "0"]) in {"true", "1"}


async def read_bytes(request: web.Request) -> bytes:
    """Read a body as it is.

    Raises:
        BodyTooLarge: it has more bytes than the settings allow.
        RequestTimedOut: it took too long.

    """
    largest = request.client_max_size
    if (request.content_length or 0) > largest:
        raise BodyTooLarge(largest)  # without waiting for it
    try:
        async with asyncio.timeout(BODY_DEADLINE):
            return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise BodyTooLarge(largest) from None
    except web.RequestPayloadError:
        raise InvalidRequest("the body of this request is broken") from None
    except TimeoutError:
        raise RequestTimedOut from None
