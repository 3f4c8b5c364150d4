"""What other programs read of the PMDaemon API: its description, and its metrics."""

import asyncio
from collections.abc import Sequence

from aiohttp import web

from pmdaemon import __version__
from pmdaemon.engine.engine import Engine
from pmdaemon.server.http.dialect import Endpoint, json_response
from pmdaemon.server.http.native.live import LIVE

TABLE = web.AppKey("native table", Sequence[Endpoint])
"""Where the description finds the endpoints it is about, which are made of this module."""


async def show_description(_engine: Engine, request: web.Request) -> web.Response:
    """Show what this API is, in OpenAPI."""
    # Most clients know it without being told.
    from pmdaemon.server.http.native.openapi import describe  # noqa: PLC0415

    return json_response(describe(request.app[TABLE], __version__))


async def show_metrics(engine: Engine, request: web.Request) -> web.Response:
    """Show processes, the machine and the daemon to Prometheus."""
    # Three megabytes for whoever never scrapes, otherwise.
    from pmdaemon.server.http.native.exposition import (  # noqa: PLC0415
        Reading,
        expose,
    )

    reading = Reading(
        version=__version__,
        host=await asyncio.to_thread(engine.host.read),
        snapshots=engine.processes.list(),
        listeners=request.app[LIVE].listeners,
        events=engine.events.latest,
    )
    body, content_type = expose(reading, request.headers.get("Accept", ""))
    return web.Response(body=body, headers={"Content-Type": content_type})
