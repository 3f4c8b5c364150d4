"""The keeper: the small parent that makes the daemon's death harmless.

It is the child subreaper of everything we start, so a program whose daemon died becomes its child;
it reaps such programs and keeps their exact exit statuses for the next daemon. It holds a copy of
every descriptor that must not close while a daemon is replaced (listening sockets, and the FIFOs
that programs write to), and starts the daemon again when it dies.

It is meant to stay small and dull: standard library only, and little of that (`daemon.bare`), no
asyncio, no threads, one `poll`. It knows nothing of processes, logs or the store.
`adapters.keeper_link` is the other end of its line.

The line is a pair of SEQPACKET sockets, one JSON object a packet, descriptors beside it
(unix(7), SCM_RIGHTS). What stands in one object is heeded in that order:

    from the daemon   {"keep": [name, …]} with as many descriptors · {"drop": name}
                      {"launched": [[token, pid, start], …]} · {"launching": [token, now] or null}
                      {"recorded": [pid, start]} · {"ready": pid}
                      {"failed": {"code", "message", "details"}}
    to the daemon     {"kept": [name, …]} with as many descriptors · {"programs": [[token, pid,
                      start], …]} · {"exits": [[pid, start, code, signal], …]} · {"begin":
                      {"deaths": n}}, the last of what it gets at its start

What is kept for the next daemon stands in `daemon.kept`, what a dead one leaves behind is found by
`daemon.orphans`.
"""

from __future__ import annotations

import os
import resource
import select
import time

from pmdaemon.daemon import open_files, orphans, packets, refusing
from pmdaemon.daemon.bare import signal, socket
from pmdaemon.daemon.kept import Kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from pmdaemon.daemon.kept import Exit, Program


RETRY_MILLISECONDS = 1000
"""How long until the next try when no process or no descriptor could be had for a daemon."""

REFUSED_MILLISECONDS = 30_000
"""How long until a daemon that could not start is tried again, unless somebody asks before."""

DEATHS_ALLOWED = 5
DEATHS_WINDOW = 60.0
"""A daemon that dies so often in so many seconds is left down until somebody calls."""

RESTART_CODE = 75
"""Exit code by which a daemon asks to be started anew (sysexits(3), EX_TEMPFAIL)."""

ALLOCATOR = {"MALLOC_ARENA_MAX": "1"}
"""What a daemon's C library is told (mallopt(3)): to give its few threads no heaps of their own."""

CONTROL = "control"
"""Name of the control socket among the kept descriptors."""

