"""The keeper: the small parent that makes the daemon's death harmless.

It is the child subreaper of everything we start, so a program whose daemon died becomes its child;
it reaps such programs and keeps their exact exit statuses for the next daemon. It holds a copy of
every descriptor that must not close while a daemon is replaced (listening sockets, and the FIFOs
that programs write to), and starts the daemon again when it dies.

It is meant to stay small and dull: standard library only, no asyncio, no threads, one `poll`. It
knows nothing of processes, logs or the store. `adapters.keeper_link` is the other end of its line.

The line is a pair of SEQPACKET sockets, one JSON object a packet, descriptors beside it
(unix(7), SCM_RIGHTS):

    from the daemon   {"keep": name} with a descriptor · {"drop": name} · {"ready": pid}
                      {"failed": {"code", "message", "details"}}
    to the daemon     {"kept": [name, …]} with as many descriptors · {"exits": [[pid, start, code,
                      signal], …]} · {"begin": {"deaths": n}}, the last of what it gets at its start
"""

import contextlib
import json
import os
import resource
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence

PACKET = 64 * 1024
DESCRIPTORS_AT_ONCE = 200
"""The kernel takes at most 253 in one packet."""

EXITS_KEPT = 10_000
"""Statuses kept for the next daemon; more than this many deaths without one lose the oldest."""

EXITS_TOLD = 200
"""Latest statuses kept although they were told: that daemon may have died before it heard."""

DEATHS_ALLOWED = 5
DEATHS_WINDOW = 60.0
"""A daemon that dies so often in so many seconds is left down until somebody calls."""

RETRY_MILLISECONDS = 1000
"""How long until a daemon is started for which there was no process or no descriptor."""

OPEN_FILES = 65536
"""How many descriptors we ask for: two for each process that runs."""

HEEDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Signals that are passed on to the daemon.

