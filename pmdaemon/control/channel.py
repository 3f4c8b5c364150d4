"""The control channel as a client has it, for those who may block.

It asks one thing per connection, and gives up by a deadline. Hello and request go out together:
a daemon that does not like the hello never looks at the request. So a connection that ends before
the welcome has done nothing, and asking again is safe.
"""

import errno
import socket
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from pmdaemon import __version__
from pmdaemon.control.codec import decode, encode, refusal
from pmdaemon.control.messages import MAX_MESSAGE, PROTOCOL
from pmdaemon.core.errors import (
    DaemonNotRunning,
    DaemonUnavailable,
    HomeUnusable,
    PmdaemonError,
    ProtocolViolation,
)
from pmdaemon.core.wording import shown, why

ANSWER_PATIENCE = 30.0
"""Seconds without a sign of life from the daemon before we stop waiting for its answer."""

CONNECT_PATIENCE = 30.0
"""Seconds in which a daemon has to be there, one that is ending or starting included."""

RETRY_DELAY = 0.02
"""Seconds between two looks at a daemon that is just ending, starting, or flooded."""

SIGNAL_DELAY = 1.0
"""Seconds that one system call waits at the most.

A signal that comes just before such a call does not interrupt it, and Python heeds signals between
two calls: without this bound a Ctrl-C at the wrong moment would be lost until something arrives.
"""


class Place(Protocol):
    """Where a daemon is to be found: a home, of which a client needs no more."""

    path: str

    @property
    def socket(self) -> str:
        """The control socket, for people."""

    def socket_address(self) -> AbstractContextManager[str]:
        """Give an address to connect to, however long the path."""


class Channel:
    """Asks the daemon of one home, which is started by `start_daemon` when none is running.

    Without `start_daemon` a daemon that is not running raises `DaemonNotRunning`.
    """

    def __init__(self, home: Place, start_daemon: Callable[[], None] | None = None) -> None:
        self._home = home
        self._start_daemon = start_daemon

    def request(
        self,
        verb: str,
        body: Mapping[str, object] | None = None,
        *,
        deadline: float = ANSWER_PATIENCE,
        on_progress: Callable[[str], None] | None = None,
    ) -> dict[str, Any]:
        """Ask, and wait for the result.

        The daemon has `deadline` seconds to answer; a line of progress gives it as many anew.

        Raises:
            PmdaemonError: the daemon refuses, with its code and details.
            DaemonUnavailable: it cannot be reached or started, or does not answer.

        """
        with self._ask(verb, body, deadline) as connection:
            while True:
                reply = connection.receive(deadline)
                match reply:
                    case {"result": dict(result)}:
                        return result
                    case {"progress": str(sentence)}:
                        if on_progress is not None:
                            on_progress(sentence)
                    case _:
                        raise refusal(reply)

    def stream(
        self, verb: str, body: Mapping[str, object] | None = None
    ) -> Generator[dict[str, Any], None, None]:
        """Ask at once, and yield the items of the answer as they come, for as long as they come.

        Closing the generator hangs up, which is how a stream is ended from this side.

        Raises:
            PmdaemonError: the daemon refuses, with its code and details.
            DaemonUnavailable: it cannot be reached or started, or went away.

        """
        return _items(self._ask(verb, body, ANSWER_PATIENCE))

    def _ask(self, verb: str, body: Mapping[str, object] | None, deadline: float) -> "_Connection":
        """Send a request over a connection on which the daemon has said its welcome."""
        lines = opening(verb, body)
        give_up = _now() + CONNECT_PATIENCE
        while True:
            connection = self._connect(give_up)
            try:
                connection.send(lines, deadline)
                check_welcome(connection.receive(deadline))
            except HungUp:
                connection.close()
                _wait_a_little(give_up)
            except BaseException:
                connection.close()
                raise
            else:
                return connection

    def _connect(self, give_up: float) -> "_Connection":
        while True:
            try:
                return _Connection(self._home)
            except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError) as error:
                if self._started(error):
                    continue
            except BlockingIOError:
                pass  # its queue of connections is full
            except OSError as error:
                raise unreachable(self._home, error) from error
            _wait_a_little(give_up)

    def _started(self, reason: OSError) -> bool:
        """Start a daemon; False when there is one that is just starting, or ending."""
        if self._start_daemon is None:
            raise DaemonNotRunning(self._home.path) from reason
        try:
            self._start_daemon()
        except PmdaemonError as error:
            if error.code != "daemon_already_running":
                raise
            return False
        return True


