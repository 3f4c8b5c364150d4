"""The description of the API of prox by OpenAPI 3.1: its operations, one by one."""

from collections.abc import Mapping, Sequence
from typing import Any

from pmdaemon.server.http.describing import (
    EVENT_STREAM,
    Api,
    Json,
    Operation,
    Parameter,
    cursor_parameters,
    described,
)
from pmdaemon.server.http.dialect import Endpoint
from pmdaemon.server.http.log_streams import CURSOR_PART
from pmdaemon.server.http.prox import shapes
from pmdaemon.server.http.prox.handlers import DEFAULT_LINES, MOST_LINES
from pmdaemon.server.http.prox.requests import (
    CURSOR,
    DEFAULT_LIMIT,
    HIGHEST_STATUS,
    MOST_REQUESTS,
)

ROOT = "/api/v1"
_ONE = f"{ROOT}/processes/{{name}}"

_SWITCH = {"type": "boolean", "default": False}
_STATUS = {"type": "integer", "minimum": 0, "maximum": HIGHEST_STATUS}

PICKED = (
    Parameter("process", {"type": "string"}, "only of these, with commas between"),
    Parameter("pattern", {"type": "string", "maxLength": 256}, "only lines with this in them"),
    Parameter("regex", _SWITCH, "whether the pattern is an expression of RE2"),
)

REQUESTS = (
    Parameter("subdomain", {"type": "string"}, "only those to this name"),
    Parameter("method", {"type": "string"}, "only those with this method"),
    Parameter("min_status", _STATUS, "only with this status, or a higher one"),
    Parameter("max_status", _STATUS, "only with this status, or a lower one"),
    Parameter("since", {"type": "string", "format": "date-time"}, "only those that came since"),
    Parameter("url_contains", {"type": "string"}, "only those with this in their URL"),
)

OPERATIONS: Mapping[tuple[str, str], Operation] = {
    ("GET", "/health"): Operation("Answers ok to anybody.", str, media="text/plain"),
    ("GET", "/openapi/prox.json"): Operation("Shows this description.", dict[str, Any]),
    ("GET", f"{ROOT}/status"): Operation("Shows the supervisor.", shapes.SupervisorStatus),
    ("GET", f"{ROOT}/processes"): Operation("Lists processes.", shapes.ProcessList),
    ("GET", f"{ROOT}/processes/stream"): Operation(
        "Streams that list, now and whenever it changes.", str, media=EVENT_STREAM
    ),
    ("GET", _ONE): Operation("Shows one process in full.", shapes.ProcessDetail),
    ("POST", f"{_ONE}/start"): Operation("Starts it if it is down.", shapes.Success),
    ("POST", f"{_ONE}/stop"): Operation("Stops it and everything it started.", shapes.Success),
    ("POST", f"{_ONE}/restart"): Operation("Restarts it.", shapes.Success),
    ("GET", f"{ROOT}/logs"): Operation(
        "Returns the last lines of output.",
        shapes.Lines,
        parameters=(
            Parameter(
                "lines",
                {"type": "integer", "minimum": 0, "default": DEFAULT_LINES},
                f"how many at the most; above {MOST_LINES}, so many",
            ),
            Parameter("bytes", {"type": "integer", "minimum": 0}, "how many bytes at the most"),
            *PICKED,
        ),
        refused=(404,),
    ),
    ("GET", f"{ROOT}/logs/stream"): Operation(
        "Streams lines as they are written.",
        str,
        media=EVENT_STREAM,
        parameters=(*PICKED, *cursor_parameters(f"^{CURSOR_PART}(,{CURSOR_PART})*$")),
        refused=(404,),
    ),
    ("GET", f"{ROOT}/proxy/requests"): Operation(
        "Lists the latest requests through the gateway.",
        shapes.RequestList,
        parameters=(
            *REQUESTS,
            Parameter(
                "limit",
                {"type": "integer", "minimum": 0, "default": DEFAULT_LIMIT},
                f"how many at the most; above {MOST_REQUESTS}, so many",
            ),
            Parameter("before_id", {"type": "string"}, "only those that came before this one"),
        ),
        refused=(410,),
    ),
    ("GET", f"{ROOT}/proxy/requests/stream"): Operation(
        "Streams requests as they finish.",
        str,
        media=EVENT_STREAM,
        parameters=(*REQUESTS, *cursor_parameters(f"^{CURSOR}$")),
    ),
    ("GET", f"{ROOT}/proxy/requests/{{id}}"): Operation(
        "Shows one request in full.",
        shapes.RequestDetail,
        parameters=(Parameter("include", {"const": "body"}, "what was kept of its bodies, too"),),
    ),
    ("POST", f"{ROOT}/shutdown"): Operation(
        "Stops all programs, and then the daemon.",
        shapes.ShutDown,
        parameters=(Parameter("wait", _SWITCH, "whether to answer when the programs have ended"),),
    ),
}

API = Api(
    title="pmdaemon: the API of prox",
    summary="Keeps programs running; shows and controls them as prox does.",
    operations=OPERATIONS,
    failure=shapes.Failure,
    refusals={
        503: "Everything is being ended, the gateway is off, or nothing can be written down.",
        404: "There is no such process, or request.",
        409: "It runs already, or does not run.",
        410: "The request that a page was to end before is not remembered any more.",
    },
    about_one=(404, 409),
    path_parameters={"name": "an app's name, or an instance's", "id": "the id of a request"},
)


def describe(endpoints: Sequence[Endpoint], version: str) -> Json:
    """Write the whole description."""
    return described(API, endpoints, version)
