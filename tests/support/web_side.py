"""The web side of an engine on fakes, on a free port, and who asks it.

async with engine_on_fakes(tmp_path) as parts, turned_on(parts) as server:
    answer = await ask(port_of(server), ["GET /api/status HTTP/1.1"])
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from aiohttp import ClientResponse, ClientSession
from msgspec.structs import replace

from pmdaemon.core.access import digest_of
from pmdaemon.core.logs import OutputStream
from pmdaemon.core.selectors import Selector
from pmdaemon.engine.interfaces import WebSettings
from pmdaemon.server.http.app import HttpServer
from tests.support.engine import EngineOnFakes

Scene = TypeVar("Scene", bound="WebScene")

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


class WebScene:
    """A web side, a client of it, and the programs that it tells about."""

    def __init__(self, parts: EngineOnFakes, server: HttpServer, session: ClientSession) -> None:
        self.parts = parts
        self.server = server
        self.session = session
        self._answers: list[ClientResponse] = []

    async def get(self, path: str, **headers: str) -> ClientResponse:
        """Ask for what may come without end; a header is named with underscores."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        response = await self.session.get(f"{self.server.address}{path}", headers=names)
        self._answers.append(response)
        return response

    def write(self, text: str, pm_id: int = 0, stream: OutputStream = OutputStream.OUT) -> None:
        """Have a program write to its output."""
        self.parts.write(text, pm_id, stream)

    async def stop(self, name: str = "web") -> None:
        """Stop a program."""
        await self.parts.engine.processes.stop([Selector.parse(name)])

    def close(self) -> None:
        """Read no further in any answer."""
        for response in self._answers:
            response.close()


@asynccontextmanager
async def a_scene(
    of: type[Scene], parts: EngineOnFakes, settings: WebSettings = OPEN
) -> AsyncIterator[Scene]:
    """Set a scene of this class for as long as the context lasts."""
    async with ClientSession() as session:
        async with turned_on(parts, settings) as server:
            scene = of(parts, server, session)
            yield scene
        scene.close()
