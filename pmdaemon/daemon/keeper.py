"""The keeper: the small parent that makes the daemon's death harmless.

It is the child subreaper of everything we start, so a program whose daemon died becomes its child;
it reaps such programs and keeps their exact exit statuses for the next daemon. It holds a copy of
every descriptor that must not close while a daemon is replaced (listening sockets, and the FIFOs
that programs write to), and starts the daemon again when it dies.

It is meant to stay small and dull: standard library only, no asyncio, no threads, one `poll`. It
knows nothing of processes, logs or the store. `adapters.keeper_link` is the other end of its line.

The line is a pair of SEQPACKET sockets, one JSON object a packet, descriptors beside it
(unix(7), SCM_RIGHTS). What stands in one object is heeded in that order:

    from the daemon   {"keep": [name, …]} with as many descriptors · {"drop": name}
                      {"launched": [[token, pid, start], …]} · {"launching": [token, now] or null}
                      {"recorded": [pid, start]} · {"ready": pid}
                      {"failed": {"code", "message", "details"}}
    to the daemon     {"kept": [name, …]} with as many descriptors · {"programs": [[token, pid,
                      start], …]} · {"exits": [[pid, start, code, signal], …]} · {"begin":
                      {"deaths": n}}, the last of what it gets at its start

A daemon may die at any moment, also between starting a program and writing down which that is, or
between hearing of an exit and writing that down. So the keeper is told of every program, and keeps
in mind which it is and how it ended until the daemon says that the end is recorded.
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
from typing import Any

PACKET = 64 * 1024
DESCRIPTORS_AT_ONCE = 200
"""The kernel takes at most 253 in one packet."""

EXITS_KEPT = 10_000
"""Statuses kept for the next daemon; more than this many deaths without one lose the oldest."""

AT_ONCE = 500
"""Programs, or exits, in one packet."""

RETRY_MILLISECONDS = 1000
"""How long until a daemon is started for which there was no process or no descriptor."""

OPEN_FILES = 65536
"""How many descriptors we ask for: two for each process that runs."""

DEATHS_ALLOWED = 5
DEATHS_WINDOW = 60.0
"""A daemon that dies so often in so many seconds is left down until somebody calls."""

RESTART_CODE = 75
"""Exit code by which a daemon asks to be started anew (sysexits(3), EX_TEMPFAIL)."""

CONTROL = "control"
"""Name of the control socket among the kept descriptors."""

CONCERNED = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""The signals that the keeper heeds."""

Program = tuple[int, int]
"""Pid and start time."""

Exit = tuple[int | None, int | None]
"""Code and signal."""


