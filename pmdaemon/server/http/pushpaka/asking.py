"""Who asks, and for what: what all handlers read from a request."""

from collections.abc import Sequence
from typing import Any, TypeVar

from aiohttp import web

from pmdaemon.core.access import Scope
from pmdaemon.core.accounts import OPERATOR, Asker
from pmdaemon.core.platform_errors import NotForPrograms
from pmdaemon.server.http.dialect import json_response
from pmdaemon.server.http.guard import principal_of
from pmdaemon.server.http.pushpaka.views import page_view
from pmdaemon.server.http.reading import read_body, read_number
from pmdaemon.server.http.refusals import InvalidRequest

MOST_LISTED = 1000

MOST_SKIPPED = 1_000_000

Body = TypeVar("Body")


def asker_of(request: web.Request) -> Asker:
    """Say whose things this request may be about.

    A key of the machine has no account: what it makes is the operator's.
    """
    principal = principal_of(request)
    return Asker(principal.account or OPERATOR, all=principal.may(Scope.ADMIN))


def account_of(request: web.Request) -> str:
    """Say in whose session this request was made.

    Raises:
        NotForPrograms: it was made with a key of the machine, which has no account.

    """
    account = principal_of(request).account
    if account is None:
        raise NotForPrograms("a key has no account: sign in, and use the token of the session")
    return account


async def read_object(request: web.Request, kind: type[Body]) -> Body:
    """Read a JSON body that has to be there; names in it that we do not know are ignored.

    Raises:
        InvalidRequest: it is not there, or cannot be used.

    """
    body: Body | None = await read_body(request, kind, default=None)
    if body is None:
        raise InvalidRequest("the body of this request is missing: it must be a JSON object")
    return body


def read_page(
    request: web.Request, *, default: int = MOST_LISTED, highest: int = MOST_LISTED
) -> tuple[int, int]:
    """Read which part of a list is wanted: how many, and behind how many.

    Raises:
        InvalidRequest: one of them is not a number from 0 on.

    """
    limit = read_number(request, "limit", default=default, highest=highest, capped=True)
    return limit, read_number(request, "offset", default=0, highest=MOST_SKIPPED, capped=True)


def listed(request: web.Request, views: Sequence[dict[str, Any]]) -> web.Response:
    """Answer with the part of a list that is wanted."""
    limit, offset = read_page(request)
    part = views[offset : offset + limit]
    return json_response(page_view(part, total=len(views), limit=limit, offset=offset))


def here(request: web.Request) -> str:
    """Say where we are, as who asks sees it; a Host that is no address is repeated as it is."""
    scheme = request.headers.get("X-Forwarded-Proto", request.scheme)
    return f"{'https' if scheme == 'https' else 'http'}://{request.host}"


def done(text: str) -> web.Response:
    """Say that something was done, where there is nothing to show any more."""
    return json_response({"message": text})
