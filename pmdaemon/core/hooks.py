"""Who is told of an event, and in which words.

What is told is a small JSON object. It goes to a command on its standard input, and to a URL as the
body of a POST, which is signed when there is a secret:

    X-PMDaemon-Signature: sha256=HMAC-SHA256(secret, timestamp "." body), in hex

so that whoever receives it knows whom it is from, and, by the timestamp, that it is not an old one
sent again.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType

from msgspec import Struct

from pmdaemon.core.events import EventKind, ProcessEvent
from pmdaemon.core.notices import EventLogged
from pmdaemon.core.spec import Hook

WORDS: Mapping[EventKind, str] = MappingProxyType(
    {
        EventKind.ADDED: "added",
        EventKind.STARTED: "start",
        EventKind.EXITED: "exit",
        EventKind.CRASHED: "crash",
        EventKind.UNHEALTHY: "unhealthy",
        EventKind.HEALTHY: "healthy",
        EventKind.MEMORY_EXCEEDED: "memory",
        EventKind.HEALTH_FAILED: "health_failed",
        EventKind.TIME_EXCEEDED: "timeout",
        EventKind.RESTARTED: "restart",
        EventKind.STOPPED: "stop",
        EventKind.ERRORED: "errored",
        EventKind.DELETED: "deleted",
    }
)
"""Each event as hooks call it."""

_ALSO: Mapping[str, str] = MappingProxyType({"online": "start"})

RETRY_DELAYS = (1.0, 5.0, 25.0, 125.0)
"""Seconds before each further attempt; after these it is given up."""

TIMEOUT = 10.0
"""Seconds that one attempt may take."""


class Telling(Struct, frozen=True):
    """One event on its way to one hook; `id` is the same for all attempts.

    `place` is that of the hook among those of its app.
    """

    id: str
    hook: Hook
    event: str
    timestamp: int
    body: bytes
    variables: Mapping[str, str]
    place: int


def is_told(hook: Hook, event: ProcessEvent) -> bool:
    """Whether a hook is to be told of an event."""
    wanted = {_ALSO.get(word, word) for word in hook.events}
    return "all" in wanted or WORDS[event.kind] in wanted


def tellings(hooks: Sequence[Hook], logged: EventLogged, life: int) -> list[Telling]:
    """Word an event for each hook that is to be told of it.

    Args:
        hooks: Those of the app it happened to.
        logged: What happened.
        life: What tells the numbers of one daemon from those of another.

    """
    found = []
    for place, hook in enumerate(hooks):
        if is_told(hook, logged.event):
            ident = f"{life:x}-{logged.number}-{place}"
            word = WORDS[logged.event.kind]
            body = json.dumps(_object(ident, word, logged), separators=(",", ":")).encode()
            variables = _variables(word, logged.event)
            at = int(logged.at.wall)
            found.append(Telling(ident, hook, word, at, body, variables, place))
    return found


def headers(telling: Telling) -> dict[str, str]:
    """Make the headers by which a receiver knows what came, and from whom."""
    made = {
        "Content-Type": "application/json",
        "X-PMDaemon-Event": telling.event,
        "X-PMDaemon-Delivery": telling.id,
        "X-PMDaemon-Timestamp": str(telling.timestamp),
    }
    if telling.hook.secret is not None:
        signature = sign(telling.hook.secret, telling.timestamp, telling.body)
        made["X-PMDaemon-Signature"] = f"sha256={signature}"
    return made


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """Sign a body, and the time at which it was worded."""
    import hmac  # noqa: PLC0415 - OpenSSL, and 3 MB, for those who sign

    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, "sha256").hexdigest()


def _object(ident: str, word: str, logged: EventLogged) -> dict[str, object]:
    event = logged.event
    ended = event.exit
    return {
        "id": ident,
        "event": word,
        "at": datetime.fromtimestamp(int(logged.at.wall), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "process": {
            "id": event.pm_id,
            "name": event.name,
            "namespace": event.namespace,
            "instance": event.instance,
            "pid": event.pid,
            "restarts": event.restarts,
        },
        "exit": None if ended is None else {"code": ended.code, "signal": ended.signal},
        "cause": event.cause,
        "reason": event.reason,
    }


def _variables(word: str, event: ProcessEvent) -> dict[str, str]:
    return {
        "PMDAEMON_EVENT": word,
        "PMDAEMON_NAME": event.name,
        "PMDAEMON_NAMESPACE": event.namespace,
        "PMDAEMON_ID": str(event.pm_id),
        "PMDAEMON_INSTANCE": str(event.instance),
        "PMDAEMON_REASON": event.reason or str(event.exit or ""),
    }
