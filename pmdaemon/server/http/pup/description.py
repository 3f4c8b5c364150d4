"""The description of the Pup API by OpenAPI 3.1: its operations, one by one."""

from collections.abc import Mapping, Sequence
from typing import Any

from pmdaemon.server.http.describing import (
    SWITCHED,
    Api,
    Json,
    Operation,
    Parameter,
    described,
)
from pmdaemon.server.http.dialect import Endpoint
from pmdaemon.server.http.pup import shapes
from pmdaemon.server.http.pup.bodies import DEFAULT_ROWS, LATEST
from pmdaemon.server.http.pup.searching import CURSOR, MOST_ENTRIES

_MOMENT = {"type": "integer", "minimum": 0, "maximum": LATEST}
_ROWS = Parameter(
    "nRows",
    {"type": "integer", "minimum": 0, "maximum": MOST_ENTRIES, "default": DEFAULT_ROWS},
    "how many of the newest, at the most",
)
_ONE = "/processes/{id}"

OPERATIONS: Mapping[tuple[str, str], Operation] = {
    ("GET", "/openapi/pup.json"): Operation("Shows this description.", dict[str, Any]),
    ("GET", "/processes"): Operation("Lists processes and clusters.", shapes.ProcessList),
    ("POST", f"{_ONE}/start"): Operation("Starts it if it is down."),
    ("POST", f"{_ONE}/stop"): Operation("Stops it and everything it started."),
    ("POST", f"{_ONE}/restart"): Operation("Restarts it."),
    ("POST", f"{_ONE}/block"): Operation("Prevents all starts."),
    ("POST", f"{_ONE}/unblock"): Operation("Allows starts again."),
    ("GET", "/state"): Operation("Shows the daemon, the machine, and all processes.", shapes.State),
    ("GET", "/state/history"): Operation(
        "Shows past states of processes.",
        shapes.PastStates,
        parameters=(
            Parameter("processId", {"type": "string"}, "only of this one"),
            Parameter("startTimeStamp", _MOMENT, "from then on, in milliseconds"),
            Parameter("endTimeStamp", _MOMENT, "until then, in milliseconds"),
            _ROWS,
        ),
    ),
    ("POST", "/telemetry"): Operation(
        "Takes what a program reports about itself.",
        body=shapes.Telemetry,
        body_needed=True,
        refused=(404,),
    ),
    ("POST", "/ipc"): Operation(
        "Sends a message to a program or a consumer.", body=shapes.Message, body_needed=True
    ),
    ("POST", "/token"): Operation("Gives a program its next token.", shapes.Renewed),
    ("POST", "/log"): Operation(
        "Adds a line to the log.", status=201, body=shapes.LogLine, body_needed=True
    ),
    ("GET", "/logs"): Operation(
        "Shows the newest matching entries of the log.",
        shapes.Entries,
        parameters=(
            Parameter("processId", {"type": "string"}, "only of this one; core is of none"),
            Parameter("severity", {"enum": ["log", "info", "warn", "error"]}, "only these"),
            Parameter("startTimeStamp", _MOMENT, "from then on, in milliseconds"),
            Parameter("endTimeStamp", _MOMENT, "until then, in milliseconds"),
            Parameter("consumer", {"type": "string"}, "only what this consumer sent"),
            _ROWS,
            Parameter(
                "cursor",
                {"type": "string", "pattern": f"^{CURSOR}$"},
                "those before what came with this cursor",
            ),
        ),
    ),
    ("GET", "/wss"): Operation(
        "Speaks WebSocket: pushes what happens (`Frame`).", status=SWITCHED, refused=(426,)
    ),
    ("POST", "/terminate"): Operation("Stops all programs, and then the daemon."),
}

API = Api(
    title="pmdaemon: the API of Pup",
    summary="Keeps programs running; shows and controls them as Pup does.",
    operations=OPERATIONS,
    failure=shapes.Failure,
    refusals={
        403: "This token is good for something else.",
        413: "There is too much of it.",
        503: "The daemon ends, or cannot write down what was asked for.",
        404: "There is no such process.",
        409: "It is blocked, or what was asked for is not so now.",
        426: "This path speaks WebSocket only.",
    },
    about_one=(404, 409),
    path_parameters={"id": "a process, an instance, a cluster, or all"},
    more={"Frame": shapes.Frame},
    servers=("/", "/api/pup"),
)


def describe(endpoints: Sequence[Endpoint], version: str) -> Json:
    """Write the whole description."""
    return described(API, endpoints, version)