CONCERNED = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""The signals that the keeper heeds."""


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
        self._kept = Kept()
        self._launching: tuple[str, int] | None = None
        self._deaths: list[float] = []
        self._line: socket.socket | None = None
        self._daemon: int | None = None
        self._poll = select.poll()
        self._ready = False
        self._came_up = False
        self._stillborn = 0
        self._refusal: Mapping[str, object] | None = None
        self._hears = False
        self._held: list[int] = []
        self._passed_on: list[int] = []
        self._start_is_due: int | None = None
        self._is_left_down = False
        self._wakeup = -1
        self._limits = resource.getrlimit(resource.RLIMIT_NOFILE)

    def run(self) -> int:
        """Keep until a daemon ends well, or the first cannot start; return the exit code."""
        self._wakeup = _signals_as_descriptor()
        self._poll.register(self._wakeup, select.POLLIN)
        open_files.raise_limit()
        self._reap()  # what ended while the keeper before us was replaced
        self._start_daemon()
        while True:
            events = self._poll.poll(self._start_is_due)
            if self._start_is_due is not None and not events:
                self._revive() if self._is_left_down else self._start_daemon()
            # Only the first: what is done about it may outdate the others.
            for descriptor, _ in events[:1]:
                if self._line is not None and descriptor == self._line.fileno():
                    self._hear()
                elif descriptor == self._wakeup:
                    code = self._on_signals(os.read(self._wakeup, 256))
                    if code is not None:
                        return code
                elif descriptor == self._kept.descriptors.get(CONTROL):
                    self._revive()

    @property
    def state(self) -> dict[str, Any]:
        """All that the next keeper has to know."""
        return {**self._kept.state, "limits": self._limits}

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on from where the keeper before us was."""
        self._kept.resume(state)
        if "limits" in state:
            soft, hard = state["limits"]
            self._limits = soft, hard
        self._ready = True

    def _start_daemon(self) -> None:
        self._start_is_due = None
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
        self._hears = self._came_up = False
        self._refusal = None
        self._line = ours
        self._poll.register(ours, select.POLLIN)
        for message, descriptors in self._kept.hand_over():
            self._send(message, descriptors)
        self._send({"begin": {"deaths": len(self._deaths)}})

    def _start_later(self, error: OSError) -> None:
        self._log(f"keeper.no_daemon_yet reason={error.strerror}")
        self._start_is_due = RETRY_MILLISECONDS

    def _send(self, message: dict[str, object], descriptors: Sequence[int] = ()) -> None:
        if self._line is None:
            return
        try:
            packets.send(self._line, message, descriptors)
        except OSError:
            return  # it has died; SIGCHLD tells

    def _hear(self) -> None:
        """Take one packet from the daemon."""
        if self._line is None:
            return
        facts, descriptors = packets.receive(self._line)
        if facts is None:
            self._hang_up()
            return
        for fact in facts.items():
            self._take_in(fact, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)

    def _take_in(self, fact: tuple[str, Any], descriptors: list[int]) -> None:
        match fact:
            case "keep", [*names]:
                self._kept.keep([*map(str, names)], descriptors)
            case "drop", str(name):
                self._kept.drop(name)
            case "launching", [str(token), int(since)]:
                self._launching = token, since
            case "launching", None:
                self._launching = None
            case "launched", [*programs]:
                self._kept.know(programs)
                self._launching = None
            case "recorded", [int(pid), int(start)]:
                self._kept.forget((pid, start))
            case "ready", pid:
                self._ready = self._came_up = True
                self._stillborn = 0
                self._tell({"ready": pid})
                self._pass_signals_on()
            case "failed", dict() as error:
                self._refusal = error
                self._tell({"error": error})
            case _:
                pass  # a newer daemon may say more than we understand

    def _hang_up(self) -> None:
        if self._line is not None:
            self._poll.unregister(self._line)
            self._line.close()
            self._line = None

    def _on_signals(self, numbers: bytes) -> int | None:
        """Act on signals; return an exit code when all is over."""
        for number in set(numbers) - {signal.SIGCHLD}:
            if number != signal.SIGHUP:
                self._tell({"stopping": number})
            self._held.append(number)
        if self._held and self._is_left_down:
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
            program = found.si_pid, orphans.start_of(found.si_pid)
            self._pass_on(program, (code, None if by_itself else found.si_status))
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
            found = orphans.begun_since(since, known=self._kept.programs, not_the=self._daemon)
            if found is not None:
                self._kept.programs[found] = token

    def _pass_on(self, program: Program, ended: Exit) -> None:
        """Tell of an exit; that of a program is kept until the daemon has recorded it."""
        if self._line is None or program in self._kept.programs:
            self._kept.remember(program, ended)
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
        refusal = None if self._came_up else self._refusal
        self._stillborn += not self._came_up
        if code == RESTART_CODE:
            if not self._renewed():
                return 0
        elif refusal is None:
            now = time.monotonic()
            self._deaths = [at for at in self._deaths if now - at < DEATHS_WINDOW] + [now]
            self._log(f"keeper.daemon_died deaths={len(self._deaths)}")
        is_hopeless = refusal is not None or len(self._deaths) >= DEATHS_ALLOWED
        if not is_hopeless or CONTROL not in self._kept.descriptors:
            self._start_daemon()
        elif self._held:
            self._log("keeper.programs_left_behind no daemon lives long enough to end them")
            return 1
        else:
            self._leave_down(refusal)
        return None

    def _leave_down(self, refusal: Mapping[str, object] | None) -> None:
        """Wait for the next command, which connects to a socket that is still there."""
        listener = self._kept.descriptors[CONTROL]
        if refusal is not None:
            refusing.refuse(listener, refusal)
            self._start_is_due = REFUSED_MILLISECONDS  # disks get room again
        elif self._stillborn >= DEATHS_ALLOWED:
            refusing.refuse(listener, refusing.UNEXPLAINED)
        self._is_left_down = True
        self._poll.register(listener, select.POLLIN)
        self._log("keeper.daemon_left_down until the next command; programs go on")

    def _renewed(self) -> bool:
        # Blocked, a signal that comes while we are replaced stays until it can be heeded; what is
        # in the pipe, which does not outlive us, is sent again.
        signal.pthread_sigmask(signal.SIG_BLOCK, CONCERNED)
        heard = set(self._held)
        try:  # noqa: SIM105 - `daemon.bare` says what is not loaded here
            heard.update(os.read(self._wakeup, 256))
        except BlockingIOError:
            pass
        self._held = []
        for number in heard.intersection(CONCERNED):
            os.kill(os.getpid(), number)
        stays = self._renew(self.state)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, CONCERNED)
        return stays

    def _revive(self) -> None:
        if self._is_left_down:
            self._is_left_down = False
            self._poll.unregister(self._kept.descriptors[CONTROL])
        self._start_daemon()
        self._deaths.clear()


def _signals_as_descriptor() -> int:
    """Turn the signals that concern us into bytes to be read from a descriptor."""
    reading, writing = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in CONCERNED:
        signal.signal(number, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, CONCERNED)
    return reading


def _become(line: socket.socket, command: Sequence[str], limits: tuple[int, int]) -> None:
    """Turn the forked child into a daemon."""
    try:
        signal.set_wakeup_fd(-1)
        for number in CONCERNED:
            signal.signal(number, signal.SIG_DFL)
        open_files.limit(limits)
        os.set_inheritable(line.fileno(), True)  # noqa: FBT003 - the library's signature
        environment = {**ALLOCATOR, **os.environ}
        os.execve(command[0], list(command), environment)  # noqa: S606 - no shell is wanted
    finally:
        os._exit(127)
