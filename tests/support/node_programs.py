"""Node programs with our preload, and a test in the place of the daemon.

    with a_node_program(tmp_path, listener, "http.createServer(answer).listen(PORT)") as program:
        program.say({"act": "drain"})

They speak over the channel as with a daemon: the program asks for its socket and gets `listener`;
what else it says is kept for `heard`, and the connections that it hands on for `handed`. Whether it
gets `answers` to its offers, that it `gives` or keeps, and `confirms` what has come, is up to the
test.
"""

import json
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pmdaemon.adapters
from tests.support.machine import needs
from tests.support.waiting import eventually_sync

PRELOAD = Path(pmdaemon.adapters.__file__).with_name("node_preload.cjs")
CMD = "NODE_PMDAEMON"

node = needs("node")


class NodeProgram:
    """A program, and our end of its channel."""

    def __init__(
        self, process: subprocess.Popen[bytes], line: socket.socket, listener: socket.socket
    ) -> None:
        self.process = process
        self._listener = os.readlink(f"/proc/self/fd/{listener.fileno()}")
        self.answers = True
        self.gives = True
        self.confirms = True
        self.handed: list[socket.socket] = []
        self._line = line
        self._unread = b""
        self._heard: list[dict[str, object]] = []
        line.setblocking(False)

    def say(self, word: Mapping[str, object], handle: socket.socket | None = None) -> None:
        """Say something, as the daemon does."""
        message: Mapping[str, object] = {"cmd": CMD, **word}
        files = []
        if handle is not None:
            message = {"cmd": "NODE_HANDLE", "type": "net.Native", "msg": message}
            files = [handle.fileno()]
        with suppress(BrokenPipeError):  # it has ended
            socket.send_fds(self._line, [json.dumps(message).encode() + b"\n"], files)

    def tell(self, message: object) -> None:
        """Send a message that is the program's own affair."""
        self._line.sendall(json.dumps(message).encode() + b"\n")

    def heard(self, act: str) -> dict[str, object] | None:
        """Give the first word of this kind that the program has said by now."""
        self._read()
        return next((word for word in self._heard if word.get("act") == act), None)

    def wait_for(self, act: str) -> dict[str, object]:
        """Wait until the program has said such a word."""
        return eventually_sync(lambda: self.heard(act)) or {}

    def wait_until_it_has_left(self) -> None:
        """Wait until no connection is left; many a program then has nothing more to live for."""
        eventually_sync(lambda: self.heard("drained") or self.process.poll() is not None)
        self._read()

    def give_what_it_asks_for(self, listener: socket.socket) -> None:
        """Let it have its socket."""
        self.say({"seq": self.wait_for("listen")["seq"]}, listener)

    def listens(self) -> bool:
        """Tell whether it has a copy of the socket that it was given."""
        files = Path(f"/proc/{self.process.pid}/fd")
        try:
            return self._listener in {os.readlink(file) for file in files.iterdir()}
        except FileNotFoundError:
            return self.process.poll() is None and self.listens()
        except PermissionError:
            return False  # it is just ending, and what there is of it is root's

    def confirm(self) -> None:
        """Say that a handle has come."""
        with suppress(BrokenPipeError):
            self._line.sendall(b'{"cmd":"NODE_HANDLE_ACK"}\n')

    def _read(self) -> None:
        while True:
            try:
                chunk, descriptors, _, _ = socket.recv_fds(self._line, 65536, 4)
            except (BlockingIOError, ConnectionResetError):
                return
            if not chunk:
                return
            self.handed += [socket.socket(fileno=one) for one in descriptors]
            *lines, self._unread = (self._unread + chunk).split(b"\n")
            for line in map(json.loads, lines):
                if line["cmd"] == "NODE_HANDLE" and self.confirms:
                    self.confirm()
                if line.get("act") == "offer" and self.answers:
                    self.say({"act": "give" if self.gives else "keep"})
                self._heard.append(line.get("msg", line))


@contextmanager
def a_node_program(folder: Path, listener: socket.socket, source: str) -> Iterator[NodeProgram]:
    """Run a program that listens on PORT, and wait until it does."""
    with a_silent_node_program(folder, listener, source) as program:
        program.give_what_it_asks_for(listener)
        program.wait_for("listening")
        yield program


@contextmanager
def a_silent_node_program(
    folder: Path, listener: socket.socket, source: str
) -> Iterator[NodeProgram]:
    """Run a program that waits for its socket."""
    with a_starting_node_program(folder, listener, source) as program:
        program.wait_for("listen")
        yield program


@contextmanager
def a_starting_node_program(
    folder: Path, listener: socket.socket, source: str
) -> Iterator[NodeProgram]:
    """Run a program that may not have asked for anything yet."""
    listener.setblocking(False)
    script = folder / f"program-{len(list(folder.iterdir()))}.js"
    script.write_text(source.replace("PORT", str(listener.getsockname()[1])))
    ours, theirs = socket.socketpair()
    option = f'--require "{PRELOAD}"'
    environment = {
        "PATH": os.environ["PATH"],
        "NODE_CHANNEL_FD": str(theirs.fileno()),
        "NODE_CHANNEL_SERIALIZATION_MODE": "json",
        "NODE_OPTIONS": option,
        "PMDAEMON_PRELOAD": option,
    }
    command = ["node", str(script)]
    with ours, subprocess.Popen(command, env=environment, pass_fds=[theirs.fileno()]) as process:
        theirs.close()
        program = NodeProgram(process, ours, listener)
        try:
            yield program
        finally:
            process.kill()
            for one in program.handed:
                one.close()
