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
    """`ping`, `host`, `kill`, `update`, `web_off`, `tokens`, `gateway`, `gateway_off`."""


class StartBody(TypedDict):
    """`start`: bring up what is named, or what is declared.

    With `target`, names, ids and namespaces that exist come first; what is none of them is a
    program, declared by `options`. With `apps`, each entry is an app as an ecosystem file has it,
    with `declarations` an `AppSpec` in full; `source` is the file they came from. Relative paths
    are relative to `cwd`. `existing` says what happens to apps that are there already and run:
    `refuse`, `restart` or `reload` them with the new declaration, or `keep` them as they are. With
    `down`, what is not there yet is added to the list
    and not started. With `interpolate`, texts may hold `${VARIABLES}` of the environment;
    `env_name` is the name of the environment that was chosen by `--env`, `file` the path of the
    file, which the apps are remembered to have come from.
    """

    target: NotRequired[str]
    options: NotRequired[dict[str, Any]]
    apps: NotRequired[list[dict[str, Any]]]
    declarations: NotRequired[list[dict[str, Any]]]
    source: NotRequired[str]
    cwd: str
    environment: dict[str, str]
    existing: NotRequired[Literal["refuse", "restart", "reload", "keep"]]
    down: NotRequired[bool]
    file: NotRequired[str]
    interpolate: NotRequired[bool]
    env_name: NotRequired[str]


class AnewBody(TypedDict):
    """`restart`, `reload`: the processes meant, and what is declared otherwise from now on.

    `options` are fields of an app, as an ecosystem file has them. `environment` is there when it is
    to be inherited from now on. `parallel` is how many instances of an app are reloaded at a time.
    """

    selectors: list[str]
    options: NotRequired[dict[str, Any]]
    environment: NotRequired[dict[str, str]]
    parallel: NotRequired[int]


class ScaleBody(TypedDict):
    """`scale`: how many instances of an app there are to be, as `4`, `+2` or `-1`."""

    name: str
    count: str


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


class ReplyView(TypedDict):
    """One entry of the result of `trigger`: what an action led to, any JSON value."""

    pm_id: int
    name: str
    namespace: str
    value: Any


class ApplyBody(TypedDict):
    """`apply`: bring what is there into line with the apps of a file, and touch nothing else.

    The keys are those of `start`. If the apps are the `whole` of `file`, as they are unless that is
    said, what came from it and is not in it any more is found, and with `prune` deleted. With
    `dry_run`, nothing is done.
    """

    apps: list[dict[str, Any]]
    source: str
    cwd: str
    environment: dict[str, str]
    file: NotRequired[str]
    interpolate: NotRequired[bool]
    env_name: NotRequired[str]
    whole: NotRequired[bool]
    prune: NotRequired[bool]
    dry_run: NotRequired[bool]


class ChangeView(TypedDict):
    """One field that differs, in the words of ecosystem files, without secrets.

    `before` and `after` are null where there is nothing.
    """

    field: str
    before: str | None
    after: str | None


class StepView(TypedDict):
    """What is, or would be, done about one app.

    `action` is `create`, `restart`, `reload`, `scale` (other instances stay as they are), `update`
    (noted, and nothing is started anew), `keep`, `delete`, or `leave`, for one that is not in its
    file.
    """

    name: str
    action: str
    changes: list[ChangeView]


class SelectBody(TypedDict):
    """`stop`, `delete`, `reset`, `flush`, `follow`, `block`, `unblock`, `explain`: which ones."""

    selectors: list[str]


class ListBody(TypedDict):
    """`list`: all processes, or the selected ones; with `detail`, whole declarations too."""

    selectors: NotRequired[list[str]]
    detail: NotRequired[bool]


class HistoryBody(TypedDict):
    """`history`: the latest runs of all jobs, or of the selected ones; at most `limit`."""

    selectors: NotRequired[list[str]]
    limit: NotRequired[int]


class WebBody(TypedDict):
    """`web`: turn the web side on; unless `detach`, only while this connection lasts.

    `cors_origins` are those whose pages may read answers, `*` for all; `rate_limits` are as
    `100/60s`; `trusted_proxies` are addresses and networks; `tls_cert` and `tls_key` are absolute
    paths.
    """

    host: str
    port: int
    api_key: NotRequired[str]
    detach: bool
    allow_create: NotRequired[bool]
    ws_auth: NotRequired[Literal["public", "required"]]
    cors_origins: NotRequired[list[str]]
    rate_limits: NotRequired[list[str]]
    trusted_proxies: NotRequired[list[str]]
    tls_cert: NotRequired[str]
    tls_key: NotRequired[str]


class TokenBody(TypedDict):
    """`token`: make a key, or with `consumer` a token for that consumer.

    No `scopes` are all. `expire_in` is in seconds.
    """

    name: NotRequired[str]
    consumer: NotRequired[str]
    scopes: NotRequired[list[str]]
    expire_in: NotRequired[float]


class RotateBody(TypedDict):
    """`rotate`: make a new token in place of one, which is good for `overlap` more seconds."""

    name: str
    overlap: float


class RotateSecretBody(TypedDict):
    """`rotate_secret`: sign JWTs anew; the former are good for `overlap` more seconds."""

    overlap: float


class RevokeBody(TypedDict):
    """`revoke`: let nobody in by this token any more."""

    name: str


class GatewayBody(TypedDict):
    """`gateway_on`: have the gateway listen; what is not said stays as it is.

    A port of -1 is none. `capture` is how many bytes of each body are kept. `certificates` are
    hosts with the absolute paths of a certificate and its key.
    """

    host: NotRequired[str]
    http_port: NotRequired[int]
    https_port: NotRequired[int]
    domain: NotRequired[str]
    trusted_proxies: NotRequired[list[str]]
    capture: NotRequired[int]
    certificates: NotRequired[list[tuple[str, str, str]]]


