"""What goes over the control channel.

Newline-delimited JSON over a Unix socket. A client's first line is a `Hello`, its second a
`Request`; it need not wait in between. The daemon answers the hello with a `Welcome` (or an error),
and the request with any number of `progress` or `item` lines and then one `result` or `error`.
One connection carries one request.

The types are `TypedDict`s: the client pays nothing for them, and the daemon validates by them.
"""

from typing import Any, Final, Literal, NotRequired, TypedDict

PROTOCOL: Final = 1
"""Version of this channel; it changes when an old client would misunderstand a new daemon."""

MAX_MESSAGE: Final = 16 * 1024 * 1024
"""Bytes in one line, at the most."""


class Hello(TypedDict):
    """Who calls."""

    pmdaemon: int
    version: str


class Welcome(TypedDict):
    """Who answers."""

    pmdaemon: int
    version: str
    pid: int


class Request(TypedDict):
    """What is asked: a verb, and its body (one of the `…Body` types below)."""

    verb: str
    body: dict[str, Any]


class ErrorBody(TypedDict):
    """Why it was not done."""

    code: str
    message: str
    details: dict[str, Any]


class Reply(TypedDict):
    """One line of an answer; exactly one of the keys is there."""

    progress: NotRequired[str]
    item: NotRequired[dict[str, Any]]
    result: NotRequired[dict[str, Any]]
    error: NotRequired[ErrorBody]


class EmptyBody(TypedDict):
    """`ping`, `host`, `kill`, `update`, `web_off`."""


class StartBody(TypedDict):
    """`start`: bring up what is named, or what is declared.

    With `target`, names, ids and namespaces that exist come first; what is none of them is a
    program, declared by `options`. With `apps`, each entry is an app as an ecosystem file has it,
    `source` the file they came from. Relative paths are relative to `cwd`. `existing` says what
    happens to apps that are there already and run: `refuse`, `restart` them with the new
    declaration, or `keep` them as they are. With `down`, what is not there yet is added to the list
    and not started.
    """

    target: NotRequired[str]
    options: NotRequired[dict[str, Any]]
    apps: NotRequired[list[dict[str, Any]]]
    source: NotRequired[str]
    cwd: str
    environment: dict[str, str]
    existing: NotRequired[Literal["refuse", "restart", "keep"]]
    down: NotRequired[bool]


class SelectBody(TypedDict):
    """`stop`, `restart`, `delete`, `reset`, `flush`, `follow`: the processes meant."""

    selectors: list[str]


class ListBody(TypedDict):
    """`list`: all processes, or the selected ones; with `detail`, whole declarations too."""

    selectors: NotRequired[list[str]]
    detail: NotRequired[bool]


class WebBody(TypedDict):
    """`web`: turn the web side on; unless `detach`, only while this connection lasts."""

    host: str
    port: int
    api_key: NotRequired[str]
    detach: bool


class ExitView(TypedDict):
    """How a program ended; both are null when nobody could see it."""

    code: int | None
    signal: int | None


class ProcessView(TypedDict):
    """A process, as the CLI gets it.

    `uptime` is in seconds, `memory` in bytes, `cpu` in percent of one core, `started` and
    `created` in seconds since the epoch. `reason` tells why it is errored, or why it
    cannot be started for the time being. `declaration` is an `AppSpec`, for those who asked for
    detail; durations are in seconds, sizes in bytes.
    """

    pm_id: int
    name: str
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
    out_file: str
    error_file: str
    declaration: NotRequired[dict[str, Any]]


class ProcessesResult(TypedDict):
    """The result of every verb that acts on, or lists, processes.

    `warnings` are sentences: what was declared and is not acted on, or that the state of the
    processes cannot be saved.
    """

    processes: list[ProcessView]
    warnings: NotRequired[list[str]]


class PingResult(TypedDict):
    """The result of `ping`."""

    pid: int
    version: str
    home: str


class KillResult(ProcessesResult):
    """The result of `kill`: what was stopped, and the pids that are about to end."""

    pid: int
    keeper: NotRequired[int]


class UpdateResult(TypedDict):
    """The result of `update`: who makes way."""

    pid: int
    version: str


class UsageView(TypedDict):
    """How much of something there is, in bytes, and how much is in use."""

    total: int
    used: int
    free: int


class HostResult(TypedDict):
    """The result of `host`: `uptime` in seconds, `cpu` in percent of all cores."""

    hostname: str
    platform: str
    arch: str
    uptime: float
    cores: int
    cpu: float
    load_average: tuple[float, float, float]
    memory: UsageView
    disk: UsageView


class WebResult(TypedDict):
    """The first `item` of an attached `web`, or the `result` of a detached one.

    `generated_key` is there when a key had to be made because the address is not loopback.
    """

    url: str
    protected: bool
    generated_key: NotRequired[str]


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
