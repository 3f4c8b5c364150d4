"""What the engine needs of the world, in small pieces.

Each is implemented by one adapter and by one fake in `tests/fakes`, and both pass the same suite
in `tests/contracts`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from pmdaemon.core.access import Token
from pmdaemon.core.health import ProbeResult
from pmdaemon.core.job_runs import JobRun
from pmdaemon.core.journal import Entry, EntryQuery
from pmdaemon.core.logs import OutputStream
from pmdaemon.core.metrics import HostSample, Sample
from pmdaemon.core.process import Exit, Identity, Instant, Process
from pmdaemon.core.routing import RouteTable, Target
from pmdaemon.core.services import Listener, ServiceSpec
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


class Equipment(Struct, frozen=True):
    """What a program finds at its start, beside its own environment.

    `stdin` is the path of a FIFO that is its standard input; without, it has none. `inherited` are
    descriptors of ours that it has as 3, 4, and so on. `pid_variable` is the name of a variable
    that is to hold its own pid.
    """

    env: Mapping[str, str] = {}
    inherited: tuple[int, ...] = ()
    pid_variable: str | None = None
    stdin: str | None = None


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

    def objection(self, run_as: RunAs, limits: Limits) -> str | None:
        """Say why no program could be started with these rights and limits; None when it could."""

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

    def attend(self, token: str, on_message: Callable[[object, int | None], None]) -> None:
        """Listen to a program that was started by us, or by a former daemon.

        With a message comes the descriptor that the program sent along, or None; it is closed when
        `on_message` is done.
        """

    def send(self, token: str, message: object, descriptor: int | None = None) -> bool:
        """Send a message, with a copy of a descriptor; False when it does not get there."""

    def close(self, token: str) -> None:
        """Read what is left, and give the channel up for good."""


class Inputs(Protocol):
    """Standard inputs of programs, by a name for each run."""

    def open(self, name: str) -> str:
        """Make an input, and return its path, to be opened for reading and writing.

        Raises:
            OperationFailed: it cannot be made.

        """

    def write(self, name: str, data: bytes) -> bool:
        """Write to a program; False when it is not there, or has no room for all of it."""

    def close(self, name: str) -> None:
        """Be done with an input; there need not be one."""


class SharedSockets(Protocol):
    """Sockets that the instances of an app listen on together.

    They belong to the app: connections wait in them while no instance is there.
    """

    def open(self, app: str, host: str | None, tcp_port: int, *, blocking: bool = True) -> int:
        """Listen, or find what listens already; without a `host`, on all addresses.

        All instances are woken by a connection and one gets it. Where it is not `blocking`, the
        others are told that there is none; else they wait in accept(2) for another one.

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

    def accepts(self, tcp_port: int) -> bool:
        """Whether a connection to this port is accepted now."""


class RateLimit(Struct, frozen=True):
    """How many requests one address may make within how many seconds."""

    requests: int
    seconds: float


class WebSettings(Struct, frozen=True):
    """How the web side listens, and whom it lets in.

    `api_key_digest` is the SHA-256 of the key, in hex; None with a loopback address and no tokens
    is open mode. `ws_public` shows a little over WebSockets to whoever has no key. `cors_origins`
    are those whose pages may read answers, or `*`. `trusted_proxies` are networks, in CIDR, whose
    word on where a request comes from is taken. No `rate_limits` means none.
    """

    host: str = "127.0.0.1"
    tcp_port: int = 9615
    api_key_digest: str | None = None
    allow_create: bool = False
    ws_public: bool = True
    cors_origins: tuple[str, ...] = ("*",)
    rate_limits: tuple[RateLimit, ...] = (RateLimit(100, 60.0), RateLimit(20, 10.0))
    trusted_proxies: tuple[str, ...] = ()
    tls_cert: str | None = None
    tls_key: str | None = None

    def __repr__(self) -> str:
        key = "<none>" if self.api_key_digest is None else "<hidden>"
        return f"WebSettings(host={self.host!r}, tcp_port={self.tcp_port}, api_key={key})"


