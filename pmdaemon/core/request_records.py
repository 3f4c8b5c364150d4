"""What is remembered of the requests that went through the gateway."""

from collections.abc import Sequence

from msgspec import Struct

from pmdaemon.core.masking import MASK, looks_secret
from pmdaemon.core.process import Instant

STALE_SECONDS = 300.0
"""After this time a request that is still on its way is marked: it may be a stream, or stuck."""

RawHeaders = Sequence[tuple[bytes, bytes]]


class Body(Struct, frozen=True):
    """What was kept of a body; `size` is how long it really was."""

    content: bytes
    size: int

    @property
    def truncated(self) -> bool:
        """Whether some of it was not kept."""
        return len(self.content) < self.size


class RequestRecord(Struct, kw_only=True):
    """One request, from its coming on; it is filled in until `seconds` is there.

    `status` is 0 until there is an answer. `number` grows by one with each request. It was
    `aborted` if there was no whole answer. Headers are as they came, secrets included: show
    `masked_headers`.
    """

    id: str
    number: int
    began: Instant
    method: str
    url: str
    host: str
    subdomain: str
    service: str
    remote_addr: str
    secure: bool = False
    target: str | None = None
    status: int = 0
    seconds: float | None = None
    received: int = 0
    sent: int = 0
    aborted: bool = False
    raw_request_headers: RawHeaders = ()
    raw_response_headers: RawHeaders = ()
    request_body: Body | None = None
    response_body: Body | None = None

    def __repr__(self) -> str:
        return f"RequestRecord({self.id} {self.method} {self.service})"

    @property
    def in_flight(self) -> bool:
        """Whether it is still on its way."""
        return self.seconds is None

    def stale(self, now: Instant) -> bool:
        """Tell whether it is on its way for suspiciously long."""
        return self.in_flight and now.monotonic - self.began.monotonic > STALE_SECONDS


class RequestFilter(Struct, frozen=True, kw_only=True):
    """Which requests are wanted; what is None matches all.

    `since` is in seconds since the epoch. `url` is a part of the URL.
    """

    subdomain: str | None = None
    service: str | None = None
    method: str | None = None
    min_status: int | None = None
    max_status: int | None = None
    since: float | None = None
    url: str | None = None

    def matches(self, record: RequestRecord) -> bool:
        """Tell whether a record is wanted. One without an answer has no status."""
        bounded = self.min_status is not None or self.max_status is not None
        return (
            self.subdomain in {None, record.subdomain}
            and self.service in {None, record.service}
            and (self.method is None or self.method.upper() == record.method.upper())
            and (not bounded or record.status != 0)
            and (self.min_status is None or record.status >= self.min_status)
            and (self.max_status is None or record.status <= self.max_status)
            and (self.since is None or record.began.wall >= self.since)
            and (self.url is None or self.url in record.url)
        )


def masked_headers(headers: RawHeaders) -> Sequence[tuple[str, str]]:
    """Read headers, without secrets: those of credentials, cookies, and whatever is called so."""
    texts = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    return [(name, MASK if value and looks_secret(name) else value) for name, value in texts]
