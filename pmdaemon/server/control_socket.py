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
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from pmdaemon import __version__
from pmdaemon.control.messages import MAX_MESSAGE, PROTOCOL, ErrorBody, Hello, Reply, Request
from pmdaemon.core.errors import PmdaemonError, ProtocolViolation
from pmdaemon.core.wording import why

log = logging.getLogger(__name__)

REQUEST_DEADLINE = 10.0
"""Seconds within which a client has to have said what it wants."""

CLIENTS_AT_ONCE = 1024
"""Connections served at a time; more are refused with a sentence, and followers count too."""

ACCEPTED_AT_ONCE = 1
"""Connections accepted in a turn of the loop. Where descriptors are spent, asyncio of Python 3.11
tries, and logs, as often as it may in one turn, and then waits a second."""

BACKLOG = 128
"""Clients that wait while a daemon is replaced."""

UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)
"""What comes of a line that is no JSON, or nested without end."""

_decode_hello = msgspec.json.Decoder(Hello).decode


class Conversation:
    """One connection, as a verb sees it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.goes_on = False
        """Whether it is a stream by now, which ends when the client goes."""

    async def send(self, reply: Reply) -> None:
        """Send one line; waits while the client is slow to read.

        Raises:
            ConnectionError: the client is gone.

        """
        self._writer.write(_line(reply))
        await self._writer.drain()

    async def closed(self) -> None:
        """Wait until the client has gone."""
        self.goes_on = True
        while await self._reader.read(4096):
            pass


Verb = Callable[[dict[str, Any], Conversation], Awaitable[dict[str, Any]]]
"""Does what a request asks for; what it returns is the `result`."""


class ControlSocket:
    """Listens on a Unix socket, and answers.

    Args:
        verbs: what can be asked for.
        deadline: seconds within which a client has to have said what it wants.
        clients_at_once: how many are served at a time.

    """

    def __init__(
        self,
        verbs: dict[str, Verb],
        *,
        deadline: float = REQUEST_DEADLINE,
        clients_at_once: int = CLIENTS_AT_ONCE,
    ) -> None:
        self._verbs = verbs
        self._deadline = deadline
        self._clients_at_once = clients_at_once
        self._server: asyncio.Server | None = None
        self._conversations: dict[asyncio.Task[None], Conversation] = {}

    async def listen(self, listener: socket.socket) -> None:
        """Begin to answer on a bound socket."""
        # The next daemon goes on listening where we did, so closing must not remove the socket's
        # file, as Python does by itself since 3.13.
        options: dict[str, Any] = {"cleanup_socket": False} if sys.version_info >= (3, 13) else {}
        self._server = await asyncio.start_unix_server(
            self._serve, sock=listener, limit=MAX_MESSAGE, backlog=ACCEPTED_AT_ONCE, **options
        )
        # asyncio takes the one number for both.
        listener.listen(BACKLOG)

    def leave(self) -> None:
        """Take no more connections."""
        if self._server is not None:
            self._server.close()

    async def close(self, *, patience: float = 2.0) -> None:
        """Leave; end streams, and give those that are being answered `patience` seconds."""
        self.leave()
        for task, conversation in self._conversations.items():
            if conversation.goes_on:
                task.cancel()
        if pending := list(self._conversations):
            _, late = await asyncio.wait(pending, timeout=patience)
            for task in late:
                task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            raise AssertionError("asyncio serves each connection in a task")
        conversation = self._conversations[task] = Conversation(reader, writer)
        try:
            await self._converse(conversation, reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass  # the client has gone, or we are about to
        finally:
            del self._conversations[task]
            writer.close()

    async def _converse(
        self, conversation: Conversation, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            if len(self._conversations) > self._clients_at_once:
                raise ProtocolViolation("too many clients at once; try again")
            _check_peer(writer)
            async with asyncio.timeout(self._deadline):
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


def _line(reply: Reply) -> bytes:
    try:
        return msgspec.json.encode(reply) + b"\n"
    except (TypeError, ValueError, OverflowError):
        # Lone surrogates (see `_read_request`), or a number that only Python has room for: what
        # takes both takes several times as long, which a list of a thousand processes would feel.
        return json.dumps(reply, separators=(",", ":")).encode() + b"\n"


def _welcome() -> Any:  # noqa: ANN401 - a Welcome is no Reply, and goes the same way
    return {"pmdaemon": PROTOCOL, "version": __version__, "pid": os.getpid()}


def _worded(error: PmdaemonError) -> ErrorBody:
    return {"code": error.code, "message": error.message, "details": error.details}


def _check_hello(line: bytes) -> None:
    try:
        hello = _decode_hello(line)
    except UNREADABLE:
        raise ProtocolViolation("this is no greeting of a pmdaemon client") from None
    if hello["pmdaemon"] != PROTOCOL:
        raise ProtocolViolation(
            f"the client speaks version {hello['pmdaemon']} of the control channel,"
            f" this daemon ({__version__}) version {PROTOCOL}",
            code="protocol_version",
        )


def _read_request(line: bytes) -> Request:
    try:
        # Read by `json`, as msgspec takes no lone surrogates, in which Python has the bytes of a
        # path or an environment that are no UTF-8 (PEP 383).
        return msgspec.convert(json.loads(line), Request)
    except msgspec.ValidationError as error:
        from pmdaemon.core.misfits import misfit  # noqa: PLC0415 - only a mistake pays for it

        raise ProtocolViolation(f"this is no request: {misfit(error)}") from None
    except UNREADABLE as error:
        raise ProtocolViolation(f"this is no request: {why(error)}") from None


def _check_peer(writer: asyncio.StreamWriter) -> None:
    """Let in only the user whom the home belongs to, and root (unix(7), SO_PEERCRED)."""
    if not hasattr(socket, "SO_PEERCRED"):
        return  # the socket's mode, 0600, has to do
    peer = writer.get_extra_info("socket")
    _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    if uid not in {0, os.getuid()}:
        raise ProtocolViolation("this daemon belongs to another user", code="permission_denied")