class Keeper:
    """Starts daemons, one after another, until one ends well.

    Args:
        command: what to execute for a daemon; the number of its end of the line is appended.
        tell: takes it that a daemon is `ready`, that the first cannot start (`error`), or that all
            is about to end (`stopping`).
        log: takes a fact, in one line.
        renew: replaces this process by the code that is installed now, if that can be; False when
            somebody else is to keep this home from now on.

    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        tell: Callable[[dict[str, object]], None],
        log: Callable[[str], None],
        renew: Callable[[dict[str, Any]], bool],
    ) -> None:
        self._command = command
        self._tell = tell
        self._log = log
        self._renew = renew
        self._kept: dict[str, int] = {}
        self._programs: dict[Program, str] = {}
        self._launching: tuple[str, int] | None = None
        self._exits: dict[Program, Exit] = {}
        self._deaths: list[float] = []
        self._line: socket.socket | None = None
        self._daemon: int | None = None
        self._poll = select.poll()
        self._ready = False
        self._hears = False
        self._held: list[int] = []
        self._passed_on: list[int] = []
        self._start_is_due = False
        self._wakeup = -1
        self._limits = resource.getrlimit(resource.RLIMIT_NOFILE)

    def run(self) -> int:
        """Keep until a daemon ends well, or the first cannot start; return the exit code."""
        self._wakeup = _signals_as_descriptor()
        self._poll.register(self._wakeup, select.POLLIN)
        _raise_open_files()
        self._reap()  # what ended while the keeper before us was replaced
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

    @property
    def state(self) -> dict[str, Any]:
        """All that the next keeper has to know."""
        return {
            "kept": self._kept,
            "programs": [[token, *program] for program, token in self._programs.items()],
            "exits": [[*program, *ended] for program, ended in self._exits.items()],
            "limits": self._limits,
        }

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on from where the keeper before us was."""
        self._kept = dict(state["kept"])
        self._programs = {(pid, start): token for token, pid, start in state["programs"]}
        self._exits = {(pid, start): (code, sig) for pid, start, code, sig in state["exits"]}
        if "limits" in state:
            soft, hard = state["limits"]
            self._limits = soft, hard
        self._ready = True

    def _start_daemon(self) -> None:
        self._start_is_due = False
        try:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        except OSError as error:
            self._start_later(error)
            return
        try:
            pid = os.fork()
            if pid == 0:
                _become(theirs, [*self._command, str(theirs.fileno())], self._limits)
        except OSError as error:
            ours.close()
            self._start_later(error)
            return
        finally:
            theirs.close()
        self._daemon = pid
        self._hears = False
        self._line = ours
        self._poll.register(ours, select.POLLIN)
        self._send_what_is_kept()

    def _start_later(self, error: OSError) -> None:
        self._log(f"keeper.no_daemon_yet reason={error.strerror}")
        self._start_is_due = True

    def _send_what_is_kept(self) -> None:
        names = list(self._kept)
        for begin in range(0, len(names), DESCRIPTORS_AT_ONCE):
            batch = names[begin : begin + DESCRIPTORS_AT_ONCE]
            self._send({"kept": batch}, [self._kept[name] for name in batch])
        state = self.state
        for what in ("programs", "exits"):
            for begin in range(0, len(state[what]), AT_ONCE):
                self._send({what: state[what][begin : begin + AT_ONCE]})
        self._exits = {one: how for one, how in self._exits.items() if one in self._programs}
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
        for fact in _understood(packet):
            self._take_in(fact, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)

    def _take_in(self, fact: tuple[str, Any], descriptors: list[int]) -> None:
        match fact:
            case "keep", [*names]:
                self._keep([*map(str, names)], descriptors)
            case "drop", str(name):
                self._drop(name)
            case "launching", [str(token), int(since)]:
                self._launching = token, since
            case "launching", None:
                self._launching = None
            case "launched", [*programs]:
                self._know(programs)
                self._launching = None
            case "recorded", [int(pid), int(start)]:
                self._programs.pop((pid, start), None)
                self._exits.pop((pid, start), None)
            case "ready", pid:
                self._ready = True
                self._tell({"ready": pid})
                self._pass_signals_on()
            case "failed", error:
                self._tell({"error": error})
            case _:
                pass  # a newer daemon may say more than we understand

    def _know(self, programs: Sequence[object]) -> None:
        for program in programs:
            match program:
                case [str(token), int(pid), int(start)]:
                    self._programs[pid, start] = token
                case _:
                    pass

    def _keep(self, names: Sequence[str], descriptors: list[int]) -> None:
        """Take over as many descriptors as have a name, and names as have a descriptor."""
        for name in names[: len(descriptors)]:
            self._drop(name)
            self._kept[name] = descriptors.pop(0)

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
        for number in set(numbers) - {signal.SIGCHLD}:
            if number != signal.SIGHUP:
                self._tell({"stopping": number})
            self._held.append(number)
        if self._held and self._daemon is None and not self._start_is_due:
            self._revive()  # only a daemon can end the programs
        if self._hears:
            self._pass_signals_on()
        return self._reap()

    def _pass_signals_on(self) -> None:
        """Give the daemon the signals that came; before it is ready, they would only kill it."""
        self._hears = True
        # A daemon that dies of being asked to end is followed by one that is asked again.
        self._passed_on += [number for number in self._held if number != signal.SIGHUP]
        held, self._held = self._held, []
        for number in held:
            if self._daemon is not None:
                os.kill(self._daemon, number)

    def _reap(self) -> int | None:
        daemon_ended = False
        daemon_code: int | None = None
        self._hear_the_last_of_a_dead_daemon()
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                found = None
            if found is None:
                break
            by_itself = found.si_code == os.CLD_EXITED
            code = found.si_status if by_itself else None
            if found.si_pid == self._daemon:
                os.waitpid(found.si_pid, 0)
                daemon_ended, daemon_code = True, code
                continue
            program = found.si_pid, _stat(found.si_pid)[3]
            self._remember(program, (code, None if by_itself else found.si_status))
            os.waitpid(found.si_pid, 0)
        # Last, as the next daemon is to know from its beginning what ended together with this one.
        return self._daemon_ended(daemon_code) if daemon_ended else None

    def _hear_the_last_of_a_dead_daemon(self) -> None:
        """Know all that it said and did before the exits of its programs are looked at."""
        if self._daemon is None:
            return
        if os.waitid(os.P_PID, self._daemon, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return
        while self._line is not None:
            self._hear()
        if self._launching is not None:
            token, since = self._launching
            self._launching = None
            if (program := self._begun(since)) is not None:
                self._programs[program] = token

    def _begun(self, since: int) -> Program | None:
        """Find what the daemon began to start when it died.

        What it had started is our child now, dead or alive. This one leads a session, or is about
        to; it may not have got to its exec, so there is nothing else to tell it by.
        """
        processes = os.listdir("/proc") if sys.platform == "linux" else ()  # noqa: PTH208 - lean
        for name in processes:
            if not name.isdigit() or int(name) == self._daemon:
                continue
            pid, parent, session, start = _stat(int(name))
            if parent != os.getpid() or start < since or (pid, start) in self._programs:
                continue
            if session in {pid, os.getsid(0)}:
                return pid, start
        return None

    def _remember(self, program: Program, ended: Exit) -> None:
        """Pass an exit on; that of a program is kept until the daemon has recorded it."""
        if self._line is None or program in self._programs:
            self._exits[program] = ended
        if len(self._exits) > EXITS_KEPT:
            del self._exits[next(iter(self._exits))]
        if self._line is not None:
            self._send({"exits": [[*program, *ended]]})

    def _daemon_ended(self, code: int | None) -> int | None:
        while self._line is not None:  # what it said last
            self._hear()
        self._daemon = None
        self._held = [*self._passed_on, *self._held]
        self._passed_on = []
        if code == 0 or not self._ready:
            return code if code is not None else 1
        if code == RESTART_CODE:
            if not self._renewed():
                return 0
        else:
            now = time.monotonic()
            self._deaths = [at for at in self._deaths if now - at < DEATHS_WINDOW] + [now]
            self._log(f"keeper.daemon_died deaths={len(self._deaths)}")
        if len(self._deaths) < DEATHS_ALLOWED or CONTROL not in self._kept:
            self._start_daemon()
        elif self._held:
            self._log("keeper.programs_left_behind no daemon lives long enough to end them")
            return 1
        else:
            self._log("keeper.daemon_left_down until the next command; programs go on")
            # The next command connects to a socket that is still there, and so calls a daemon.
            self._poll.register(self._kept[CONTROL], select.POLLIN)
        return None

    def _renewed(self) -> bool:
        # Blocked, a signal that comes while we are replaced stays until it can be heeded; what is
        # in the pipe, which does not outlive us, is sent again.
        signal.pthread_sigmask(signal.SIG_BLOCK, CONCERNED)
        heard = set(self._held)
        with contextlib.suppress(BlockingIOError):
            heard.update(os.read(self._wakeup, 256))
        self._held = []
        for number in heard.intersection(CONCERNED):
            os.kill(os.getpid(), number)
        stays = self._renew(self.state)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, CONCERNED)
        return stays

    def _revive(self) -> None:
        self._poll.unregister(self._kept[CONTROL])
        self._start_daemon()
        self._deaths.clear()


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
    for number in CONCERNED:
        signal.signal(number, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, CONCERNED)
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


def _understood(packet: bytes) -> list[tuple[str, Any]]:
    try:
        message = json.loads(packet)
    except (ValueError, RecursionError):
        return []
    return [*message.items()] if isinstance(message, dict) else []


def _become(line: socket.socket, command: Sequence[str], limits: tuple[int, int]) -> None:
    """Turn the forked child into a daemon."""
    try:
        signal.set_wakeup_fd(-1)
        for number in CONCERNED:
            signal.signal(number, signal.SIG_DFL)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        line.set_inheritable(True)
        os.execv(command[0], list(command))  # noqa: S606 - no shell is wanted
    finally:
        os._exit(127)


def _stat(pid: int) -> tuple[int, int, int, int]:
    """Read pid, parent, session, and start in clock ticks since boot (proc(5)).

    All that is there until the process is reaped.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:  # noqa: PTH123 - pathlib is not loaded here
            fields = stat.read().rpartition(b")")[2].split()
            return pid, int(fields[1]), int(fields[3]), int(fields[19])
    except (OSError, IndexError, ValueError):
        return pid, 0, 0, 0
