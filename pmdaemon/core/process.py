"""One supervised instance of an app: what we were asked for, and what is so.

*Wish* and *state* are apart: a wish outlives a crash of the daemon and is carried out by the next
one. Each state carries exactly its own data, so a running process without a pid cannot be written
down. `pmdaemon.core.lifecycle` holds every rule by which one becomes another.
"""

from enum import StrEnum
from typing import ClassVar

from msgspec import Struct

from pmdaemon.core.spec import AppSpec


class Wish(StrEnum):
    """What we were asked for.

    BLOCKED is that it be not started by anything or anybody, while what runs may run on. GONE is a
    delete that is still being carried out.
    """

    UP = "up"
    DOWN = "down"
    BLOCKED = "blocked"
    GONE = "gone"


class ProcessState(StrEnum):
    """The seven states by name; every front maps all of them to its own words."""

    STOPPED = "stopped"
    STARTING = "starting"
    ONLINE = "online"
    STOPPING = "stopping"
    BACKOFF = "backoff"
    EXITED = "exited"
    ERRORED = "errored"


class Cause(StrEnum):
    """Why a run is being ended, or was."""

    STOP_REQUESTED = "stop requested"
    RESTART_REQUESTED = "restart requested"
    MEMORY_EXCEEDED = "memory limit exceeded"
    UNHEALTHY = "health check failed"
    SCHEDULED = "schedule fell due"
    FILES_CHANGED = "files changed"
    TIMED_OUT = "time limit exceeded"
    END_DUE = "scheduled end fell due"
    DAEMON_SHUT_DOWN = "daemon shut down"
    NOT_READY = "not ready in time"
    REPLACED = "replaced"
    ENDED_BY_ITSELF = "ended by itself"


class Instant(Struct, frozen=True):
    """A moment on both clocks, in seconds.

    `wall` is since the epoch, for people; `monotonic` since boot, for measuring. The second is the
    same for every program on the machine, so it outlives the daemon, but not a reboot.
    """

    wall: float
    monotonic: float


class Identity(Struct, frozen=True):
    """Which operating-system process: a pid alone is not enough, pids are used again.

    `start_time` is the kernel's own, in clock ticks since boot (proc(5), field 22 of stat).
    """

    pid: int
    start_time: int


class Exit(Struct, frozen=True):
    """How a program ended: by a code, by a signal, or, when nobody could see it, unknown."""

    code: int | None = None
    signal: int | None = None

    @property
    def clean(self) -> bool:
        """Whether the program itself called it a success."""
        return self.code == 0

    def __str__(self) -> str:
        if self.code is not None:
            return f"exit code {self.code}"
        return f"signal {self.signal}" if self.signal is not None else "exit status unknown"


UNKNOWN_EXIT = Exit()
"""How a program ended that nobody saw end."""


class Run(Struct, frozen=True):
    """One life of the program: its first process, and since when."""

    identity: Identity
    since: Instant


class Stopped(Struct, frozen=True):
    """Down, and meant to be."""

    kind: ClassVar = ProcessState.STOPPED


class Starting(Struct, frozen=True):
    """On its way up: about to be spawned, or, with a `run`, spawned and not ready yet."""

    run: Run | None = None
    kind: ClassVar = ProcessState.STARTING


class Online(Struct, frozen=True):
    """Up; not `ready` when it was to say so, and has not in time."""

    run: Run
    ready: bool = True
    kind: ClassVar = ProcessState.ONLINE


class Stopping(Struct, frozen=True):
    """Ending: from the stop signal, or the program's own exit, until nothing of it is left.

    `exit` is there once the first process has ended; `killed` once SIGKILL was sent. While it is
    `draining`, it finishes what it has begun, and no signal was sent.
    """

    run: Run
    cause: Cause
    exit: Exit | None = None
    killed: bool = False
    draining: bool = False
    kind: ClassVar = ProcessState.STOPPING


class Backoff(Struct, frozen=True):
    """To be started again `delay` seconds after `since`.

    It ended by itself, or, where there is a `reason`, could not be started for the time being.
    """

    since: Instant
    delay: float
    reason: str | None = None
    kind: ClassVar = ProcessState.BACKOFF


class Exited(Struct, frozen=True):
    """Ended by itself, and to be left alone."""

    kind: ClassVar = ProcessState.EXITED


class Errored(Struct, frozen=True):
    """Given up, for this reason; `last_words` are the last lines it wrote to stderr."""

    reason: str
    last_words: tuple[str, ...] = ()
    kind: ClassVar = ProcessState.ERRORED


State = Stopped | Starting | Online | Stopping | Backoff | Exited | Errored


class Process(Struct, frozen=True, kw_only=True):
    """A supervised instance.

    `epoch` grows with every change of state, so that a timer or an answer that belongs to an
    earlier one is known as such. `launch` is the epoch in which the latest run was spawned; it is
    part of the token by which a run is known again. `ends` are the monotonic times of the ends
    that count towards giving up. `started` is when the latest run began, also when it is over.

    `backoff` is the wait before the latest restart of a series of growing ones, 0 when there is no
    series. `due` is the latest time on its schedule that was heeded, in seconds since the epoch;
    with `queued`, a job is to run once more when it has ended.

    `replaces` is there while a reload goes on: then this is the other one beside the process of
    that pm_id. Wished up, it is a new run that is to take its place; wished gone, it is the run
    that has been replaced, or was not good enough. `lineage` tells the runs of the one from those
    of the other; see `pmdaemon.core.replacement`.
    """

    pm_id: int
    instance: int
    spec: AppSpec
    created: Instant
    wish: Wish = Wish.UP
    state: State = Stopped()
    epoch: int = 0
    launch: int = 0
    tcp_port: int | None = None
    restarts: int = 0
    ends: tuple[float, ...] = ()
    last_exit: Exit | None = None
    last_cause: Cause | None = None
    started: Instant | None = None
    backoff: float = 0.0
    due: float | None = None
    queued: bool = False
    replaces: int | None = None
    lineage: int = 0

    @property
    def run(self) -> Run | None:
        """The life that is going on, if any."""
        return self.state.run if isinstance(self.state, Starting | Online | Stopping) else None

    @property
    def pid(self) -> int | None:
        """The pid of the program's first process, while there is one."""
        match self.state:
            case Starting(Run() as run) | Online(run) | Stopping(run, exit=None):
                return run.identity.pid
            case _:
                return None

    @property
    def serving_port(self) -> int | None:
        """The TCP port that it is to listen on: its own, or the one that its cluster shares."""
        return self.tcp_port or self.spec.shared_port

    @property
    def seat(self) -> int:
        """The pm_id by which users know it: during a reload two processes have the same."""
        return self.pm_id if self.replaces is None else self.replaces

    @property
    def run_number(self) -> str:
        """What tells its latest run from all other runs of this home; it ends in the launch."""
        lineage = f"~{self.lineage}" if self.lineage else ""
        return f"{self.seat}{lineage}.{self.launch}"

    @property
    def name(self) -> str:
        """The app's name, the same for all of its instances."""
        return self.spec.name

    @property
    def called(self) -> str:
        """What people call it, and can select it by: `web`, or `web:0` where there are several."""
        return f"{self.name}:{self.instance}" if self.spec.instances > 1 else self.name
