"""Processes: which ones are meant, what is asked of them, and what is told about them."""

from typing import Any, NotRequired, TypedDict


class SelectBody(TypedDict):
    """`stop`, `delete`, `reset`, `flush`, `follow`, `block`, `unblock`, `explain`: which ones."""

    selectors: list[str]


class ListBody(TypedDict):
    """`list`: all processes, or the selected ones; with `detail`, whole declarations too."""

    selectors: NotRequired[list[str]]
    detail: NotRequired[bool]


class SignalBody(TypedDict):
    """`signal`: which signal the first process of each program is to get."""

    selectors: list[str]
    signal: str


class SendBody(TypedDict):
    """`send`: a line for the standard input of programs."""

    selectors: list[str]
    line: str


class TriggerBody(TypedDict):
    """`trigger`: an action that Node programs have registered, and its parameters."""

    selectors: list[str]
    action: str
    params: NotRequired[str]


class HistoryBody(TypedDict):
    """`history`: the latest runs of all jobs, or of the selected ones; at most `limit`."""

    selectors: NotRequired[list[str]]
    limit: NotRequired[int]


class ExitView(TypedDict):
    """How a program ended; both are null when nobody could see it."""

    code: int | None
    signal: int | None


class HealthView(TypedDict):
    """What is known of a program's health.

    `checked` is in seconds since the epoch, `seconds` what the latest probe took; without one, all
    but `status` and `failures` is null.
    """

    status: str
    failures: int
    detail: str | None
    checked: float | None
    seconds: float | None


class AgentView(TypedDict):
    """What PM2's agent in a Node program has said: see `AgentReport`."""

    actions: list[dict[str, Any]]
    monitor: dict[str, Any]
    options: dict[str, Any]


class ProcessView(TypedDict):
    """A process, as the CLI gets it.

    It is `called` by its name, or `name:instance` where its app has several. `uptime` is in
    seconds, `memory` in bytes, `cpu` in percent of one core, `started` and `created` in seconds
    since the epoch. It is `ready` when it is up and was not to say so in vain. `reason` tells why
    it is errored, or why it cannot be started for the time being, `last_words` are the last lines
    it wrote to stderr then. `health` is null without a check, or while it is down. `declaration`
    is an `AppSpec`, `added_env` what its program gets besides what was declared and inherited,
    `telemetry` and `agent` what it has said of itself, `failures` how many ends count towards
    giving up, and `backoff` the latest of growing waits, all for those who asked for detail;
    durations are in seconds, sizes in bytes.
    """

    pm_id: int
    name: str
    called: str
    namespace: str
    instance: int
    script: str
    state: str
    wish: str
    pid: int | None
    tcp_port: int | None
    ports: str | None
    cpu: float
    memory: int
    uptime: float
    restarts: int
    started: float | None
    created: float
    last_exit: ExitView | None
    last_cause: str | None
    reason: str | None
    last_words: list[str]
    health: HealthView | None
    out_file: str
    error_file: str
    ready: bool
    declaration: NotRequired[dict[str, Any]]
    added_env: NotRequired[dict[str, str]]
    telemetry: NotRequired[dict[str, Any] | None]
    agent: NotRequired[AgentView | None]
    failures: NotRequired[int]
    backoff: NotRequired[float]


class ProcessesResult(TypedDict):
    """The result of every verb that acts on, or lists, processes.

    `warnings` are sentences: what was declared and is not acted on, or that the state of the
    processes cannot be saved.
    """

    processes: list[ProcessView]
    warnings: NotRequired[list[str]]


class ReplyView(TypedDict):
    """One entry of the result of `trigger`: what an action led to, any JSON value."""

    pm_id: int
    name: str
    namespace: str
    value: Any


class Explanation(TypedDict):
    """One entry of the result of `explain`: why a process is up, or is not, in sentences."""

    pm_id: int
    name: str
    called: str
    state: str
    wish: str
    sentences: list[str]


class RangeView(TypedDict):
    """Which bytes of an output file a run wrote; `end` is null while it runs."""

    start: int
    end: int | None


class RunView(TypedDict):
    """One entry of the result of `history`; times are in seconds since the epoch.

    `due` is null for a run that somebody asked for. `out` and `err` are ranges of the output files;
    an end below its start tells that the file was exchanged meanwhile.
    """

    app: str
    pm_id: int
    due: float | None
    began: float
    ended: float | None
    outcome: str
    exit: ExitView | None
    out: RangeView
    err: RangeView


class GrowthItem(TypedDict):
    """An `item` of `follow`: a log file has grown, or a process changed its state.

    The first items name every stream once, so that nothing is missed that came before them.
    `stream` is `out` or `err`; with `state`, it is the state now, and `name` the app's.
    """

    pm_id: int
    stream: NotRequired[str]
    state: NotRequired[str]
    name: NotRequired[str]
    process: NotRequired[ProcessView]
