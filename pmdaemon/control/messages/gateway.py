"""The gateway: what it publishes, and the requests it has seen."""

from typing import Literal, NotRequired, TypedDict

from pmdaemon.control.messages import EmptyBody


class CertificatesBody(EmptyBody):
    """`certificates`."""


class AcmeItem(TypedDict):
    """An authority that signs for names: the URL of its directory, and e-mail addresses of ours.

    `trusted` is the absolute path of a certificate by which it is known.
    """

    directory: str
    contact: NotRequired[list[str]]
    trusted: NotRequired[str | None]


class GatewayBody(TypedDict):
    """`gateway_on`: have the gateway listen; what is not said stays as it is.

    A port of -1 is none. `capture` is how many bytes of each body are kept. `certificates` are
    hosts with the absolute paths of a certificate and its key, added to those that there are.
    `acme` is whom to ask for others; null is nobody.
    """

    host: NotRequired[str]
    http_port: NotRequired[int]
    https_port: NotRequired[int]
    domain: NotRequired[str]
    trusted_proxies: NotRequired[list[str]]
    capture: NotRequired[int]
    certificates: NotRequired[list[tuple[str, str, str]]]
    acme: NotRequired[AcmeItem | None]


class CertificateBody(TypedDict):
    """`certificate_remove`, `certificate_retry`: the certificate of a host, or `*.host`.

    It is not served any longer; or one is ordered now, however often that has failed.
    """

    host: str


class ServiceBody(TypedDict):
    """`service`: publish an app, or addresses, under `routes` (`host` or `host/path`).

    `targets` is one app, or addresses. With `swap` they take the place of what answered until now.
    With `listen_port`, connections to it are spread over the targets as they are. With `source`,
    the absolute path of a file that declares it, it goes with the last app of that file, and what
    the file said of it before is replaced.
    """

    targets: list[str]
    routes: NotRequired[list[str]]
    name: NotRequired[str]
    strategy: NotRequired[Literal["round-robin", "ip-hash", "least-connections"]]
    strip: NotRequired[bool]
    swap: NotRequired[bool]
    listen_host: NotRequired[str]
    listen_port: NotRequired[int]
    source: NotRequired[str]


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
    """A service, and what answers for it now; `declared` is one that its app declares itself.

    `source` is the file that declares it beside its apps.
    """

    name: str
    target: str
    declared: bool
    mode: str
    strategy: str
    routes: list[RouteView]
    targets: list[TargetView]
    listener: ListenerView | None
    source: str | None
    warnings: NotRequired[list[str]]


class GatewayResult(TypedDict):
    """The result of `gateway`; there may be no URLs while it is on, and balances connections."""

    on: bool
    urls: list[str]
    domain: str | None
    services: list[ServiceView]


class RefusalView(TypedDict):
    """The last order that came to nothing, of `count` in a row: when, and when the next one is."""

    directory: str
    count: int
    reason: str
    tried: float
    again: float


class CertificateView(TypedDict):
    """What a host is served with over TLS; `source` is file, acme, local or none.

    Times are in seconds since the epoch. With a `fault` it is not used; `note` says what is being
    done about it, and `refusal` how that failed at last.
    """

    host: str
    source: str
    begins: float | None
    ends: float | None
    fault: str
    note: str
    refusal: RefusalView | None


class CertificatesResult(TypedDict):
    """The result of `certificates`; `acme` is the directory of whom we ask for them."""

    acme: str | None
    certificates: list[CertificateView]


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