A daemon begins with these blocked, so that none is lost, or ends it, before it can heed them.
"""

RESTART_CODE = 75
"""Exit code by which a daemon asks to be started anew (sysexits(3), EX_TEMPFAIL)."""

CONTROL = "control"
"""Name of the control socket among the kept descriptors."""

Exit = tuple[int, int, int | None, int | None]


class Keeper:
    """Starts daemons, one after another, until one ends well.

    Args:
        command: what to execute for a daemon; the number of its end of the line is appended.
        tell: takes the first daemon's `ready` or `failed` to whoever started us.
        log: takes a fact, in one line.
        renew: goes on in a new process image, with the state it is given; returns if it cannot.

    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        tell: Callable[[dict[str, object]], None],
        log: Callable[[str], None],
        renew: Callable[[dict[str, object]], None],
    ) -> None:
        self._command = command
        self._tell = tell
        self._log = log
        self._renew = renew
        self._kept: dict[str, int] = {}
        self._exits: list[Exit] = []
        self._deaths: list[float] = []
        self._line: socket.socket | None = None
        self._daemon: int | None = None
        self._poll = select.poll()
        self._wakeup = -1
        self._ready = False
        self._asked_to_end: int | None = None
        self._start_is_due = False
        self._limits = resource.getrlimit(resource.RLIMIT_NOFILE)

    def run(self) -> int:
        """Keep until a daemon ends well, or the first cannot start; return the exit code."""
        self._wakeup = _signals_as_descriptor()
        self._poll.register(self._wakeup, select.POLLIN)
        _raise_open_files()
        self._reap()
        self._start_daemon()
        while True:
            events = self._poll.poll(RETRY_MILLISECONDS if self._start_is_due else None)
            if self._start_is_due:
                self._start_daemon()
            # Only the first: what is done about it may outdate the others.
            for descriptor, _ in events[:1]:
                if self._line is not None and descriptor == self._line.fileno():
                    self._hear()
                elif descriptor == self._wakeup:
                    code = self._heed(os.read(self._wakeup, 256))
                    if code is not None:
                        return code
                elif descriptor == self._kept.get(CONTROL):
                    self._revive()

    def resume(
        self, kept: Mapping[str, int], exits: Sequence[Exit], limits: Sequence[int] | None
    ) -> None:
        """Go on from where the keeper before us was."""
        self._kept = dict(kept)
        self._exits = list(exits)
        if limits is not None:
            self._limits = (limits[0], limits[1])
        self._ready = True

    def _start_daemon(self) -> None:
        self._start_is_due = False
        try:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        except OSError as error:
            self._start_later(error)
            return
        signal.pthread_sigmask(signal.SIG_BLOCK, HEEDED)
        try:
            pid = os.fork()
            if pid == 0:
                _become(theirs, [*self._command, str(theirs.fileno())], self._limits)
        except OSError as error:
            ours.close()
            self._start_later(error)
            return
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, HEEDED)
            theirs.close()
        self._daemon = pid
        self._line = ours
        self._poll.register(ours, select.POLLIN)
        self._send_what_is_kept()
        if self._asked_to_end is not None:
            os.kill(pid, self._asked_to_end)

    def _start_later(self, error: OSError) -> None:
        self._log(f"keeper.no_daemon_yet reason={error.strerror}")
        self._start_is_due = True

    def _send_what_is_kept(self) -> None:
        names = list(self._kept)
        for begin in range(0, len(names), DESCRIPTORS_AT_ONCE):
            batch = names[begin : begin + DESCRIPTORS_AT_ONCE]
            self._send({"kept": batch}, [self._kept[name] for name in batch])
        for begin in range(0, len(self._exits), 500):
            self._send({"exits": self._exits[begin : begin + 500]})
        self._send({"begin": {"deaths": len(self._deaths)}})

    def _send(self, message: dict[str, object], descriptors: Sequence[int] = ()) -> None:
        if self._line is None:
            return
        with contextlib.suppress(OSError):  # it has died; SIGCHLD tells
            socket.send_fds(self._line, [json.dumps(message).encode()], list(descriptors))

    def _hear(self) -> None:
        """Take one packet from the daemon."""
        if self._line is None:
            return
        packet, descriptors = _receive(self._line)
        if not packet:
            self._hang_up()
            return
        message = _understood(packet)
        match message:
            case {"keep": str(name)} if descriptors:
                self._drop(name)
                self._kept[name] = descriptors.pop(0)
            case {"drop": str(name)}:
                self._drop(name)
            case {"ready": pid}:
                self._ready = True
                self._exits = self._exits[-EXITS_TOLD:]
                self._tell({"ready": pid})
            case {"failed": error}:
                self._tell({"error": error})
            case _:
                pass  # a newer daemon may say more than we understand
        for descriptor in descriptors:
            os.close(descriptor)

    def _drop(self, name: str) -> None:
        descriptor = self._kept.pop(name, None)
        if descriptor is not None:
            os.close(descriptor)

    def _hang_up(self) -> None:
        if self._line is not None:
            self._poll.unregister(self._line)
            self._line.close()
            self._line = None

    def _heed(self, numbers: bytes) -> int | None:
        """Act on signals; return an exit code when all is over."""
        for number in set(numbers) & set(HEEDED):
            if number != signal.SIGHUP:
                self._asked_to_end = number
            if self._daemon is not None:
                os.kill(self._daemon, number)
            elif number != signal.SIGHUP and not self._start_is_due:
                # Only a daemon can end the programs, so one more has to try.
                self._revive()
        return self._reap()

    def _reap(self) -> int | None:
        daemon_ended = False
        daemon_code: int | None = None
        exits: list[Exit] = []
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                found = None
            if found is None:
                break
            started = _start_time(found.si_pid)
            os.waitpid(found.si_pid, os.WNOHANG)
            by_itself = found.si_code == os.CLD_EXITED
            code = found.si_status if by_itself else None
            if found.si_pid == self._daemon:
                daemon_ended, daemon_code = True, code
            else:
                exits.append((found.si_pid, started, code, None if by_itself else found.si_status))
        if exits:
            # Before another daemon is started, which is to have them from the beginning.
            self._exits = [*self._exits, *exits][-EXITS_KEPT:]
            self._send({"exits": exits})
        return self._daemon_ended(daemon_code) if daemon_ended else None

    def _daemon_ended(self, code: int | None) -> int | None:
        while self._line is not None:  # what it said last
            self._hear()
        self._daemon = None
        if code == 0 or not self._ready:
            return code if code is not None else 1
        if code == RESTART_CODE:
            self._go_on_anew()
        else:
            now = time.monotonic()
            self._deaths = [at for at in self._deaths if now - at < DEATHS_WINDOW] + [now]
            self._log(f"keeper.daemon_died deaths={len(self._deaths)}")
        if len(self._deaths) < DEATHS_ALLOWED or CONTROL not in self._kept:
            self._start_daemon()
        elif self._asked_to_end is not None:
            self._log("keeper.gave_up ending the programs")
            return 1
        else:
            self._log("keeper.daemon_left_down until the next command; programs go on")
            # The next command connects to a socket that is still there, and so calls a daemon.
            self._poll.register(self._kept[CONTROL], select.POLLIN)
        return None

    def _revive(self) -> None:
        self._poll.unregister(self._kept[CONTROL])
        self._start_daemon()
        self._deaths.clear()

    def _go_on_anew(self) -> None:
        # Blocked, a signal that comes while we are replaced stays until it can be heeded; what is
        # in the pipe, which does not outlive us, is sent again.
        signal.pthread_sigmask(signal.SIG_BLOCK, HEEDED)
        heard = set() if self._asked_to_end is None else {self._asked_to_end}
        with contextlib.suppress(BlockingIOError):
            heard.update(os.read(self._wakeup, 256))
        for number in heard.intersection(HEEDED):
            os.kill(os.getpid(), number)
        self._renew({"kept": self._kept, "exits": self._exits, "limits": self._limits})
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HEEDED)  # it could not be done


