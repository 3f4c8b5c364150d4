"""Where the dashboard is served: the page at `/` for browsers, its files beside it.

Nothing here knows anything of processes. The files are the same for everybody, so they need no key;
what the page shows, it fetches from the API with the key of whoever looks.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps

from aiohttp import ETag, web

from pmdaemon.core.access import Scope
from pmdaemon.engine.engine import Engine
from pmdaemon.server.http.dashboard.files import StaticFile, StaticFiles, deploy_files, static_files
from pmdaemon.server.http.dashboard.negotiation import prefers_page
from pmdaemon.server.http.dialect import UNLIMITED, Endpoint
from pmdaemon.server.http.refusals import RouteNotFound

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
"""What the page may do (Content Security Policy 3): nothing that is not in these files."""

PAGE_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
}

ASK_EACH_TIME = "no-cache"
KEEP_FOR_EVER = "public, max-age=31536000, immutable"

Handler = Callable[[Engine, web.Request], Awaitable[web.StreamResponse]]


def page_for_browsers(otherwise: Handler) -> Handler:
    """Answer with the page who would rather have HTML, and anybody else with `otherwise`."""

    @wraps(otherwise)
    async def handler(engine: Engine, request: web.Request) -> web.StreamResponse:
        if prefers_page(request.headers.getall("Accept", ())):
            return await show_page(engine, request)
        answer = await otherwise(engine, request)
        answer.headers["Vary"] = "Accept"
        return answer

    return handler


async def show_page(_engine: Engine, request: web.Request) -> web.StreamResponse:
    """Show the page."""
    files = await asyncio.to_thread(static_files)
    return _answer(request, files.page, files.version, ASK_EACH_TIME)


async def show_deploy_page(_engine: Engine, request: web.Request) -> web.StreamResponse:
    """Show the page of deployments."""
    files = await asyncio.to_thread(deploy_files)
    return _answer(request, files.page, files.version, ASK_EACH_TIME)


async def show_file(_engine: Engine, request: web.Request) -> web.StreamResponse:
    """Show a file that the dashboard consists of."""
    return _file_of(await asyncio.to_thread(static_files), request)


async def show_deploy_file(_engine: Engine, request: web.Request) -> web.StreamResponse:
    """Show a file that the page of deployments consists of."""
    return _file_of(await asyncio.to_thread(deploy_files), request)


def _file_of(files: StaticFiles, request: web.Request) -> web.StreamResponse:
    """Show a file that a page consists of.

    A page that was fetched before an update asks for files of an older version, and gets the
    current ones, to be used once: they fit each other.

    Raises:
        RouteNotFound: there is none of this name.

    """
    found = files.others.get(request.match_info["name"])
    if found is None:
        raise RouteNotFound
    is_current = request.match_info["version"] == files.version
    return _answer(request, found, files.version, KEEP_FOR_EVER if is_current else ASK_EACH_TIME)


def _answer(
    request: web.Request, file: StaticFile, version: str, caching: str
) -> web.StreamResponse:
    tag = ETag(version, is_weak=True)  # the same text compressed is not the same bytes
    held = request.if_none_match or ()
    if any(one.value in {version, "*"} for one in held):
        # A browser takes the headers of this for those that it kept (RFC 9111, 4.3.4).
        answer = web.Response(status=304, headers=PAGE_HEADERS)
    else:
        answer = web.Response(
            body=file.body, content_type=file.content_type, charset="utf-8", headers=PAGE_HEADERS
        )
        answer.enable_compression()
    answer.etag = tag
    answer.headers["Cache-Control"] = caching
    answer.headers["Vary"] = "Accept, Accept-Encoding"
    return answer


FILES = (
    Endpoint("GET", "/dashboard/{version}/{name}", Scope.PUBLIC, show_file, limits=UNLIMITED),
    Endpoint("GET", "/deploy", Scope.PUBLIC, show_deploy_page, limits=UNLIMITED),
    Endpoint("GET", "/deploy/{version}/{name}", Scope.PUBLIC, show_deploy_file, limits=UNLIMITED),
)
"""Every address of the dashboard but `/`, which the PMDaemon API has, too.

One look at the page takes more of them than an address may ask for at once.
"""
