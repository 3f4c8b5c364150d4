"""The control channel: who may speak, how a line becomes a request, and how the answer goes back.

What the verbs do stands in `control_verbs`. Whoever connects is asked for nothing but being the
same user (or root), which the kernel vouches for.
"""

import asyncio
import json
import logging
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from pmdaemon import __version__
from pmdaemon.control.messages import MAX_MESSAGE, PROTOCOL, ErrorBody, Hello, Reply, Request
from pmdaemon.core.errors import PmdaemonError, ProtocolViolation

log = logging.getLogger(__name__)

REQUEST_DEADLINE = 10.0
"""Seconds within which a client has to have said what it wants."""

CLIENTS_AT_ONCE = 256
"""Connections served at a time; more are refused with a sentence."""

_decode_hello = msgspec.json.Decoder(Hello).decode
_decode_request = msgspec.json.Decoder(Request).decode


class Conversation:
    """One connection, as a verb sees it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, reply: Reply) -> None:
        """Send one line; waits while the client is slow to read.

        Raises:
            ConnectionError: the client is gone.

        """
        self._writer.write(json.dumps(reply, separators=(",", ":")).encode() + b"\n")
        await self._writer.drain()

    async def closed(self) -> None:
        """Wait until the client has gone."""
        while await self._reader.read(4096):
            pass


Verb = Callable[[dict[str, Any], Conversation], Awaitable[dict[str, Any]]]
"""Does what a request asks for; what it returns is the `result`."""


class ControlSocket:
    """Listens on a Unix socket, and answers."""

    def __init__(self, verbs: dict[str, Verb]) -> None:
        self._verbs = verbs
        self._server: asyncio.Server | None = None
        self._conversations: set[asyncio.Task[None]] = set()

    async def listen(self, listener: socket.socket) -> None:
        """Begin to answer on a bound socket."""
        self._server = await asyncio.start_unix_server(
            self._serve, sock=listener, limit=MAX_MESSAGE
        )

    async def close(self, *, patience: float = 2.0) -> None:
        """Take no more connections, and give those that are being answered `patience` seconds."""
        if self._server is not None:
            self._server.close()
        current = asyncio.current_task()
        pending = [task for task in self._conversations if task is not current]
        if pending:
            _, late = await asyncio.wait(pending, timeout=patience)
            for task in late:
                task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            raise AssertionError("asyncio serves each connection in a task")
        self._conversations.add(task)
        conversation = Conversation(reader, writer)
        try:
            await self._converse(conversation, reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass  # the client has gone, or we are about to
        finally:
            self._conversations.discard(task)
            writer.close()

    async def _converse(
        self, conversation: Conversation, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            if len(self._conversations) > CLIENTS_AT_ONCE:
                raise ProtocolViolation("too many clients at once; try again")
            _check_peer(writer)
            async with asyncio.timeout(REQUEST_DEADLINE):
                _check_hello(await reader.readuntil(b"\n"))
                await conversation.send(_welcome())
                request = _read_request(await reader.readuntil(b"\n"))
        except PmdaemonError as error:
            await conversation.send({"error": _worded(error)})
        except asyncio.LimitOverrunError:
            too_large = ProtocolViolation(f"a message is larger than {MAX_MESSAGE} bytes")
            await conversation.send({"error": _worded(too_large)})
        except TimeoutError:
            too_slow = ProtocolViolation("the request did not arrive in time")
            await conversation.send({"error": _worded(too_slow)})
        except asyncio.IncompleteReadError:
            pass  # it hung up half-way: nothing was asked, nothing is done
        else:
            await self._answer(request, conversation)

    async def _answer(self, request: Request, conversation: Conversation) -> None:
        try:
            verb = self._verb(request["verb"])
            await conversation.send({"result": await verb(request["body"], conversation)})
        except PmdaemonError as error:
            await conversation.send({"error": _worded(error)})
        except ConnectionError:
            raise
        except Exception as error:
            log.exception("control.failed verb=%s", request["verb"])
            failure = PmdaemonError(f"the daemon failed at this: {type(error).__name__}: {error}")
            await conversation.send({"error": _worded(failure)})

    def _verb(self, name: str) -> Verb:
        try:
            return self._verbs[name]
        except KeyError:
            sentence = f"the daemon does not know the verb {name!r:.60}"
            raise ProtocolViolation(sentence, code="unknown_verb") from None


def _welcome() -> Any:  # noqa: ANN401 - a Welcome is no Reply, and goes the same way
    return {"pmdaemon": PROTOCOL, "version": __version__, "pid": os.getpid()}


def _worded(error: PmdaemonError) -> ErrorBody:
    return {"code": error.code, "message": error.message, "details": error.details}


def _check_hello(line: bytes) -> None:
    try:
        hello = _decode_hello(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ProtocolViolation("this is no greeting of a pmdaemon client") from None
    if hello["pmdaemon"] != PROTOCOL:
        raise ProtocolViolation(
            f"the client speaks version {hello['pmdaemon']} of the control channel,"
            f" this daemon ({__version__}) version {PROTOCOL}",
            code="protocol_version",
        )


def _read_request(line: bytes) -> Request:
    try:
        return _decode_request(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProtocolViolation(f"this is no request: {error}") from None


def _check_peer(writer: asyncio.StreamWriter) -> None:
    """Let in only the user whom the home belongs to, and root (unix(7), SO_PEERCRED)."""
    if not hasattr(socket, "SO_PEERCRED"):
        return  # the socket's mode, 0600, has to do
    peer = writer.get_extra_info("socket")
    _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    if uid not in {0, os.getuid()}:
        raise ProtocolViolation("this daemon belongs to another user", code="permission_denied")