def be_subreaper() -> bool:
    """Become the parent of every orphan below us (prctl(2), Linux only); say whether we are."""
    if not sys.platform.startswith("linux"):
        return False
    import ctypes  # noqa: PLC0415 - only here

    pr_set_child_subreaper = 36
    done: int = ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1, 0, 0, 0)
    return done == 0


def _signals_as_descriptor() -> int:
    """Turn the signals that concern us into bytes to be read from a descriptor."""
    reading, writing = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, *HEEDED):
        signal.signal(number, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HEEDED)
    return reading


def _raise_open_files() -> None:
    """Allow ourselves as many descriptors as we may need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _receive(line: socket.socket) -> tuple[bytes, list[int]]:
    """Take a packet, or nothing from a daemon that has gone."""
    try:
        packet, descriptors, _, _ = socket.recv_fds(line, PACKET, 8)
    except OSError:
        return b"", []
    for descriptor in descriptors:
        # The next daemon gets what we keep over its line, and nothing by inheritance.
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - the library's signature
    return packet, list(descriptors)


def _understood(packet: bytes) -> object:
    try:
        return json.loads(packet)
    except (ValueError, RecursionError):
        return None


def _become(line: socket.socket, command: Sequence[str], limits: tuple[int, int]) -> None:
    """Turn the forked child into a daemon."""
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, *HEEDED):
            signal.signal(number, signal.SIG_DFL)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        line.set_inheritable(True)
        os.execv(command[0], list(command))  # noqa: S606 - no shell is wanted
    finally:
        os._exit(127)


def _start_time(pid: int) -> int:
    """Read when a child began, in clock ticks since boot; it is there until it is reaped."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:  # noqa: PTH123 - pathlib is not loaded here
            return int(stat.read().rpartition(b")")[2].split()[19])
    except (OSError, IndexError, ValueError):
        return 0