class ServiceBody(TypedDict):
    """`service`: publish an app, or addresses, under `routes` (`host` or `host/path`).

    `targets` is one app, or addresses. With `swap` they take the place of what answered until now.
    With `listen_port`, connections to it are spread over the targets as they are.
    """

    targets: list[str]
    routes: NotRequired[list[str]]
    name: NotRequired[str]
    strategy: NotRequired[Literal["round-robin", "ip-hash", "least-connections"]]
    strip: NotRequired[bool]
    swap: NotRequired[bool]
    listen_host: NotRequired[str]
    listen_port: NotRequired[int]


class ServiceRemoveBody(TypedDict):
    """`service_remove`: a service, or one route as `host` or `host/path`."""

    name: str


class ServiceModeBody(TypedDict):
    """`service_mode`: have services forward requests, hold them, or refuse them for now."""

    names: list[str]
    mode: Literal["serving", "paused", "maintenance"]


class RequestsBody(TypedDict):
    """`requests`: the latest requests, or with `follow` each one as it ends, without end.

    `since` is in seconds since the epoch, `url` a part of the URL.
    """

    subdomain: NotRequired[str]
    service: NotRequired[str]
    method: NotRequired[str]
    min_status: NotRequired[int]
    max_status: NotRequired[int]
    since: NotRequired[float]
    url: NotRequired[str]
    limit: NotRequired[int]
    follow: NotRequired[bool]


class RequestBody(TypedDict):
    """`request`: one request by its id, with headers, and with `bodies` what was kept of them."""

    id: str
    bodies: NotRequired[bool]


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


class ProcessView(TypedDict):
    """A process, as the CLI gets it.

    `uptime` is in seconds, `memory` in bytes, `cpu` in percent of one core, `started` and
    `created` in seconds since the epoch. It is `ready` when it is up and was not to say so in vain.
    `reason` tells why it is errored, or why it cannot be started for the time being, `last_words`
    are the last lines it wrote to stderr then. `health` is null without a check, or while it is
    down. `declaration` is an `AppSpec`, and `added_env` what its program gets besides what
    was declared and inherited, both for those who asked for detail; durations are in seconds,
    sizes in bytes.
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
    last_words: list[str]
    health: HealthView | None
    out_file: str
    error_file: str
    ready: bool
    declaration: NotRequired[dict[str, Any]]
    added_env: NotRequired[dict[str, str]]
    telemetry: NotRequired[dict[str, Any] | None]


class ProcessesResult(TypedDict):
    """The result of every verb that acts on, or lists, processes.

    `warnings` are sentences: what was declared and is not acted on, or that the state of the
    processes cannot be saved.
    """

    processes: list[ProcessView]
    warnings: NotRequired[list[str]]


class ApplyResult(TypedDict):
    """The result of `apply`: what was done about each app, and the processes this was about."""

    steps: list[StepView]
    processes: list[ProcessView]
    warnings: NotRequired[list[str]]


class Explanation(TypedDict):
    """One entry of the result of `explain`: why a process is up, or is not, in sentences."""

    pm_id: int
    name: str
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

    `generated_key` is there when nobody gave a key and the address is not loopback; `key_file` is
    where it is kept.
    """

    url: str
    protected: bool
    generated_key: NotRequired[str]
    key_file: NotRequired[str]


class TokenView(TypedDict):
    """What is known of a token: one of `tokens`, and with `token` the result of making one.

    Times are in seconds since the epoch. The token itself is told once and never again.
    """

    name: str
    kind: str
    scopes: list[str]
    created: float
    expires: float | None
    token: NotRequired[str]


class TargetView(TypedDict):
    """One address that answers for a service; `busy` is how many requests it has."""

    host: str
    port: int
    state: str
    pm_id: int | None
    busy: int


class RouteView(TypedDict):
    """Which requests are a service's; with `strip`, it does not see the path."""

    host: str
    path: str
    strip: bool


class ListenerView(TypedDict):
    """Where connections are taken that are passed on as they are."""

    host: str
    port: int


class ServiceView(TypedDict):
    """A service, and what answers for it now; `declared` is one that its app declares itself."""

    name: str
    target: str
    declared: bool
    mode: str
    strategy: str
    routes: list[RouteView]
    targets: list[TargetView]
    listener: ListenerView | None
    warnings: NotRequired[list[str]]


class GatewayResult(TypedDict):
    """The result of `gateway`; there may be no URLs while it is on, and balances connections."""

    on: bool
    urls: list[str]
    domain: str | None
    services: list[ServiceView]


class BodyView(TypedDict):
    """What was kept of a body, decoded for reading; `base64` where it is no text.

    `size` is how many bytes went over the line.
    """

    size: int
    truncated: bool
    text: NotRequired[str]
    base64: NotRequired[str]


class RequestView(TypedDict):
    """A request that went through the gateway.

    Times are in seconds, `began` since the epoch. `status` is null while there is no answer.
    Secrets in headers are masked.
    """

    id: str
    began: float
    method: str
    url: str
    host: str
    subdomain: str
    service: str
    target: str | None
    remote_addr: str
    status: int | None
    seconds: float | None
    received: int
    sent: int
    in_flight: bool
    stale: bool
    aborted: bool
    request_headers: NotRequired[list[tuple[str, str]]]
    response_headers: NotRequired[list[tuple[str, str]]]
    request_body: NotRequired[BodyView | None]
    response_body: NotRequired[BodyView | None]


class RequestsResult(TypedDict):
    """The result of `requests`: how many match, and how many are remembered."""

    requests: list[RequestView]
    filtered_count: int
    total_count: int


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