class GatewaySettings(Struct, frozen=True, kw_only=True):
    """How the gateway listens, and what it does with requests.

    Services have names below `domain`. Clients in `trusted_proxies`, networks in CIDR, may say for
    whom they ask. Of each body so many bytes are kept as `capture` says.
    """

    host: str = "localhost"
    http_port: int | None = 9680
    https_port: int | None = None
    domain: str = "localhost"
    trusted_proxies: tuple[str, ...] = ()
    capture: int = 0
    certificates: tuple["CertificateFiles", ...] = ()


class CertificateFiles(Struct, frozen=True):
    """A certificate of one's own for a host, or for `*.host`: absolute paths."""

    host: str
    certificate: str
    key: str


class Stored(Struct, frozen=True):
    """All that the store holds."""

    processes: Sequence[Process]
    next_pm_id: int
    boot_id: str | None
    web: WebSettings | None
    tokens: Sequence[Token] = ()
    gateway: GatewaySettings | None = None
    services: Sequence[ServiceSpec] = ()


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
    tokens_written: Sequence[Token] = ()
    tokens_removed: Sequence[str] = ()
    gateway: GatewaySettings | None = None
    gateway_off: bool = False
    services_written: Sequence[ServiceSpec] = ()
    services_removed: Sequence[str] = ()
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


class TokenMint(Protocol):
    """Makes keys and signed tokens."""

    def key(self) -> str:
        """Make a key that nobody guesses."""

    def sign(self, claims: Mapping[str, object]) -> str:
        """Make a token of claims.

        Raises:
            PmdaemonError: there is no secret to sign with, and none can be made.

        """

    def read(self, token: str, now: float) -> Mapping[str, object] | None:
        """Get the claims of a token that we signed and that has not expired; None of any other."""

    def rotate(self, until: float) -> None:
        """Sign with a new secret; what was signed with the former ones is good until then."""


class SecretFiles(Protocol):
    """Small files that nobody else may read."""

    def read(self, name: str) -> str | None:
        """Read one; None when there is none."""

    def write(self, name: str, text: str) -> str:
        """Write one, whole or not at all, and return its path.

        Raises:
            PmdaemonError: it cannot be written.

        """


class Revocations(Protocol):
    """Who is let in no more, whatever they show, as the settings say."""

    def names(self) -> Collection[str]:
        """List names of tokens, in lower case, as they are written down at this moment."""


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


class JournalStore(Protocol):
    """Remembers entries of the journal: the newest ones, as many as there is room for."""

    async def write(self, entries: Sequence[Entry]) -> None:
        """Write entries down, all or none.

        Raises:
            StoreUnavailable: nothing was written.

        """

    async def find(self, query: EntryQuery) -> Sequence[Entry]:
        """List what fits, oldest first; of what came at the same time, what was written first.

        Raises:
            StoreUnavailable: it cannot be read.

        """


class AuditLog(Protocol):
    """The record of changes that were made over the network."""

    def write(self, entry: Mapping[str, object]) -> None:
        """Add an entry; a record that cannot be kept is no reason not to do what was asked."""


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


class GatewayServer(Protocol):
    """Listens for requests and forwards them by a table."""

    @property
    def addresses(self) -> Sequence[str]:
        """The URLs it answers at, none while it is off."""

    async def turn_on(self, settings: GatewaySettings) -> None:
        """Listen; when it listens already, change over.

        Raises:
            PmdaemonError: an address or a certificate cannot be used; what was on before stays on.

        """

    async def balance(self, listeners: Mapping[str, Listener]) -> None:
        """Take connections for these services, by name, and spread them as they are.

        Raises:
            PmdaemonError: an address cannot be used; what was on before stays on.

        """

    def swap(self, table: RouteTable) -> None:
        """Send requests elsewhere from now on; those that are on their way go on."""

    def busy(self, service: str, target: Target) -> int:
        """Say how many requests a target is answering."""

    async def drained(self, service: str, target: Target, *, within: float) -> bool:
        """Wait until a target answers nothing any more; tell whether it came to that."""

    async def turn_off(self) -> None:
        """Stop listening, and break what is going on."""

    async def make_way(self) -> None:
        """Take nothing new, and leave what comes to the next daemon."""
