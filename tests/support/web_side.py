"""The web side of an engine on fakes, on a free port.

async with engine_on_fakes(tmp_path) as parts, turned_on(parts) as server:
    answer = await ask(port_of(server), ["GET /api/status HTTP/1.1"])
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from msgspec.structs import replace

from pmdaemon.core.access import digest_of
from pmdaemon.engine.interfaces import WebSettings
from pmdaemon.server.http.app import HttpServer
from tests.support.engine import EngineOnFakes

OPEN = WebSettings("127.0.0.1", 0, rate_limits=())
"""Nobody needs a key, and nobody's requests are counted."""

LOCKED = replace(OPEN, api_key_digest=digest_of("sesame"))
KEY = {"X-API-Key": "sesame"}
"""What opens a server that is locked."""


@asynccontextmanager
async def turned_on(
    parts: EngineOnFakes, settings: WebSettings = OPEN
) -> AsyncIterator[HttpServer]:
    """Answer for as long as the context lasts."""
    server = HttpServer(parts.engine)
    await server.turn_on(settings)
    try:
        yield server
    finally:
        await server.turn_off()
