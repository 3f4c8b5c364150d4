"""A control socket that gives prepared answers, for tests of what stands before it."""

import json
import queue
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

WELCOME = {"pmdaemon": 1, "version": "0.0.test", "pid": 4242}

Line = dict[str, Any] | bytes
"""A message, or, raw, what goes over the wire as it is."""


class ScriptedDaemon:
    """Answers each verb with its next prepared lines, and remembers what it was asked.

    The last answer of a verb is given again and again. A connection is closed after its answer
    unless the verb is in `held`; then it stays open until the client hangs up.
    """

    def __init__(self, socket_path: str) -> None:
        self.welcome: list[Line] = [WELCOME]
        self.hellos: list[dict[str, Any]] = []
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.held: set[str] = set()
        self.hang_ups = 0
        self._answers: dict[str, list[list[Line]]] = {}
        self._told: dict[str, queue.Queue[Line]] = {}
        self._open: set[socket.socket] = set()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(socket_path)
        self._listener.listen()
        self._path = Path(socket_path)
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "ScriptedDaemon":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._path.unlink(missing_ok=True)
        for open_socket in [self._listener, *self._open]:
            with suppress(OSError):
                open_socket.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(60)

    def answers(self, verb: str, *lines: Line) -> None:
        """Prepare one more answer to a verb."""
        self._answers.setdefault(verb, []).append(list(lines))

    def tells(self, verb: str) -> Callable[[Line], None]:
        """Let a verb be answered by and by; what is called with a line sends it.

        It waits for the request, and `verb` has to be in `held`.
        """
        waiting: queue.Queue[Line] = queue.Queue()
        self._told[verb] = waiting
        return waiting.put

    def asked(self, verb: str) -> list[dict[str, Any]]:
        """The bodies of all requests with this verb."""
        return [body for asked, body in self.requests if asked == verb]

    def _serve(self) -> None:
        threads = []
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                break
            self._open.add(connection)
            thread = threading.Thread(target=self._talk, args=(connection,), daemon=True)
            thread.start()
            threads.append(thread)
        for thread in threads:
            thread.join(60)

    def _talk(self, connection: socket.socket) -> None:
        with suppress(OSError), connection, connection.makefile("rwb") as stream:
            self._converse(stream)
        self._open.discard(connection)

    def _converse(self, stream: Any) -> None:
        first = stream.readline()
        if not first:
            return
        self.hellos.append(json.loads(first))
        if not self.welcome:
            return
        welcome = self.welcome[0] if len(self.welcome) == 1 else self.welcome.pop(0)
        if welcome == b"":
            return
        request = json.loads(stream.readline())
        self.requests.append((request["verb"], request["body"]))
        _write(stream, welcome)
        unknown = [] if request["verb"] in self.held else [_unknown(request["verb"])]
        prepared = self._answers.get(request["verb"]) or [unknown]
        for line in prepared[0] if len(prepared) == 1 else prepared.pop(0):
            _write(stream, line)
        if request["verb"] in self.held:
            self._hold(request["verb"], stream)

    def _hold(self, verb: str, stream: Any) -> None:
        """Keep a connection open until the client hangs up."""
        teller = threading.Thread(target=self._tell, args=(verb, stream), daemon=True)
        teller.start()
        stream.readline()
        self.hang_ups += 1
        self._told.setdefault(verb, queue.Queue()).put(b"")
        teller.join(60)

    def _tell(self, verb: str, stream: Any) -> None:
        while line := self._told.setdefault(verb, queue.Queue()).get():
            with suppress(OSError, ValueError):
                _write(stream, line)


def _write(stream: Any, line: Line) -> None:
    stream.write(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n")
    stream.flush()


def _unknown(verb: str) -> Line:
    return {"error": {"code": "protocol_violation", "message": f"no verb {verb}", "details": {}}}


class Answered:
    """A command line whose daemon is a scripted one."""

    daemon: ScriptedDaemon

    def lists(self, *views: object) -> None:
        """Prepare what `list` answers from now on."""
        self.daemon.answers("list", {"result": {"processes": list(views)}})

    def does(self, verb: str, *views: object, **more: object) -> None:
        """Prepare the answer of a verb that acts on processes."""
        self.daemon.answers(verb, {"result": {"processes": list(views), **more}})

    def refuses(self, verb: str, code: str, message: str, **details: object) -> None:
        """Prepare the error that a verb ends with."""
        self.daemon.answers(verb, {"error": {"code": code, "message": message, "details": details}})
