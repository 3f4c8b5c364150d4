"""What the HTTP front itself refuses, before or instead of calling the engine.

Each refusal carries the status of RFC 9110 that every dialect answers with; how the body looks is
the dialect's own affair.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from pmdaemon.core.errors import PmdaemonError

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Refusal(PmdaemonError):
    """A request that is not carried out; `headers` belong to the answer."""

    code = "invalid_request"
    status = 400
    headers = NO_HEADERS


class InvalidRequest(Refusal):
    """A request that cannot be used as it is."""


class Unauthorized(Refusal):
    """No key, or a wrong one."""

    code = "unauthorized"
    status = 401
    headers = MappingProxyType({"WWW-Authenticate": 'Bearer realm="pmdaemon"'})


class UnknownKey(Unauthorized):
    """A key, or a token, that lets nobody in."""


class PermissionDenied(Refusal):
    """Something that this caller may not do."""

    code = "permission_denied"
    status = 403


class RouteNotFound(Refusal):
    """A path that leads nowhere."""

    code = "not_found"
    status = 404

    def __init__(self) -> None:
        super().__init__("there is nothing at this path; GET / lists what there is")


class MethodNotAllowed(Refusal):
    """A path that is there, with a method that it does not have."""

    code = "method_not_allowed"
    status = 405

    def __init__(self, allowed: Iterable[str]) -> None:
        names = sorted(allowed)
        super().__init__(f"this path takes {', '.join(names)} only", allowed=names)
        self.headers = MappingProxyType({"Allow": ", ".join(names)})


class RequestTimedOut(Refusal):
    """A body that does not arrive; the connection is given up (RFC 9110, 15.5.9)."""

    code = "request_timeout"
    status = 408
    headers = MappingProxyType({"Connection": "close"})

    def __init__(self) -> None:
        super().__init__("the body of the request did not arrive in time")


class BodyTooLarge(Refusal):
    """A body over the limit, in bytes."""

    code = "body_too_large"
    status = 413

    def __init__(self, limit: int) -> None:
        super().__init__(f"the body of a request may have {limit} bytes at the most", limit=limit)


class UpgradeRequired(Refusal):
    """A plain request where a WebSocket is (RFC 9110, 15.5.22)."""

    code = "upgrade_required"
    status = 426
    headers = MappingProxyType({"Upgrade": "websocket", "Connection": "Upgrade"})

    def __init__(self) -> None:
        super().__init__("this path speaks WebSocket only")


class TooManyRequests(Refusal):
    """More requests than an address may make (RFC 6585, 4); `wait` is in seconds."""

    code = "rate_limited"
    status = 429

    def __init__(self, wait: int) -> None:
        super().__init__(
            f"too many requests from this address; try again in {wait} s", retry_after=wait
        )
        self.headers = MappingProxyType({"Retry-After": str(wait)})


class HeadTooLarge(Refusal):
    """A request line or header that is too long (RFC 6585, 5)."""

    code = "head_too_large"
    status = 431

    def __init__(self) -> None:
        super().__init__("the request line or a header is longer than 8190 bytes")
