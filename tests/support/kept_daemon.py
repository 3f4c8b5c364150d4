"""A daemon as the keeper sees one: it speaks the line, and does what it is told.

It writes down what happens to it, a JSON object a line, and reads commands byte by byte from a
FIFO, so that those it does not come to are for the next one.
"""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HEEDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def ticks_since_boot() -> int:
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK"))


class KeptDaemon:
    def __init__(self, folder: Path, line: socket.socket) -> None:
        self.folder = folder
        self.line = line
        self.kept: dict[str, int] = {}
        self.shrugs = False
        self.children: list[subprocess.Popen[bytes]] = []
        self.commands = os.open(folder / "commands", os.O_RDWR)

    def note(self, **facts: Any) -> None:
        with (self.folder / "notes").open("a") as notes:
            notes.write(json.dumps({"pid": os.getpid(), **facts}) + "\n")

    def begin(self) -> None:
        inherited = len(os.listdir("/proc/self/fd"))
        exits: list[Any] = []
        programs: list[Any] = []
        deaths = None
        while deaths is None:
            packet, descriptors, _, _ = socket.recv_fds(self.line, 65536, 253)
            message = json.loads(packet)
            self.kept.update(zip(message.get("kept", []), descriptors, strict=True))
            exits += message.get("exits", [])
            programs += message.get("programs", [])
            deaths = message.get("begin", {}).get("deaths")
        self.note(
            began=True,
            kept=sorted(self.kept),
            exits=exits,
            programs=programs,
            deaths=deaths,
            inherited=inherited,
            open_files=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
            arenas=os.environ.get("MALLOC_ARENA_MAX"),
        )

    def say(self, message: dict[str, Any], *descriptors: int) -> None:
        socket.send_fds(self.line, [json.dumps(message).encode()], list(descriptors))

    def listen(self) -> None:
        if "control" not in self.kept:
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(self.folder / "control"))
            listener.listen()
            self.kept["control"] = os.dup(listener.fileno())
            self.say({"keep": ["control"]}, listener.fileno())

    def heed(self, number: int, _: object) -> None:
        self.note(signal=number)
        if number != signal.SIGHUP and not self.shrugs:
            os._exit(0)

    def obey(self) -> None:
        line = b""
        while not line.endswith(b"\n"):
            line += os.read(self.commands, 1)
        getattr(self, "do_" + line.decode().split()[0])(*line.decode().split()[1:])

    def do_exit(self, code: str) -> None:
        os._exit(int(code))

    def do_abort(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def do_start(self, *program: str) -> None:
        self.say({"launching": [f"token {len(self.children)}", ticks_since_boot()]})
        child = subprocess.Popen(["/bin/sh", "-c", " ".join(program)], start_new_session=True)
        self.children.append(child)
        began = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[19]
        self.say({"launched": [[f"token {child.pid}", child.pid, int(began)]]})
        self.note(started=child.pid)

    def do_keep(self, name: str) -> None:
        reading, writing = os.pipe()
        os.write(writing, name.encode())
        os.close(writing)
        self.say({"keep": [name]}, reading)
        os.close(reading)

    def do_drop(self, name: str) -> None:
        self.say({"drop": name})

    def do_read(self, name: str) -> None:
        self.note(read=os.read(self.kept[name], 100).decode())

    def do_accept(self) -> None:
        listener = socket.socket(fileno=os.dup(self.kept["control"]))
        connection, _ = listener.accept()
        connection.sendall(f"{os.getpid()}\n".encode())
        connection.close()

    def do_raw(self, text: str) -> None:
        self.line.send(bytes.fromhex(text))

    def do_flood(self) -> None:
        reading, writing = os.pipe()
        socket.send_fds(self.line, [b'{"keep": ["many"]}'], [reading] * 20)
        os.close(reading)
        os.close(writing)

    def do_exits(self) -> None:
        self.line.settimeout(60)
        self.note(told=json.loads(self.line.recv(65536))["exits"])

    def do_shrug(self) -> None:
        self.shrugs = True

    def do_launch_and_die(self) -> None:
        self.say({"launching": ["the last", ticks_since_boot()]})
        child = subprocess.Popen(["/bin/sh", "-c", "exit 7"], start_new_session=True)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        os.kill(os.getpid(), signal.SIGKILL)

    def do_record(self, pid: str, began: str) -> None:
        self.say({"recorded": [int(pid), int(began)]})

    def do_ping(self) -> None:
        self.note(pong=True)


def main(folder: Path, line_fd: int) -> None:
    daemon = KeptDaemon(folder, socket.socket(fileno=line_fd))
    daemon.begin()
    if (folder / "cannot-start").exists():
        daemon.say({"failed": {"code": "c", "message": "m", "details": {}}})
        os._exit(1)
    if (folder / "dies-at-once").exists():
        os._exit(3)
    for number in HEEDED:
        signal.signal(number, daemon.heed)
    daemon.listen()
    if (folder / "slow").exists():
        os.read(daemon.commands, len(b"go on\n"))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HEEDED)
    daemon.say({"ready": os.getpid()})
    while True:
        daemon.obey()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
