"""The shapes of what the API of prox answers, as its description tells them.

What is answered is made by `views`; a test compares every answer of the transcripts with these.
"""

from typing import Annotated, Literal, NotRequired, TypedDict

from msgspec import Meta

Timestamp = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Seconds = Annotated[int, Meta(ge=0)]
Status = Literal["running", "stopped", "starting", "stopping", "crashed"]
Health = Literal["healthy", "unhealthy", "unknown"]


class ProxyStatus(TypedDict):
    """The gateway: where it answers, and whether bodies are kept."""

    mode: Literal["standalone", "disabled"]
    addresses: list[str]
    capture_enabled: bool


class SupervisorStatus(TypedDict):
    """The supervisor; `config_file` is the first of `config_files`."""

    status: Literal["running", "stopping"]
    uptime_seconds: Seconds
    config_file: str
    api_version: Literal["v1"]
    config_files: list[str]
    version: str
    proxy: ProxyStatus


class ProcessItem(TypedDict):
    """A process in a list; without a program, its `pid` is 0."""

    name: str
    status: Status
    pid: int
    uptime_seconds: Seconds
    restarts: int
    health: Health


class ProcessList(TypedDict):
    """All processes."""

    processes: list[ProcessItem]


class HealthCheck(TypedDict):
    """What checks have found."""

    enabled: bool
    last_check: Timestamp | None
    last_output: str
    consecutive_failures: int


class Exit(TypedDict):
    """How a run ended: by a code, by a signal, or, with neither, unknown."""

    code: int | None
    signal: int | None


class ProcessDetail(ProcessItem):
    """A process in full; of several instances the first, and all of them in short."""

    healthcheck: HealthCheck
    cmd: str
    env: dict[str, str]
    id: int
    namespace: str
    instance: int
    last_exit: Exit | None
    reason: str | None
    instances: NotRequired[list[ProcessItem]]


class Success(TypedDict):
    """That it was done."""

    success: Literal[True]


class Failure(TypedDict):
    """What went wrong; `code` never changes."""

    error: str
    code: str


class ShutDown(TypedDict):
    """That everything ends; to who waited, how that went."""

    success: bool
    waited: NotRequired[Literal[True]]
    failures: NotRequired[list[Failure]]


class Line(TypedDict):
    """A line of output."""

    timestamp: Timestamp
    process: str
    stream: Literal["stdout", "stderr"]
    line: str


class Lines(TypedDict):
    """The last lines: how many came, and how many match."""

    logs: list[Line]
    filtered_count: int
    total_count: int


class RequestItem(TypedDict):
    """A request through the gateway; without an answer, its status is 0."""

    id: str
    timestamp: Timestamp
    method: str
    url: str
    subdomain: str
    status_code: int
    duration_ms: int
    remote_addr: str
    hostname: str
    in_flight: bool
    stale: bool


class RequestList(TypedDict):
    """The latest requests, the youngest first: how many came, and how many match.

    `next_before_id` is there when there are older ones.
    """

    requests: list[RequestItem]
    filtered_count: int
    total_count: int
    next_before_id: str | None


class Body(TypedDict):
    """A body: how long it was, how much of it was kept and, where that was asked for, this."""

    size: int
    captured_size: int
    truncated: bool
    content_type: str
    content_encoding: str
    is_binary: bool
    data: NotRequired[str | None]


class Details(TypedDict):
    """The headers, without secrets, and the bodies."""

    request_headers: dict[str, list[str]]
    response_headers: dict[str, list[str]]
    request_body: Body | None
    response_body: Body | None


class RequestDetail(RequestItem):
    """A request in full."""

    details: Details
