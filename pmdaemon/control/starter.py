"""Starting a daemon, detached from whoever asked for it.

The daemon tells by one line of JSON on a pipe how its start went: `{"ready": <pid>}`, or
`{"error": {"code": …, "message": …, "details": …}}`.
"""

import os
import select
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pmdaemon
from pmdaemon.control.codec import decode, refusal
from pmdaemon.core.errors import DaemonUnavailable, ProtocolViolation

START_PATIENCE = 30.0
"""Seconds that a daemon may take until it is ready."""

READY_FD = 3
"""The descriptor on which the daemon tells how its start went."""


def start_daemon(
    home: str, environment: Mapping[str, str], *, log: str, patience: float = START_PATIENCE
) -> int:
    """Start the daemon of this home, and return its pid when it is ready.

    Args:
        home: The path of the home.
        environment: What the daemon is to have, without what is meant for the caller alone.
        log: Where the daemon writes, which is named when it cannot be asked.
        patience: Seconds that it may take.

    Raises:
        PmdaemonError: it said why it cannot; `daemon_already_running` when there is one.
        DaemonUnavailable: it said nothing.

    """
    return start_keeper(home, environment, log=log, patience=patience).daemon


class Started(NamedTuple):
    """The pids of a daemon that is ready, and of its keeper, which is a child of ours."""

    keeper: int
    daemon: int


def start_keeper(
    home: str,
    environment: Mapping[str, str],
    *,
    log: str,
    take_over: bool = False,
    patience: float = START_PATIENCE,
) -> Started:
    """Do the same, for somebody who will wait for the keeper's end.

    With `take_over` a daemon that this home has already makes way; its programs run on.

    Raises:
        PmdaemonError: as `start_daemon`.

    """
    reading, writing = os.pipe()
    try:
        pid = _spawn(home, environment, writing, ["--take-over", "yes"] if take_over else [])
    except OSError as error:
        os.close(reading)
        raise DaemonUnavailable(
            f"cannot start the daemon: {str(error.strerror).lower()}"
        ) from error
    finally:
        os.close(writing)
    try:
        line = _first_line(reading, patience)
    finally:
        os.close(reading)
    return Started(pid, _ready(line, pid, log))


def _spawn(home: str, environment: Mapping[str, str], ready_fd: int, options: Sequence[str]) -> int:
    # -P: a json.py in the current directory must not become the daemon's.
    argv = [sys.executable, "-P", "-m", "pmdaemon.daemon"]
    argv += ["--home", home, "--ready-fd", str(READY_FD), *options]
    null = os.devnull
    return os.posix_spawn(
        sys.executable,
        argv,
        importable(environment),
        file_actions=[
            # First of all, as the pipe may itself have one of the numbers to be given away.
            (os.POSIX_SPAWN_DUP2, ready_fd, READY_FD),
            (os.POSIX_SPAWN_OPEN, 0, null, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, null, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, null, os.O_WRONLY, 0),
            *((os.POSIX_SPAWN_CLOSE, fd) for fd in _handed_down() if fd > READY_FD),
        ],
        setsid=True,
        setsigmask=(),
        # A shell lets its background jobs ignore these.
        setsigdef=(signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM),
    )


def importable(variables: Mapping[str, str]) -> dict[str, str]:
    """See that the daemon finds this very package, also when it is not installed."""
    environment = dict(variables)
    root = str(Path(pmdaemon.__file__).parent.parent)
    if sys.path[:1] == [root] or os.path.realpath(sys.path[0] or ".") == root:
        others = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = f"{root}{os.pathsep}{others}" if others else root
    return environment


def _handed_down() -> Iterator[int]:
    """List the descriptors that a child would inherit.

    The daemon would hold them for ever: the lock of a `flock 9`, the pipe of somebody who waits
    for its end.
    """
    for entry in Path("/dev/fd").iterdir():
        try:
            if os.get_inheritable(int(entry.name)):
                yield int(entry.name)
        except OSError:  # the one by which the directory was read
            continue


def _first_line(reading: int, patience: float) -> bytes:
    give_up = _now() + patience
    line = b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([reading], [], [], max(0.0, give_up - _now()))
        if not ready:
            raise DaemonUnavailable(f"the daemon was not ready within {patience:g} s")
        part = os.read(reading, 1 << 16)
        if not part:
            break
        line += part
    return line


def _ready(line: bytes, pid: int, log: str) -> int:
    match _message(line):
        case {"ready": int(ready)}:
            return ready
        case {"error": dict()} as message:
            os.waitpid(pid, os.WNOHANG)
            raise refusal(message)
        case _:
            raise DaemonUnavailable(_why(log), log=log)


def _message(line: bytes) -> dict[str, Any]:
    try:
        return decode(line) if line else {}
    except ProtocolViolation:
        return {}


def _why(log: str) -> str:
    sentence = f"the daemon ended while it was starting; its log is {log}"
    try:
        lines = Path(log).read_text("utf-8", "replace").splitlines()
    except OSError:
        return sentence
    return f"{sentence}, and ends with: {lines[-1].strip()}" if lines else sentence


def _now() -> float:
    return time.monotonic()  # noqa: TID251 - the deadline of a blocking caller
