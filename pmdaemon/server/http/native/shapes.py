"""The shapes of the PMDaemon API's answers, as its description tells them.

What is asked is checked by types of its own, which stand with the handlers. What is answered is
made by `views` and `frames`; a test compares every answer of the transcripts with these.
"""

from typing import Annotated, Any, Literal, TypedDict

from msgspec import Meta

Timestamp = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Bytes = Annotated[int, Meta(ge=0, description="bytes")]
Percent = Annotated[float, Meta(ge=0)]
Status = Literal["starting", "online", "stopping", "stopped", "restarting", "errored"]
Health = Literal["unknown", "healthy", "unhealthy"]
Uptime = Annotated[str, Meta(description="in its three largest units", examples=["2h 15m 30s"])]


class Endpoints(TypedDict):
    """Where everything is."""

    processes: str
    system: str
    status: str
    websocket: str


class Root(TypedDict):
    """What answers here."""

    name: str
    version: str
    description: str
    status: Literal["running"]
    endpoints: Endpoints


class StatusCheck(TypedDict):
    """That we are there."""

    status: Literal["ok"]
    timestamp: Timestamp
    version: str


class _Process(TypedDict):
    id: int
    name: str
    status: Status
    pid: int | None
    port: str | None
    cpu_usage: Percent
    memory_usage: Bytes
    uptime: Uptime
    restarts: int
    namespace: str
    instance: int


class ProcessItem(_Process):
    """A process in a list; `cpu_usage` is in percent of one core."""

    health_status: Health


class Configuration(TypedDict):
    """What was declared; values of `env` that look secret are hidden.

    `min_uptime`, `restart_delay` and `kill_timeout` are in milliseconds.
    """

    script: str
    args: list[str]
    instances: int
    max_memory_restart: int | None
    port: str | None
    env: dict[str, str]
    cwd: str
    interpreter: str | None
    interpreter_args: list[str]
    autorestart: bool
    max_restarts: int
    min_uptime: int
    restart_delay: int
    stop_exit_codes: list[int]
    stop_signal: str
    kill_timeout: int


class HealthCheck(TypedDict):
    """How it is checked, and what the last check found; `response_time` is in milliseconds."""

    enabled: bool
    check_type: str | None
    url: str | None
    status: Health
    last_check: Timestamp | None
    response_time: int | None
    target: str | None
    failures: int
    message: str | None


class Exit(TypedDict):
    """How a run ended: by a code, by a signal, or, with neither, unknown."""

    code: int | None
    signal: int | None


class LogFiles(TypedDict):
    """The paths of its files."""

    out_file: str
    error_file: str


class _ProcessDetail(_Process):
    config: Configuration
    health_check: HealthCheck
    logs: LogFiles
    created_at: Timestamp
    started_at: Timestamp | None
    last_exit: Exit | None
    last_cause: str | None
    reason: str | None


class ProcessDetail(_ProcessDetail, total=False):
    """A process in full; of several instances the first, and all of them in short.

    `events` are the latest of those that `/api/events` tells, oldest first. `telemetry` is what the
    program has reported of itself, as it came.
    """

    telemetry: dict[str, Any]
    instances: list[ProcessItem]
    events: list[dict[str, Any]]


class Done(TypedDict):
    """That it was done."""

    success: Literal[True]
    message: str


class Reloaded(TypedDict):
    """That it was done; `restarted` are apps that cannot be beside themselves."""

    success: Literal[True]
    message: str
    restarted: list[str]


class Created(TypedDict):
    """That an app was created and started; `warnings` tell what of its declaration is not known."""

    success: Literal[True]
    message: str
    process: ProcessDetail
    warnings: list[str]


class Line(TypedDict):
    """A line of output."""

    timestamp: Timestamp
    type: Literal["out", "error"]
    message: str


class Output(TypedDict):
    """The last lines, and how many are kept in all."""

    logs: list[Line]
    total_lines: int


class Cpu(TypedDict):
    """What the processors do; `usage` is in percent of all cores."""

    cores: int
    usage: Percent
    load_average: Annotated[list[float], Meta(min_length=3, max_length=3)]


class Usage(TypedDict):
    """How much there is of something."""

    total: Bytes
    used: Bytes
    free: Bytes
    usage_percent: Percent


class ProcessCounts(TypedDict):
    """How many processes there are."""

    total: int
    online: int
    stopped: int
    errored: int


class System(TypedDict):
    """The machine."""

    hostname: str
    platform: str
    arch: str
    uptime: Uptime
    cpu: Cpu
    memory: Usage
    disk: Usage
    processes: ProcessCounts


class ErrorBody(TypedDict):
    """What went wrong; `code` never changes."""

    code: str
    message: str
    details: dict[str, Any]


class Failure(TypedDict):
    """That it was not done, and why."""

    success: Literal[False]
    error: ErrorBody


class Pushed(TypedDict):
    """What `/ws` and the event streams send; `type` says what `data` is."""

    type: Annotated[str, Meta(examples=["process_status"])]
    timestamp: Timestamp
    data: Any
