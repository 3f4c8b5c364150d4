"""What the live side of the PMDaemon API pushes: `{type, timestamp, data}`.

A frame is encoded when it is made, and once for each form it is sent in. A `Batch` is what goes
out at one moment: it is put together once for all clients that want the same of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Any

from pmdaemon.core.logs import OutputStream
from pmdaemon.core.metrics import HostSample
from pmdaemon.core.notices import EventLogged
from pmdaemon.core.snapshots import ProcessSnapshot
from pmdaemon.server.http.dialect import encode_json
from pmdaemon.server.http.log_streams import Missed, Printed
from pmdaemon.server.http.native.views import View, exit_view, system_view
from pmdaemon.server.http.streams import sse_event, text_frame


class FrameType(StrEnum):
    """What a frame is about."""

    PROCESS_LIST = "process_list"
    PROCESS_STATUS = "process_status"
    PROCESS_METRICS = "process_metrics"
    SYSTEM_METRICS = "system_metrics"
    HEALTH_UPDATE = "health_update"
    PROCESS_EVENT = "process_event"
    LOG_MESSAGE = "log_message"
    LAGGED = "lagged"
    GAP = "gap"
    END = "end"
    PONG = "pong"
    AUTHENTICATED = "authenticated"
    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    ERROR = "error"


PUSHED = frozenset(
    {
        FrameType.PROCESS_LIST,
        FrameType.PROCESS_STATUS,
        FrameType.PROCESS_METRICS,
        FrameType.SYSTEM_METRICS,
        FrameType.HEALTH_UPDATE,
        FrameType.PROCESS_EVENT,
    }
)
"""What comes without being asked for."""


class Feed(StrEnum):
    """How much a client gets to see."""

    PUBLIC = "public"
    FULL = "full"


PUBLIC_FIELDS = frozenset(
    {"id", "name", "status", "health_status", "uptime", "cpu_usage", "memory_usage"}
)
"""What anybody may know of a process."""

PUBLIC_METRICS = frozenset({"id", "name", "cpu", "memory", "uptime"})

STREAM_WORDS: Mapping[OutputStream, str] = MappingProxyType(
    {OutputStream.OUT: "stdout", OutputStream.ERR: "stderr"}
)

LEVELS: Mapping[OutputStream, str] = MappingProxyType(
    {OutputStream.OUT: "info", OutputStream.ERR: "error"}
)
"""How grave a line is, as far as the stream can tell."""


class Frame:
    """One message, encoded."""

    def __init__(
        self, kind: FrameType, wall: float, data: object, *, cursor: str | None = None
    ) -> None:
        self.kind = kind
        self.body = encode_json({"type": kind, "timestamp": precise_timestamp(wall), "data": data})
        self.cursor = cursor

    @cached_property
    def websocket(self) -> bytes:
        """The bytes for a WebSocket."""
        return text_frame(self.body)

    @cached_property
    def sse(self) -> bytes:
        """The bytes for an event stream."""
        return sse_event(self.kind, self.body, self.cursor)


class Batch:
    """Frames that go out together."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self.frames = frames
        self._websocket: dict[frozenset[str], bytes] = {}
        self._sse: dict[frozenset[str], bytes] = {}

    def websocket(self, unwanted: frozenset[str]) -> bytes:
        """The bytes for a WebSocket, without frames of these types."""
        if unwanted not in self._websocket:
            frames = (frame.websocket for frame in self.frames if frame.kind not in unwanted)
            self._websocket[unwanted] = b"".join(frames)
        return self._websocket[unwanted]

    def sse(self, unwanted: frozenset[str]) -> bytes:
        """The bytes for an event stream, without frames of these types."""
        if unwanted not in self._sse:
            frames = (frame.sse for frame in self.frames if frame.kind not in unwanted)
            self._sse[unwanted] = b"".join(frames)
        return self._sse[unwanted]


def precise_timestamp(wall: float) -> str:
    """Write a time, given in seconds since the epoch, as `2024-01-15T10:30:00.123Z`."""
    return datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def public_view(view: View) -> View:
    """Leave out of a process what is not everybody's business."""
    return {name: value for name, value in view.items() if name in PUBLIC_FIELDS}


def metrics_view(snapshots: Iterable[ProcessSnapshot], feed: Feed) -> View:
    """Show what is up, measured; `uptime` is in milliseconds."""
    rows = [
        {
            "id": one.process.pm_id,
            "name": one.process.name,
            "cpu": round(one.sample.cpu, 1),
            "memory": one.sample.memory,
            "uptime": int(one.uptime * 1000),
            "restarts": one.process.restarts,
        }
        for one in snapshots
    ]
    if feed is Feed.FULL:
        return {"processes": rows}
    return {"processes": [{k: v for k, v in row.items() if k in PUBLIC_METRICS} for row in rows]}


def machine_view(host: HostSample, snapshots: Iterable[ProcessSnapshot]) -> View:
    """Show the machine as `GET /api/system` does, with two fields in other words besides."""
    view = system_view(host, snapshots)
    one, five, fifteen = view["cpu"]["load_average"]
    return {
        **view,
        "memory": {**view["memory"], "available": host.memory.free},
        "load": {"one": one, "five": five, "fifteen": fifteen},
    }


def event_view(logged: EventLogged, cursor: str) -> View:
    """Show something that happened to a process."""
    event = logged.event
    details: dict[str, Any] = {
        "pid": event.pid,
        "exit": exit_view(event.exit),
        "cause": event.cause,
        "reason": event.reason,
    }
    return {
        "event": event.kind,
        "id": event.pm_id,
        "process": event.name,
        "namespace": event.namespace,
        "instance": event.instance,
        "restarts": event.restarts,
        "time": precise_timestamp(logged.at.wall),
        "cursor": cursor,
        "details": {name: value for name, value in details.items() if value is not None},
    }


def output_frame(piece: Printed | Missed, wall: float) -> Frame:
    """Make the frame of a line, or of the fact that some were removed before they were read."""
    process = piece.process
    whose = {"id": process.pm_id, "process": process.name, "instance": process.instance}
    if isinstance(piece, Missed):
        return Frame(FrameType.GAP, wall, {**whose, "stream": STREAM_WORDS[piece.stream]})
    line = piece.line
    return Frame(
        FrameType.LOG_MESSAGE,
        line.time if line.time is not None else wall,
        {
            **whose,
            "stream": STREAM_WORDS[line.stream],
            "level": LEVELS[line.stream],
            "message": line.text,
            "cursor": piece.cursor,
        },
        cursor=piece.cursor,
    )
