"""A control channel on a real socket, and clients that need not behave."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from pmdaemon.server.control_socket import ControlSocket, Verb
from pmdaemon.server.control_verbs import verbs
from tests.support.engine import EngineOnFakes, engine_on_fakes

T = TypeVar("T")

HELLO = {"pmdaemon": 1, "version": "0.0.test"}


class RawClient:
    """Sends bytes, and reads lines."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, *lines: bytes | dict[str, Any]) -> None:
        for line in lines:
            self._writer.write(
                line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n"
            )
        await self._writer.drain()

    async def receive(self) -> dict[str, Any] | None:
        """Read one line; None when the daemon has hung up."""
        line = await asyncio.wait_for(self._reader.readline(), 60)
        return json.loads(line) if line else None

    async def ask(self, verb: str, body: dict[str, Any] | None = None) -> None:
        """Say hello, ask, and take the welcome."""
        await self.send(HELLO, {"verb": verb, "body": body or {}})
        welcome = await self.receive()
        assert welcome is not None
        assert "pid" in welcome, welcome

    async def answer(self, verb: str, body: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """Ask, and return the first line of the answer."""
        await self.ask(verb, body)
        return await self.receive()

    def leave(self) -> None:
        """Hang up, whatever was going on."""
        self._writer.transport.abort()


class Channel:
    """Where a control socket listens; clients that are left over leave at the end."""

    def __init__(self, path: Path, control: ControlSocket) -> None:
        self.path = path
        self.control = control
        self._clients: list[RawClient] = []

    async def client(self) -> RawClient:
        streams = await asyncio.open_unix_connection(str(self.path), limit=1 << 25)
        self._clients.append(RawClient(*streams))
        return self._clients[-1]

    def leave(self) -> None:
        for client in self._clients:
            client.leave()


class ControlScene:
    """An engine, and a control channel on which each question is asked anew."""

    def __init__(self, parts: Any, channel: Channel) -> None:
        self.parts = parts
        self.channel = channel

    async def ask(self, verb: str, /, **body: Any) -> dict[str, Any]:
        client = await self.channel.client()
        answer = await client.answer(verb, body)
        assert answer is not None
        return answer

    async def result(self, verb: str, /, **body: Any) -> Any:
        answer = await self.ask(verb, **body)
        assert list(answer) == ["result"], answer
        return answer["result"]

    async def refusal(self, verb: str, /, **body: Any) -> dict[str, Any]:
        answer = await self.ask(verb, **body)
        assert list(answer) == ["error"], answer
        return dict(answer["error"])

    async def code(self, verb: str, /, **body: Any) -> str:
        return str((await self.refusal(verb, **body))["code"])

    async def streaming(self, verb: str, /, **body: Any) -> RawClient:
        """Ask for what goes on coming, and take nothing of it yet."""
        client = await self.channel.client()
        await client.ask(verb, body)
        return client


@asynccontextmanager
async def controlled(
    folder: Path, scene: Callable[[EngineOnFakes, Channel], T]
) -> AsyncIterator[T]:
    """Set a scene: an engine on fakes whose verbs are answered in `folder`."""
    async with (
        engine_on_fakes(folder) as parts,
        listening(folder, verbs(parts.engine)) as channel,
    ):
        yield scene(parts, channel)


@asynccontextmanager
async def listening(
    folder: Path, answers: dict[str, Verb], **options: Any
) -> AsyncIterator[Channel]:
    """Answer on a socket in `folder` for as long as the context lasts."""
    path = folder / "daemon.sock"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    control = ControlSocket(answers, **options)
    await control.listen(listener)
    channel = Channel(path, control)
    try:
        yield channel
    finally:
        channel.leave()
        await control.close(patience=0.1)