class HungUp(DaemonUnavailable):
    """The daemon closed the connection."""

    def __init__(self) -> None:
        super().__init__(
            "the daemon ended before it had answered"
            " (whether it did what was asked, pmdaemon list shows)"
        )


class _Connection:
    """A connected socket, and what was read of it beyond the last line."""

    def __init__(self, home: Place) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._unread = b""
        # A blocking connect would wait while the queue is full; this one says so.
        self._socket.settimeout(ANSWER_PATIENCE)
        try:
            with home.socket_address() as address:
                self._socket.connect(address)
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> "_Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def send(self, lines: bytes, deadline: float) -> None:
        self._socket.settimeout(deadline)
        try:
            self._socket.sendall(lines)
        except TimeoutError as error:
            raise too_late(deadline) from error
        except (BrokenPipeError, ConnectionResetError):
            # It did not want to read on; why, it may have said.
            return

    def receive(self, deadline: float | None) -> dict[str, Any]:
        """Read the next message; None waits for ever."""
        give_up = None if deadline is None else _now() + deadline
        parts = [self._unread]
        size = len(self._unread)
        while b"\n" not in parts[-1]:
            if size > MAX_MESSAGE:
                raise too_long()
            part = self._read(deadline, give_up)
            parts.append(part)
            size += len(part)
        line, _, self._unread = b"".join(parts).partition(b"\n")
        return decode(line)

    def _read(self, deadline: float | None, give_up: float | None) -> bytes:
        while True:
            left = SIGNAL_DELAY if give_up is None else max(0.001, give_up - _now())
            self._socket.settimeout(min(SIGNAL_DELAY, left))
            try:
                part = self._socket.recv(1 << 18)
            except TimeoutError as error:
                if give_up is not None and _now() >= give_up:
                    raise too_late(deadline or 0.0) from error
                continue
            except ConnectionResetError:
                part = b""
            if not part:
                raise HungUp
            return part


def _items(connection: _Connection) -> Generator[dict[str, Any], None, None]:
    with connection:
        while True:
            reply = connection.receive(None)
            match reply:
                case {"item": dict(item)}:
                    yield item
                case {"result": dict()}:
                    return
                case {"progress": str()}:
                    pass
                case _:
                    raise refusal(reply)


def opening(verb: str, body: Mapping[str, object] | None) -> bytes:
    """Word what a client says first: its hello, and what it asks."""
    hello = encode({"pmdaemon": PROTOCOL, "version": __version__})
    return hello + encode({"verb": verb, "body": body or {}})


def check_welcome(welcome: dict[str, Any]) -> None:
    """See that the daemon has said its welcome, and speaks as we do.

    Raises:
        PmdaemonError: it has not, or does not.

    """
    match welcome:
        case {"pmdaemon": int(spoken), "version": str(), "pid": int()} if spoken == PROTOCOL:
            return
        case {"pmdaemon": int(), "version": str(version), "pid": int(pid)}:
            raise ProtocolViolation(
                f"the running daemon is pmdaemon {version}, which this pmdaemon {__version__}"
                f" cannot talk to: end it with kill {pid}, and it comes back in this version",
                pid=pid,
                version=version,
            )
        case _:
            raise refusal(welcome)


def unreachable(home: Place, error: OSError) -> PmdaemonError:
    """Word that there is something in the daemon's place that cannot be connected to."""
    if isinstance(error, PermissionError) or error.errno == errno.ENAMETOOLONG:
        return HomeUnusable(f"cannot use {shown(home.path)} as home: {why(error)}", home=home.path)
    return DaemonUnavailable(f"cannot reach the daemon at {home.socket}: {why(error)}")


def too_late(deadline: float) -> DaemonUnavailable:
    """Word that an answer has not come in time."""
    return DaemonUnavailable(
        f"the daemon did not answer within {deadline:g} s; should it hang, kill -9 it by the pid in"
        " daemon.pid of its home: the next one takes over, and programs run on"
    )


def too_long() -> ProtocolViolation:
    """Word that a line has no end."""
    return ProtocolViolation(f"the daemon sent a line of over {MAX_MESSAGE} bytes")


def nobody_answered() -> DaemonUnavailable:
    """Word that no daemon has come to answer."""
    return DaemonUnavailable(f"no daemon answered within {CONNECT_PATIENCE:g} s")


def _wait_a_little(give_up: float) -> None:
    if _now() > give_up:
        raise nobody_answered()
    time.sleep(RETRY_DELAY)


def _now() -> float:
    return time.monotonic()  # noqa: TID251 - the deadlines of a blocking client
