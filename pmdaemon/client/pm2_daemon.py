"""Asking PM2's own daemon what is up, over its socket.

A message is a byte with its version and the number of its arguments, and then each argument behind
its length in four bytes (AMP). Arguments are text with their kind in front: `j:` for JSON, `s:` for
a string; the last one is the number of the request.
"""

import json
import socket
from pathlib import Path
from typing import IO, Any

from pmdaemon.core.errors import OperationFailed

_VERSION = 1
_REQUEST = "pmdaemon:1"
_LONGEST = 256 * 1024 * 1024
"""Bytes in one argument: a list of thousands of processes is some megabytes."""

PATIENCE = 10.0
"""Seconds without a word from it."""


def running_in(home: Path) -> list[dict[str, Any]] | None:
    """List what PM2's daemon of this home has, or return None when there is no such daemon.

    Raises:
        OperationFailed: there is one, and it cannot be understood.

    """
    path = home / "rpc.sock"
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        try:
            connection.connect(str(path))
        except OSError:
            return None  # a daemon that died leaves its socket behind
        try:
            return _ask(connection)
        except (OSError, ValueError, LookupError, TypeError) as error:
            message = f"cannot understand PM2's daemon at {path}: {str(error).lower()}"
            raise OperationFailed(message, path=str(path)) from error


def _ask(connection: socket.socket) -> list[dict[str, Any]]:
    call = {"type": "call", "method": "getMonitorData", "args": [{}]}
    connection.sendall(message([f"j:{json.dumps(call)}", f"s:{_REQUEST}"]))
    with connection.makefile("rb") as stream:
        count = _exactly(stream, 1)[0] & 0x0F
        answer, *_ = [_argument(stream) for _ in range(count)]
    body = json.loads(answer.removeprefix(b"j:"))
    if "error" in body:
        raise ValueError(str(body["error"]))
    [found] = body["args"]
    return [{**each["pm2_env"], "pm_id": each["pm_id"]} for each in found]


def _argument(stream: IO[bytes]) -> bytes:
    size = int.from_bytes(_exactly(stream, 4), "big")
    if size > _LONGEST:
        raise ValueError("its answer is too large")
    return _exactly(stream, size)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise ValueError("its answer breaks off")
    return content


def message(arguments: list[str]) -> bytes:
    """Word a message."""
    parts = [bytes([_VERSION << 4 | len(arguments)])]
    for argument in arguments:
        content = argument.encode()
        parts += [len(content).to_bytes(4, "big"), content]
    return b"".join(parts)
