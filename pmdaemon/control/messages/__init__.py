"""What goes over the control channel.

Newline-delimited JSON over a Unix socket. A client's first line is a `Hello`, its second a
`Request`; it need not wait in between. The daemon answers the hello with a `Welcome` (or an error),
and the request with any number of `progress` or `item` lines and then one `result` or `error`.
One connection carries one request.

The types are `TypedDict`s: the client pays nothing for them, and the daemon validates by them.
"""

from typing import Any, Final, NotRequired, TypedDict

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
    """`ping`, `host`, `kill`, `update`, `web_off`, `tokens`, `gateway`, `gateway_off`.

    `certificates`, `accounts`, `invitations`, `projects`, `rotate_sealing`.
    """
