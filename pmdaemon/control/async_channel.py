"""The control channel as a client has it, for those who must not block.

It does as `channel` does; only the waiting is another.
"""

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

from pmdaemon.control.channel import (
    ANSWER_PATIENCE,
    CONNECT_PATIENCE,
    RETRY_DELAY,
    HungUp,
    Place,
    check_welcome,
    nobody_answered,
    opening,
    too_late,
    too_long,
    unreachable,
)
from pmdaemon.control.codec import decode, refusal
from pmdaemon.control.messages import MAX_MESSAGE
from pmdaemon.core.errors import DaemonNotRunning, PmdaemonError


class AsyncChannel:
    """Asks the daemon of one home, which is started by `start_daemon`, in a thread, if need be."""

    def __init__(self, home: Place, start_daemon: Callable[[], None] | None = None) -> None:
        self._home = home
        self._start_daemon = start_daemon

    async def request(
        self,
        verb: str,
        body: Mapping[str, object] | None = None,
        *,
        deadline: float = ANSWER_PATIENCE,
        on_progress: Callable[[str], None] | None = None,
    ) -> dict[str, Any]:
        """Ask, and wait for the result, as `Channel.request` does."""
        connection = await self._ask(verb, body, deadline)
        try:
            while True:
                reply = await connection.receive(deadline)
                match reply:
                    case {"result": dict(result)}:
                        return result
                    case {"progress": str(sentence)}:
                        if on_progress is not None:
                            on_progress(sentence)
                    case _:
                        raise refusal(reply)
        finally:
            connection.close()

    async def stream(
        self, verb: str, body: Mapping[str, object] | None = None
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Ask, and yield the items of the answer as they come, as `Channel.stream` does."""
        connection = await self._ask(verb, body, ANSWER_PATIENCE)
        try:
            while True:
                reply = await connection.receive(None)
                match reply:
                    case {"item": dict(item)}:
                        yield item
                    case {"result": dict()}:
                        return
                    case {"progress": str()}:
                        pass
                    case _:
                        raise refusal(reply)
        finally:
            connection.close()

    async def _ask(
        self, verb: str, body: Mapping[str, object] | None, deadline: float
    ) -> "_Connection":
        """Send a request over a connection on which the daemon has said its welcome."""
        lines = opening(verb, body)
        give_up = asyncio.get_running_loop().time() + CONNECT_PATIENCE
        while True:
            connection = await self._connect(give_up)
            try:
                connection.send(lines)
                check_welcome(await connection.receive(deadline))
            except HungUp:
                connection.close()
                await _wait_a_little(give_up)
            except BaseException:
                connection.close()
                raise
            else:
                return connection

    async def _connect(self, give_up: float) -> "_Connection":
        while True:
            try:
                connected = _connected(self._home)
            except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError) as error:
                if await self._started(error):
                    continue
            except BlockingIOError:
                pass  # its queue of connections is full
            except OSError as error:
                raise unreachable(self._home, error) from error
            else:
                return _Connection(
                    *await asyncio.open_unix_connection(sock=connected, limit=MAX_MESSAGE)
                )
            await _wait_a_little(give_up)

    async def _started(self, reason: OSError) -> bool:
        """Start a daemon; False when there is one that is just starting, or ending."""
        if self._start_daemon is None:
            raise DaemonNotRunning(self._home.path) from reason
        try:
            await asyncio.to_thread(self._start_daemon)
        except PmdaemonError as error:
            if error.code != "daemon_already_running":
                raise
            return False
        return True


class _Connection:
    """A connected pair of streams."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def close(self) -> None:
        self._writer.close()

    def send(self, lines: bytes) -> None:
        """Begin to send; who waits for the answer waits for that too.

        A daemon that does not want to read on may have said why, which nobody hears who waits
        until everything is sent.
        """
        self._writer.write(lines)

    async def receive(self, deadline: float | None) -> dict[str, Any]:
        """Read the next message; None waits for ever."""
        try:
            async with asyncio.timeout(deadline):
                line = await self._reader.readuntil()
        except TimeoutError as error:
            raise too_late(deadline or 0.0) from error
        except asyncio.LimitOverrunError as error:
            raise too_long() from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise HungUp from error
        return decode(line)


def _connected(home: Place) -> socket.socket:
    """Connect, which a Unix socket does at once or not at all (unix(7)).

    The event loop's own way takes a full queue, EAGAIN, for a connection that is under way.
    """
    connecting = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connecting.settimeout(0)
    try:
        with home.socket_address() as address:
            connecting.connect(address)
    except BaseException:
        connecting.close()
        raise
    return connecting


async def _wait_a_little(give_up: float) -> None:
    if asyncio.get_running_loop().time() > give_up:
        raise nobody_answered()
    await asyncio.sleep(RETRY_DELAY)
