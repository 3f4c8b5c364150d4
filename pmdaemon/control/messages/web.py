"""The web side: how it listens, and whom it lets in."""

from typing import Literal, NotRequired, TypedDict


class WebBody(TypedDict):
    """`web`: turn the web side on; unless `detach`, only while this connection lasts.

    `cors_origins` are those whose pages may read answers, `*` for all; `rate_limits` are as
    `100/60s`, `body_limit` is as `1M`; `trusted_proxies` are addresses and networks; `tls_cert`
    and `tls_key` are absolute paths.
    """

    host: str
    port: int
    api_key: NotRequired[str]
    detach: bool
    allow_create: NotRequired[bool]
    ws_auth: NotRequired[Literal["public", "required"]]
    cors_origins: NotRequired[list[str]]
    rate_limits: NotRequired[list[str]]
    body_limit: NotRequired[str]
    trusted_proxies: NotRequired[list[str]]
    tls_cert: NotRequired[str]
    tls_key: NotRequired[str]


class WebResult(TypedDict):
    """The first `item` of an attached `web`, or the `result` of a detached one.

    `generated_key` is there when nobody gave a key and the address is not loopback; `key_file` is
    where it is kept.
    """

    url: str
    protected: bool
    generated_key: NotRequired[str]
    key_file: NotRequired[str]


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
