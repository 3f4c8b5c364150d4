"""Event streams of the web server, read as their clients do (HTML Standard, 9.2)."""

import asyncio
import json
from typing import Any

from aiohttp import ClientResponse


class EventStream:
    """What comes in answer to one request, for as long as it does."""

    def __init__(self, response: ClientResponse) -> None:
        self.response = response

    async def block(self) -> list[str]:
        """Read up to the next empty line."""
        lines = []
        async with asyncio.timeout(60):
            while line := (await self.response.content.readline()).decode().rstrip("\n"):
                lines.append(line)
        return lines

    async def event(self) -> tuple[str | None, str | None, Any]:
        """Read the next block that has data: its kind, its cursor and the data."""
        while True:
            fields = dict(line.split(": ", 1) for line in await self.block() if line[0] != ":")
            if "data" in fields:
                return fields.get("event"), fields.get("id"), json.loads(fields["data"])
