"""From a request to values: bodies and query strings, with bounds on size and time."""

import asyncio
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from pmdaemon.core.wording import shown
from pmdaemon.server.http.refusals import BodyTooLarge, InvalidRequest, RequestTimedOut

LARGEST_BODY = 1024 * 1024
"""Bytes."""

BODY_DEADLINE = 10.0
"""Seconds within which a body has to have arrived."""

Value = TypeVar("Value")


async def read_body(request: web.Request, kind: type[Value], *, default: Value) -> Value:
    """Read a JSON body; an empty one, or `null`, is the default.

    Raises:
        InvalidRequest: it is not JSON, or has not the fields it should have.
        BodyTooLarge: it has more than `LARGEST_BODY` bytes.
        RequestTimedOut: it took too long.

    """
    body = await _read(request)
    if not body.strip():
        return default
    try:
        decoded = msgspec.json.decode(body)
        return default if decoded is None else msgspec.convert(decoded, kind)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"cannot use the body of this request: {shown(str(error))}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(
            f"the body of this request is not JSON: {shown(str(error))}"
        ) from None


def read_query(request: web.Request, kind: type[Value]) -> Value:
    """Read the query string; what it says beyond the fields of `kind` is ignored.

    Raises:
        InvalidRequest: a value is not what it should be.

    """
    fields: dict[str, Any] = dict(request.query)
    try:
        return msgspec.convert(fields, kind, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"cannot use the query of this request: {shown(str(error))}") from None


async def _read(request: web.Request) -> bytes:
    try:
        async with asyncio.timeout(BODY_DEADLINE):
            return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise BodyTooLarge(LARGEST_BODY) from None
    except web.RequestPayloadError:
        raise InvalidRequest("the body of this request is broken") from None
    except TimeoutError:
        raise RequestTimedOut from None
