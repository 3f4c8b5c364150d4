"""WebSockets of the web server, as their clients use them."""

import asyncio
import json
from typing import Any

from aiohttp import ClientWebSocketResponse, WSMsgType

PATIENCE = 60
"""Seconds in which a frame has to come."""

OF_AIOHTTP = 0x100
"""The bit of the types of messages that say how the connection is, and are no frames."""


class Talk:
    """One client that reads frames in JSON."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket

    async def frame(self) -> Any:
        """Read the next frame."""
        async with asyncio.timeout(PATIENCE):
            message = await self.socket.receive()
        assert message.type is WSMsgType.TEXT, message
        return json.loads(message.data)

    async def closed(self) -> int | None:
        """Read to the end; give the code the other side hung up with."""
        async with asyncio.timeout(PATIENCE):
            while not (await self.socket.receive()).type & OF_AIOHTTP:
                pass
        return self.socket.close_code
