"""A client that has come to a listener of this process before its loop knows."""

import asyncio
import socket
from contextlib import suppress


def knocking_at(tcp_port: int) -> socket.socket:
    """Connect to loopback, without a turn of the loop: it finds the connection in its next one."""
    return socket.create_connection(("127.0.0.1", tcp_port))


async def until_hung_up(client: socket.socket) -> None:
    """Wait until the other side has ended the connection, well or by a reset."""
    reader, writer = await asyncio.open_connection(sock=client)
    with suppress(ConnectionResetError):
        async with asyncio.timeout(60):
            await reader.read()
    writer.transport.abort()
