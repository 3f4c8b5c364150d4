"""What the engine needs of the world, in small pieces.

Each is implemented by one adapter and by one fake in `tests/fakes`, and both pass the same suite
in `tests/contracts`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from pmdaemon.core.logs import OutputStream
from pmdaemon.core.metrics import HostSample, Sample
from pmdaemon.core.process import Exit, Identity, Instant, Process
from pmdaemon.core.spec import LogPolicy


class Cancellable(Protocol):
    """Something that is going to happen, unless it is cancelled."""

    def cancel(self) -> None:
        """Make it not happen."""


class Clock(Protocol):
    """The time, and things to be done later."""

    def now(self) -> Instant:
        """Read both clocks."""

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Cancellable:
        """Call `callback` once, after `seconds`."""


class Equipment(Struct, frozen=True):
    """What a program finds at its start, beside its own environment.

    `inherited` are descriptors of ours that it has as 3, 4, and so on. `pid_variable` is the name
    of a variable that is to hold its own pid.
    """

    env: Mapping[str, str] = {}
    inherited: tuple[int, ...] = ()
    pid_variable: str | None = None


class LaunchOrder(Struct, frozen=True):
    """A program to be started in a session of its own.

    `stdout` and `stderr` are paths of FIFOs, opened for reading and writing. `token` marks the
    program and all that it starts.
    """

    argv: tuple[str, ...]
    cwd: str
    env: Mapping[str, str]
    token: str
    stdout: str
    stderr: str
    equipment: Equipment = Equipment()


class LaunchFailed(Exception):
    """A program could not be started; `transient` when trying again later may help."""

    def __init__(self, reason: str, *, transient: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.transient = transient


class Launcher(Protocol):
    """Starts programs and tells how they ended."""

    def launch(self, order: LaunchOrder) -> Identity:
        """Start a program.

        Raises:
            LaunchFailed: nothing was started.

        """

    def watch(self, identity: Identity, on_exit: Callable[[Identity, Exit], None]) -> None:
        """Call `on_exit` once, from the event loop, when this process has ended."""

    def reap(self, identity: Identity) -> None:
        """Have done with a program whose end was told, and is recorded.

        Until then its exit can be learned again, by a next daemon if we are gone.
        """


class Channels(Protocol):
    """The channels of Node programs, by the token of the run (`process.send`).

    Messages are JSON values. What a program sent while no daemon was there waits for the next one.
    """

    def open(self, token: str) -> int:
        """Make a channel, and return the program's end of it, which we close with `attend`.

        Raises:
            OperationFailed: there is no descriptor left.

        """

    def attend(self, token: str, on_message: Callable[[object], None]) -> None:
        """Listen to a program that was started by us, or by a former daemon."""

    def send(self, token: str, message: object, descriptor: int | None = None) -> bool:
        """Send a message, with a copy of a descriptor; False when it does not get there."""

    def close(self, token: str) -> None:
        """Read what is left, and give the channel up for good."""


class SharedSockets(Protocol):
    """Sockets that the instances of an app listen on together.

    They belong to the app: connections wait in them while no instance is there.
    """

    def open(self, app: str, host: str | None, tcp_port: int) -> int:
        """Listen, or find what listens already; without a `host`, on all addresses.

        Raises:
            TcpPortTaken: it cannot be; `errno` in the details is the name of the system's error.

        """

    def has_any(self, app: str) -> bool:
        """Whether there is one of this app."""

    def close(self, app: str) -> None:
        """Stop listening: when this returns, connections are refused."""


class NotifySocket(Protocol):
    """Where programs say that they are ready (sd_notify(3))."""

    @property
    def address(self) -> str | None:
        """What NOTIFY_SOCKET is to be, or None where there is no such socket."""

    def attend(self, on_ready: Callable[[Sequence[Identity]], None]) -> None:
        """Call `on_ready` for each READY=1, with who sent it, its parent, and so on up."""


class ProcessTrees(Protocol):
    """What a program started, and what they started in turn.

    A tree is the run's session, the descendants of its processes, whatever carries its token and
    has lost its parent, and whatever was seen in the tree before. A token ends in a dot and the
    number of the launch. What a former run of the same process left behind is to end with this one,
    so tokens of earlier launches count as well; those of later ones do not.
    """

    def alive(self, identity: Identity) -> bool:
        """Whether this very process exists and has not ended."""

    def members(self, identity: Identity, token: str) -> Sequence[Identity]:
        """List all living processes of the tree."""

    def has_leftovers(self, identity: Identity) -> bool:
        """Tell cheaply whether a program that ended may have left anything behind."""

    def signal(self, members: Sequence[Identity], signal: str) -> None:
        """Send a signal, by name, to each process that is still there."""

    def when_gone(self, members: Sequence[Identity], callback: Callable[[], None]) -> None:
        """Call `callback` once, from the event loop, when all of these processes have ended."""

    def find_launched(self, tokens: Sequence[str]) -> Mapping[str, Identity]:
        """Find the session leaders that carry exactly one of these tokens."""


class OutputCapture(Protocol):
    """Moves what programs write into files."""

    def open(self, pm_id: int, name: str, instance: int, policy: LogPolicy) -> tuple[str, str]:
        """Be ready for the output of a process; return the FIFOs for its stdout and stderr.

        Opening again is allowed, and takes over a new policy.

        Raises:
            OperationFailed: it cannot be captured, and nothing was opened.

        """

    def files(self, name: str, instance: int) -> tuple[str, str]:
        """Say where the output of a process is kept: the paths for stdout and stderr."""

    def drain(self, pm_id: int) -> None:
        """Move all that was written so far into the files."""

    def flush(self, pm_id: int) -> None:
        """Empty the files, and remove the older ones.

        Raises:
            OperationFailed: they cannot be written to.

        """

    def close(self, pm_id: int) -> None:
        """Drain, and give up the FIFOs for good, as nothing writes to them; the files stay."""

    def on_growth(self, callback: Callable[[int, OutputStream], None] | None) -> None:
        """Call `callback` with the pm_id and stream whenever a file has grown, or stop doing so."""


class ProcessMetrics(Protocol):
    """Measures programs, each with all of its descendants."""

    def sample(self, runs: Mapping[int, Identity]) -> Mapping[int, Sample]:
        """Measure the given runs, by pm_id, in one pass."""


class HostMetrics(Protocol):
    """Measures the machine."""

    def read(self) -> HostSample:
        """Take a reading; CPU usage is since the reading before."""


class TcpProbe(Protocol):
    """Looks at TCP ports of this machine."""

    def is_free(self, tcp_port: int) -> bool:
        """Whether a program could listen on this port now."""

    def accepts(self, tcp_port: int) -> bool:
        """Whether a connection to this port is accepted now."""


class WebSettings(Struct, frozen=True):
    """How the web side listens, and whom it lets in.

    `api_key_digest` is the SHA-256 of the key, in hex; None is open mode.
    """

    host: str = "127.0.0.1"
    tcp_port: int = 9615
    api_key_digest: str | None = None

    def __repr__(self) -> str:
        key = "<none>" if self.api_key_digest is None else "<hidden>"
        return f"WebSettings(host={self.host!r}, tcp_port={self.tcp_port}, api_key={key})"


class Stored(Struct, frozen=True):
    """All that the store holds."""

    processes: Sequence[Process]
    next_pm_id: int
    boot_id: str | None
    web: WebSettings | None


class Changes(Struct, frozen=True, kw_only=True):
    """What one action changes in the store; it is written whole or not at all.

    `urgent` changes are on disk, power cut or not, before they are acknowledged; the others
    survive the death of the daemon.
    """

    written: Sequence[Process] = ()
    removed: Sequence[int] = ()
    next_pm_id: int | None = None
    boot_id: str | None = None
    web: WebSettings | None = None
    web_off: bool = False
    urgent: bool = False


class Store(Protocol):
    """Remembers."""

    async def load(self) -> Stored:
        """Read everything.

        Raises:
            StoreUnavailable: it cannot be read, is damaged, or was written by a newer release.

        """

    async def commit(self, changes: Changes) -> None:
        """Write one action.

        Raises:
            StoreUnavailable: nothing was written.

        """


class DescriptorStore(Protocol):
    """Where descriptors are kept while one daemon is replaced by the next."""

    def keep(self, name: str, descriptor: int) -> None:
        """Keep a copy of this descriptor, in place of an earlier one of that name."""

    def take(self, name: str) -> int | None:
        """Get what a former daemon had kept, once; the copy stays where it is."""

    def drop(self, name: str) -> None:
        """Close the copy."""


class WebServer(Protocol):
    """The web side, which can be turned on and off."""

    @property
    def address(self) -> str | None:
        """The URL it answers at, or None while it is off."""

    async def turn_on(self, settings: WebSettings) -> None:
        """Listen; when it listens already, change over.

        Raises:
            PmdaemonError: the address cannot be used; what was on before stays on.

        """

    async def turn_off(self) -> None:
        """Stop listening."""

    async def make_way(self) -> None:
        """Take no more requests, and leave those that come to the next daemon."""
