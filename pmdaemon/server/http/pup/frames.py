"""What the live side of the Pup API pushes: `{t, d}`, encoded once for all who are told."""

from enum import StrEnum
from typing import Any

from pmdaemon.core.notices import MessageSent
from pmdaemon.server.http.dialect import encode_json
from pmdaemon.server.http.log_streams import Missed, Printed
from pmdaemon.server.http.pup.searching import STREAMS
from pmdaemon.server.http.streams import text_frame


class FrameType(StrEnum):
    """What a frame is about; `lagged` is ours, the others are those of Pup."""

    INIT = "init"
    LOG = "log"
    STATUS_CHANGED = "process_status_changed"
    SCHEDULED = "process_scheduled"
    SCHEDULED_TERMINATE = "process_scheduled_terminate"
    WATCH = "process_watch"
    TELEMETRY = "process_telemetry"
    STATE = "application_state"
    WATCHDOG = "watchdog"
    TERMINATING = "terminating"
    IPC = "ipc"
    LAGGED = "lagged"


def frame(kind: FrameType, data: object) -> bytes:
    """Make a frame for a WebSocket."""
    return text_frame(encode_json({"t": kind, "d": data}))


def message_view(message: MessageSent) -> dict[str, Any]:
    """Show something that was sent to a program."""
    return {
        "target": message.target,
        "event": message.event,
        "eventData": message.data,
        "sender": message.sender,
    }


def output_view(piece: Printed | Missed, name: str, wall: float) -> dict[str, Any]:
    """Show a line of output, or that some were removed before they were read."""
    if isinstance(piece, Missed):
        severity, category = STREAMS[piece.stream]
        text, time = "[lines were removed before they were read]", wall
    else:
        severity, category = STREAMS[piece.line.stream]
        text, time = piece.line.text, piece.line.time or wall
    return {
        "severity": severity,
        "category": category,
        "text": text,
        "processId": name,
        "timeStamp": int(time * 1000),
    }
