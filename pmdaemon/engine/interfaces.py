"""What the engine needs of the world, in small pieces.

Each is implemented by one adapter and by one fake in `tests/fakes`, and both pass the same suite
in `tests/contracts`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from pmdaemon.core.health import ProbeResult
from pmdaemon.core.job_runs import JobRun
from pmdaemon.core.logs import OutputStream
from pmdaemon.core.metrics import HostSample, Sample
from pmdaemon.core.process import Exit, Identity, Instant, Process
from pmdaemon.core.spec import Limits, LogPolicy, RunAs
from pmdaemon.core.watching import WatchOrder


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


class LaunchOrder(Struct, frozen=True):
    """A program to be started in a session of its own.

    `stdout` and `stderr` are paths of FIFOs, opened for reading and writing. `token` marks the
    program and all that it starts. It has the rights of `run_as`, and starts within `limits`.
    """

    argv: tuple[str, ...]
    cwd: str
    env: Mapping[str, str]
    token: str
    stdout: str
    stderr: str
    run_as: RunAs = RunAs()
    limits: Limits = Limits()


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

    def objection(self, run_as: RunAs, limits: Limits) -> str | None:
        """Say why no program could be started with these rights and limits; None when it could."""

    def watch(self, identity: Identity, on_exit: Callable[[Identity, Exit], None]) -> None:
        """Call `on_exit` once, from the event loop, when this process has ended."""

    def reap(self, identity: Identity) -> None:
        """Have done with a program whose end was told, and is recorded.

        Until then its exit can be learned again, by a next daemon if we are gone.
        """


class FileWatch(Protocol):
    """Watches files and folders."""

    def watch(self, order: WatchOrder, on_change: Callable[[str], None]) -> Cancellable:
        """Call `on_change` from the event loop with the path of whatever changes from now on.

        A path that is empty stands for changes that nobody could keep up with. What cannot be
        watched is logged, and looked at now and then instead.
        """


class PidNotes(Protocol):
    """Files with a pid in them."""

    def write(self, path: str, pid: int) -> None:
        """Write it down, in place of what was there; a failure is logged and no more."""

    def remove(self, path: str) -> None:
        """Remove it, if it is there."""


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

    def sizes(self, name: str, instance: int) -> tuple[int, int]:
        """Say how many bytes these files hold by now."""

    def drain(self, pm_id: int) -> None:
        """Move all that was written so far into the files."""

    def last_words(self, pm_id: int) -> tuple[str, ...]:
        """Read the last few lines that a process wrote to stderr since it was opened for it."""

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


class ProbeOrder(Struct, frozen=True, kw_only=True):
    """A question to a program: whether it answers, or whether a command succeeds.

    `target` is a URL, `host:port`, or a command for a shell, which gets `cwd`, `env` and the rights
    of `run_as`. `timeout` is in seconds.
    """

    kind: Literal["http", "tcp", "command"]
    target: str
    timeout: float
    cwd: str = "/"
    env: Mapping[str, str] = {}
    run_as: RunAs = RunAs()


class Prober(Protocol):
    """Asks programs how they are."""

    async def probe(self, order: ProbeOrder) -> ProbeResult:
        """Ask once; whatever goes wrong is the result, and never an exception."""


class HookOrder(Struct, frozen=True, kw_only=True):
    """News for a command, which gets `body` as its input, or for a URL, as a POST.

    The command has `cwd`, `env` and the rights of `run_as`. `timeout` is in seconds.
    """

    command: tuple[str, ...] = ()
    url: str | None = None
    headers: Mapping[str, str] = {}
    body: bytes
    cwd: str = "/"
    env: Mapping[str, str] = {}
    run_as: RunAs = RunAs()
    timeout: float

    def __repr__(self) -> str:
        return "HookOrder(<hidden>)"


class Delivery(Struct, frozen=True):
    """Whether news arrived; if not, why, and whether trying `again` may help."""

    ok: bool
    reason: str = ""
    again: bool = False


class HookDelivery(Protocol):
    """Brings news to hooks."""

    async def deliver(self, order: HookOrder) -> Delivery:
        """Try once; whatever goes wrong is the result, and never an exception."""


class TcpProbe(Protocol):
    """Looks at TCP ports of this machine."""

    def is_free(self, tcp_port: int) -> bool:
        """Whether a program could listen on this port now."""


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


class RunHistory(Protocol):
    """Remembers the runs of jobs, apart from what the processes are."""

    async def record(self, run: JobRun, *, keep: int) -> None:
        """Write a run down, in place of what was written of it before; the `keep` latest stay.

        Raises:
            StoreUnavailable: nothing was written.

        """

    async def runs(self, apps: Sequence[str], *, limit: int) -> Sequence[JobRun]:
        """List the latest runs of these apps, the youngest first.

        Raises:
            StoreUnavailable: it cannot be read.

        """

    async def unfinished(self) -> Sequence[JobRun]:
        """List the runs whose end was not written down.

        Raises:
            StoreUnavailable: it cannot be read.

        """

    async def forget(self, app: str) -> None:
        """Remove all runs of an app.

        Raises:
            StoreUnavailable: nothing was removed.

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
