"""What answers on the socket of PM2's daemon, for tests of those who ask it."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pmdaemon.client.pm2_daemon import message


def answer(body: object) -> bytes:
    """Word an answer as PM2's daemon does."""
    return message([f"j:{json.dumps(body)}", "s:pmdaemon:1"])


def listed(*entries: dict[str, Any]) -> bytes:
    """Word the answer that lists processes."""
    return answer({"args": [[{"pm_id": n, "pm2_env": each} for n, each in enumerate(entries)]]})


@contextmanager
def a_pm2_daemon(home: Path, *answers: bytes) -> Iterator[list[bytes]]:
    """Answer one call after the other, and give what was asked."""
    asked: list[bytes] = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(home / "rpc.sock"))
        listener.listen()

        def serve() -> None:
            for each in answers:
                connection, _ = listener.accept()
                with connection:
                    asked.append(connection.recv(65536))
                    connection.sendall(each)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield asked
        thread.join(60)
