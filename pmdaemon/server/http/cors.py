"""Which pages of other origins may read our answers (the Fetch standard, 3.2).

What they may do is another matter: they need a key like everybody, and where no key was set they
are turned away before they get here.
"""

from collections.abc import Iterable, Sequence

import aiohttp_cors
from aiohttp import hdrs, web

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

ASKED_WITH = ("Authorization", "Content-Type", "Last-Event-ID", "X-API-Key")

TOLD = (
    "Location",
    "Retry-After",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
)

MAX_AGE = 600
"""Seconds for which a browser need not ask again whether it may ask."""


def let_origins_read(
    app: web.Application, routes: Iterable[web.AbstractRoute], origins: Sequence[str]
) -> None:
    """Let pages of some origins, or of `*`, read what these routes answer; without cookies."""
    allowed = aiohttp_cors.ResourceOptions(  # type: ignore[no-untyped-call] # it has no types
        allow_credentials=False,
        allow_headers=ASKED_WITH,
        allow_methods=METHODS,
        expose_headers=TOLD,
        max_age=MAX_AGE,
    )
    if not origins:
        return
    cors = aiohttp_cors.setup(app, defaults=dict.fromkeys(origins, allowed))
    for route in routes:
        cors.add(route)


def is_preflight(request: web.Request) -> bool:
    """Whether a browser asks if it may ask."""
    return hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers


def preflight_problem(refused: web.HTTPForbidden) -> str:
    """Word why a browser may not."""
    _, _, reason = (refused.text or "").partition(": ")
    return f"a page may not ask for this ({reason or 'no reason was given'})"
