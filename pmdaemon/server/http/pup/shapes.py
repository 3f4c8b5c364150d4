"""The shapes of what the Pup API takes and answers, as its description tells them.

What is asked is checked in `bodies`, and what is answered made by `views`; a test compares every
answer of the transcripts with these.
"""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from msgspec import Meta

from pmdaemon.core.metrics import MOST_MEMORY

Timestamp = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Milliseconds = Annotated[int, Meta(ge=0, description="since the epoch, in milliseconds")]
Bytes = Annotated[int, Meta(ge=0, description="bytes")]
Figure = Annotated[float, Meta(ge=-MOST_MEMORY, le=MOST_MEMORY)]
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]
Severity = Literal["log", "info", "warn", "error"]
Number = Annotated[
    Literal[0, 100, 200, 250, 300, 400, 450, 500],
    Meta(
        description="never started, starting, running, stopping, ended well, failed, given up,"
        " and of a cluster: its instances differ"
    ),
]


class ProcessInformation(TypedDict):
    """How a process is, or a cluster, of which there is less to say."""

    id: str
    status: Number
    type: Literal["process", "cluster"]
    blocked: bool
    updated: Timestamp
    restarts: NotRequired[int]
    started: NotRequired[Timestamp]
    exited: NotRequired[Timestamp]
    code: NotRequired[int]
    signal: NotRequired[str]
    pid: NotRequired[int]
    pendingRestartReason: NotRequired[str]
    telemetry: NotRequired[dict[str, Any]]


class ClusterConfiguration(TypedDict):
    """How many instances, where they listen, and how a common port is spread over them."""

    instances: int
    startPort: NotRequired[int]
    commonPort: NotRequired[int]
    strategy: NotRequired[Literal["round-robin", "ip-hash", "least-connections"]]


class Configuration(TypedDict):
    """What was declared; secrets in `env` are hidden."""

    id: str
    cmd: str
    cwd: str
    env: dict[str, str]
    autostart: bool
    restartDelayMs: int
    restartLimit: int
    terminateTimeout: float
    restart: NotRequired[Literal["always"]]
    cron: NotRequired[str]
    terminate: NotRequired[str]
    timeout: NotRequired[float]
    watch: NotRequired[list[str]]
    pidFile: NotRequired[str]
    cluster: NotRequired[ClusterConfiguration]


class ListedProcess(TypedDict):
    """A process, or a cluster."""

    status: ProcessInformation
    config: Configuration


class ProcessList(TypedDict):
    """All of them; a cluster stands before its instances."""

    data: list[ListedProcess]


class Memory(TypedDict):
    """What the daemon holds; it has no heap of that kind, so the other figures are 0."""

    external: Bytes
    heapTotal: Bytes
    heapUsed: Bytes
    rss: Bytes


class SystemMemory(TypedDict):
    """What the machine has."""

    total: Bytes
    free: Bytes
    available: Bytes
    buffers: Bytes
    cached: Bytes
    swapTotal: Bytes
    swapFree: Bytes


class ApplicationState(TypedDict):
    """The daemon, the machine, and how everything is."""

    pid: int
    version: str
    status: Literal["RUNNING", "TERMINATING"]
    updated: Timestamp
    started: Timestamp
    memory: Memory
    port: int | None
    systemMemory: SystemMemory
    loadAvg: Annotated[list[float], Meta(min_length=3, max_length=3)]
    osUptime: float
    osRelease: str
    runtime: str
    type: Literal["main"]
    processes: list[ProcessInformation]


class State(TypedDict):
    """The state, in its envelope."""

    data: ApplicationState


class PastState(TypedDict):
    """How a process was from a moment on; `gone` is one that was deleted then."""

    timeStamp: Milliseconds
    id: str
    status: Number
    blocked: bool
    restarts: int
    pid: NotRequired[int]
    code: NotRequired[int]
    signal: NotRequired[str]
    gone: NotRequired[Literal[True]]


class PastStates(TypedDict):
    """How processes were, oldest first."""

    data: list[PastState]


class LogEntry(TypedDict):
    """An entry of the log; `consumer` is who sent it, where somebody did."""

    severity: Severity
    category: str
    text: str
    processId: str
    timeStamp: Milliseconds
    consumer: NotRequired[str]


class Entries(TypedDict):
    """Entries, oldest first, and the cursor to those before."""

    data: list[LogEntry]
    cursor: str | None


class RenewedToken(TypedDict):
    """A token, and until when it is good."""

    token: str
    expires: Timestamp


class Renewed(TypedDict):
    """A token, in its envelope."""

    data: RenewedToken


class Telemetry(TypedDict):
    """What a program reports of itself; it may have more than this."""

    sender: Name
    memory: NotRequired[dict[str, Figure]]
    sent: NotRequired[str]
    cwd: NotRequired[str]


class Message(TypedDict):
    """Something for a program, or for a consumer."""

    target: Name
    event: Name
    eventData: Any


class LogLine(TypedDict):
    """A line for the log."""

    severity: Severity
    plugin: Name
    message: Annotated[str, Meta(min_length=1)]


class Frame(TypedDict):
    """What `/wss` sends; `t` says what `d` is."""

    t: str
    d: Any


class Failure(TypedDict):
    """What went wrong; `code` never changes."""

    error: str
    code: str
