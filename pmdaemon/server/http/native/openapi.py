"""The description of the PMDaemon API by OpenAPI 3.1: its operations, one by one."""

from collections.abc import Mapping, Sequence
from typing import Any

from pmdaemon.server.http.describing import (
    EVENT_STREAM,
    SWITCHED,
    Api,
    Json,
    Operation,
    Parameter,
    cursor_parameters,
    described,
)
from pmdaemon.server.http.dialect import Endpoint
from pmdaemon.server.http.log_streams import CURSOR_PART
from pmdaemon.server.http.native import shapes
from pmdaemon.server.http.native.declaring import PortBody, ScaleBody
from pmdaemon.server.http.native.frames import PUSHED
from pmdaemon.server.http.native.handlers import DEFAULT_LINES, MOST_LINES, STREAMS
from pmdaemon.server.http.native.pushing import EVENT_CURSOR
from pmdaemon.server.http.native.views import STATUS_WORDS
from pmdaemon.server.http.native.websocket import SUBPROTOCOL, Said

LINES = Parameter(
    "lines",
    {"type": "integer", "minimum": 0, "maximum": MOST_LINES, "default": DEFAULT_LINES},
    "how many of the last lines",
)
EVENTS = {"type": "array", "items": {"enum": sorted(PUSHED)}, "minItems": 1}
KIND = Parameter("type", {"enum": list(STREAMS), "default": "all"}, "which output")


ABOUT_A_PROCESS = (404, 409)

OPERATIONS: Mapping[tuple[str, str], Operation] = {
    ("GET", "/"): Operation("Says what answers here.", shapes.Root),
    ("GET", "/openapi.json"): Operation("Shows this description.", dict[str, Any]),
    ("GET", "/metrics"): Operation("Exports metrics for Prometheus.", str, media="text/plain"),
    ("GET", "/ws"): Operation(
        "Speaks WebSocket: pushes what is so, and takes messages (`Said`).",
        status=SWITCHED,
        refused=(426,),
        headers={"Sec-WebSocket-Protocol": {"const": SUBPROTOCOL}},
    ),
    ("GET", "/api/status"): Operation("Answers ok, for load balancers.", shapes.StatusCheck),
    ("GET", "/api/system"): Operation("Shows the machine.", shapes.System),
    ("GET", "/api/events"): Operation(
        "Streams the list of processes, and then all changes.",
        str,
        media=EVENT_STREAM,
        parameters=(
            Parameter("events", EVENTS, "only these, with commas between"),
            *cursor_parameters(f"^{EVENT_CURSOR}$"),
        ),
    ),
    ("GET", "/api/processes"): Operation(
        "Lists processes.",
        list[shapes.ProcessItem],
        parameters=(
            Parameter("status", {"enum": sorted(set(STATUS_WORDS.values()))}, "only these"),
            Parameter("name", {"type": "string"}, "only those of this app"),
        ),
    ),
    ("POST", "/api/processes"): Operation(
        "Creates an app from fields of an ecosystem file, if that is allowed.",
        shapes.Created,
        status=201,
        body=dict[str, Any],
        refused=ABOUT_A_PROCESS,
    ),
    ("GET", "/api/processes/{id}"): Operation("Shows one process in full.", shapes.ProcessDetail),
    ("DELETE", "/api/processes/{id}"): Operation(
        "Stops it and removes it from the list.", shapes.Done
    ),
    ("GET", "/api/processes/{id}/logs"): Operation(
        "Returns its last lines of output.", shapes.Output, parameters=(LINES, KIND)
    ),
    ("GET", "/api/processes/{id}/logs/stream"): Operation(
        "Streams its output.",
        str,
        media=EVENT_STREAM,
        parameters=(LINES, KIND, *cursor_parameters(f"^{CURSOR_PART}(,{CURSOR_PART})*$")),
    ),
    ("POST", "/api/processes/{id}/start"): Operation("Starts it if it is down.", shapes.Done),
    ("POST", "/api/processes/{id}/stop"): Operation(
        "Stops it and everything it started.", shapes.Done
    ),
    ("POST", "/api/processes/{id}/restart"): Operation(
        "Restarts it, optionally on other ports.", shapes.Done, body=PortBody
    ),
    ("POST", "/api/processes/{id}/reload"): Operation(
        "Replaces it without downtime, optionally on other ports.",
        shapes.Reloaded,
        body=PortBody,
    ),
    ("POST", "/api/processes/{id}/scale"): Operation(
        "Changes the number of instances.", shapes.Done, body=ScaleBody, body_needed=True
    ),
}

API = Api(
    title="pmdaemon",
    summary="Keeps programs running; shows and controls them.",
    operations=OPERATIONS,
    failure=shapes.Failure,
    refusals={
        401: "It needs an API key.",
        404: "No process has this name or id.",
        409: "It could not be done: the message says why.",
        426: "This path speaks WebSocket only.",
    },
    about_one=ABOUT_A_PROCESS,
    path_parameters={"id": "an app's name, or a process's id"},
    more={"Pushed": shapes.Pushed, "Said": Said},
)


def describe(endpoints: Sequence[Endpoint], version: str) -> Json:
    """Write the whole description."""
    return described(API, endpoints, version)
