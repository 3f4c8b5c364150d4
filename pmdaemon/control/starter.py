"""Starting a daemon, detached from whoever asked for it.

The daemon tells by one line of JSON on a pipe how its start went: `{"ready": <pid>}`, or
`{"error": {"code": …, "message": …, "details": …}}`.
"""

import fcntl
import os
import select
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pmdaemon
from pmdaemon.control.codec import decode, refusal
from pmdaemon.core.errors import DaemonUnavailable, ProtocolViolation
from pmdaemon.core.wording import why

START_PATIENCE = 30.0
"""Seconds that a daemon may take until it is ready."""

READY_FD = 3
"""The descriptor on which the daemon tells how its start went."""

WORD_FD = 4
"""The descriptor on which a keeper that was prepared waits for our word."""


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
    return _outcome(
        _spawned(home, environment, ["--take-over", "yes"] if take_over else []), log, patience
    )


class Prepared:
    """A keeper that loads itself while we have other things to do, and then waits for our word.

    If none comes because we are gone, or have no need of it, it ends and has touched nothing. To be
    closed.
    """

    def __init__(self, home: str, environment: Mapping[str, str]) -> None:
        """Begin.

        Raises:
            DaemonUnavailable: it cannot be started.

        """
        hearing, self._word = os.pipe()
        try:
            self._candidate = _spawned(home, environment, ["--await-fd", str(WORD_FD)], hearing)
        except BaseException:
            os.close(self._word)
            raise
        finally:
            os.close(hearing)
        self._is_used = False

    def start_daemon(self, *, log: str, patience: float = START_PATIENCE) -> int:
        """Do as the function of that name does; once."""
        self._is_used = True
        with suppress(BrokenPipeError):  # it has died, which is told like any death
            os.write(self._word, b"start\n")
        return _outcome(self._candidate, log, patience).daemon

    @property
    def is_used(self) -> bool:
        """Whether its one daemon has been started."""
        return self._is_used

    def close(self) -> None:
        """Let go of it."""
        os.close(self._word)
        if not self._is_used:
            os.close(self._candidate.reading)


class _Candidate(NamedTuple):
    """A keeper that was begun, and the pipe on which it tells how that went."""

    pid: int
    reading: int


def _outcome(candidate: _Candidate, log: str, patience: float) -> Started:
    try:
        line = _first_line(candidate.reading, patience)
    finally:
        os.close(candidate.reading)
    return Started(candidate.pid, _ready(line, candidate.pid, log))


def _spawned(
    home: str, environment: Mapping[str, str], options: Sequence[str], word_fd: int | None = None
) -> _Candidate:
    reading, writing = os.pipe()
    try:
        pid = _spawn(
            home, environment, [writing] if word_fd is None else [writing, word_fd], options
        )
    except OSError as error:
        os.close(reading)
        raise DaemonUnavailable(f"cannot start the daemon: {why(error)}") from error
    finally:
        os.close(writing)
    return _Candidate(pid, reading)


def _spawn(
    home: str, environment: Mapping[str, str], descriptors: Sequence[int], options: Sequence[str]
) -> int:
    """Start a keeper that has these descriptors as 3, 4, and so on."""
    argv = [sys.executable, *pmdaemon.KEEPER_COMMAND]
    argv += ["--home", home, "--ready-fd", str(READY_FD), *options]
    null = os.devnull
    given = range(READY_FD, READY_FD + len(descriptors))
    leaking = [fd for fd in _handed_down() if fd not in given]
    # Whoever lowered the limit may have opened higher ones before; a file action refuses those.
    most = os.sysconf("SC_OPEN_MAX")
    beyond = [fd for fd in leaking if fd >= most]
    # Out of the way, as one may itself have a number that is to be given away.
    copies = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, given.stop) for fd in descriptors]
    for fd in beyond:
        os.set_inheritable(fd, False)  # noqa: FBT003 - the library's signature
    try:
        return os.posix_spawn(
            sys.executable,
            argv,
            importable(environment),
            file_actions=[
                *((os.POSIX_SPAWN_DUP2, fd, to) for fd, to in zip(copies, given, strict=True)),
                (os.POSIX_SPAWN_OPEN, 0, null, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, null, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_OPEN, 2, null, os.O_WRONLY, 0),
                *((os.POSIX_SPAWN_CLOSE, fd) for fd in leaking if fd < most),
            ],
            setsid=True,
            setsigmask=(),
            # A shell lets its background jobs ignore these.
            setsigdef=(signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM),
        )
    finally:
        for fd in beyond:
            os.set_inheritable(fd, True)  # noqa: FBT003 - as above
        for fd in copies:
            os.close(fd)


def importable(variables: Mapping[str, str]) -> dict[str, str]:
    """See that the daemon finds this very package, also when it is not installed."""
    environment = dict(variables)
    root = str(Path(pmdaemon.__file__).parent.parent)
    if sys.path[:1] == [root] or os.path.realpath(sys.path[0] or ".") == root:
        others = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = f"{root}{os.pathsep}{others}" if others else root
    return environment


def _handed_down() -> Iterator[int]:
    """List the descriptors beyond the usual three that a child would inherit.

    The daemon would hold them for ever: the lock of a `flock 9`, the pipe of somebody who waits
    for its end.
    """
    for entry in Path("/dev/fd").iterdir():
        try:
            if int(entry.name) > 2 and os.get_inheritable(int(entry.name)):
                yield int(entry.name)
        except OSError:  # the one by which the directory was read
            continue


def _first_line(reading: int, patience: float) -> bytes:
    give_up = _now() + patience
    poll = select.poll()  # select takes no descriptor over 1023, which a program that embeds us has
    poll.register(reading, select.POLLIN)
    line = b""
    while not line.endswith(b"\n"):
        if not poll.poll(max(0.0, give_up - _now()) * 1000):
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
            with suppress(ChildProcessError):  # where SIGCHLD is ignored, nobody is to be reaped
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
