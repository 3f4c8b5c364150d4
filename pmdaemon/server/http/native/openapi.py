"""The description of the PMDaemon API by OpenAPI 3.1, made of the types that validate.

Each operation stands in one table; a test sees to it that these are the endpoints there are.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from pmdaemon.core.access import Scope
from pmdaemon.server.http.dialect import Endpoint
from pmdaemon.server.http.log_streams import CURSOR_PART
from pmdaemon.server.http.native import shapes
from pmdaemon.server.http.native.declaring import PortBody, ScaleBody
from pmdaemon.server.http.native.frames import PUSHED
from pmdaemon.server.http.native.handlers import DEFAULT_LINES, MOST_LINES, STREAMS
from pmdaemon.server.http.native.pushing import EVENT_CURSOR
from pmdaemon.server.http.native.views import STATUS_WORDS
from pmdaemon.server.http.native.websocket import SUBPROTOCOL, Said
from pmdaemon.server.http.streams import SSE_HEADERS

SCHEMAS = "#/components/schemas/{name}"
JSON = "application/json"
EVENT_STREAM = SSE_HEADERS["Content-Type"].partition(";")[0]

Json = dict[str, Any]


class Parameter(Struct, frozen=True):
    """Something that may be said in the query, or in a header."""

    name: str
    schema: Mapping[str, Any]
    text: str
    place: str = "query"


class Operation(Struct, frozen=True):
    """One method of one path: what it takes, and what it answers when all goes well."""

    text: str
    answer: Any = None
    media: str = JSON
    status: int = 200
    parameters: Sequence[Parameter] = ()
    body: Any = None
    body_needed: bool = False


LINES = Parameter(
    "lines",
    {"type": "integer", "minimum": 0, "maximum": MOST_LINES, "default": DEFAULT_LINES},
    "how many of the last lines",
)
EVENTS = {"type": "array", "items": {"enum": sorted(PUSHED)}, "minItems": 1}
KIND = Parameter("type", {"enum": list(STREAMS), "default": "all"}, "which output")


def _cursors(pattern: str) -> Sequence[Parameter]:
    schema = {"type": "string", "pattern": pattern}
    return (
        Parameter("cursor", schema, "where to go on: an id that came"),
        Parameter("Last-Event-ID", schema, "the same, as browsers say it", "header"),
    )


OPERATIONS: Mapping[tuple[str, str], Operation] = {
    ("GET", "/"): Operation("Says what answers here.", shapes.Root),
    ("GET", "/openapi.json"): Operation("Shows this description.", dict[str, Any]),
    ("GET", "/metrics"): Operation("Shows figures to Prometheus.", str, media="text/plain"),
    ("GET", "/ws"): Operation(
        "Speaks WebSocket: pushes what is so, and takes messages (`Said`).", status=101
    ),
    ("GET", "/api/status"): Operation("Says ok, for load balancers.", shapes.StatusCheck),
    ("GET", "/api/system"): Operation("Shows the machine.", shapes.System),
    ("GET", "/api/events"): Operation(
        "Pushes the list of processes, and then what changes.",
        str,
        media=EVENT_STREAM,
        parameters=(
            Parameter("events", EVENTS, "only these, with commas between"),
            *_cursors(f"^{EVENT_CURSOR}$"),
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
        "Creates an app with the fields of an ecosystem file, where that was allowed.",
        shapes.Created,
        status=201,
        body=dict[str, Any],
    ),
    ("GET", "/api/processes/{id}"): Operation("Shows one in full.", shapes.ProcessDetail),
    ("DELETE", "/api/processes/{id}"): Operation("Ends it and forgets it.", shapes.Done),
    ("GET", "/api/processes/{id}/logs"): Operation(
        "Shows its last lines.", shapes.Output, parameters=(LINES, KIND)
    ),
    ("GET", "/api/processes/{id}/logs/stream"): Operation(
        "Pushes what it prints.",
        str,
        media=EVENT_STREAM,
        parameters=(LINES, KIND, *_cursors(f"^{CURSOR_PART}(,{CURSOR_PART})*$")),
    ),
    ("POST", "/api/processes/{id}/start"): Operation("Brings up what is down.", shapes.Done),
    ("POST", "/api/processes/{id}/stop"): Operation("Ends it, and all it started.", shapes.Done),
    ("POST", "/api/processes/{id}/restart"): Operation(
        "Ends it and starts it anew, on other ports if any are said.", shapes.Done, body=PortBody
    ),
    ("POST", "/api/processes/{id}/reload"): Operation(
        "Puts new runs in the place of those that serve, on other ports if any are said.",
        shapes.Reloaded,
        body=PortBody,
    ),
    ("POST", "/api/processes/{id}/scale"): Operation(
        "Has so many instances up.", shapes.Done, body=ScaleBody, body_needed=True
    ),
}

REFUSALS: Mapping[int, str] = {
    400: "It cannot be used as it is.",
    401: "It needs an API key.",
    403: "This caller may not do that.",
    408: "The body did not arrive in time.",
    413: "The body is too large.",
    429: "Too many requests; see Retry-After.",
    431: "The head is too large.",
    500: "We have failed.",
    503: "The daemon cannot write down what was asked for.",
}

ABOUT_A_PROCESS: Mapping[int, str] = {
    404: "No process has this name or id.",
    409: "It was not to be done: the message says why.",
}

WEBSOCKET: Mapping[int, str] = {426: "This path speaks WebSocket only."}


def describe(endpoints: Sequence[Endpoint], version: str) -> Json:
    """Write the whole description."""
    types = [*_types(), shapes.Failure, shapes.Pushed, Said]
    schemas, components = msgspec.json.schema_components(types, ref_template=SCHEMAS)
    by_type = dict(zip(map(repr, types), schemas, strict=True))
    paths: dict[str, Json] = {}
    for one in endpoints:
        described = _operation(one, OPERATIONS[one.method, one.path], by_type)
        paths.setdefault(one.path, {})[one.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "pmdaemon",
            "version": version,
            "summary": "Keeps programs running; shows and controls them.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {
            "schemas": {**components, "Said": by_type[repr(Said)]},
            "responses": _refusals(by_type[repr(shapes.Failure)]),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
        },
    }


def _types() -> list[Any]:
    used = [
        kind for one in OPERATIONS.values() for kind in (one.answer, one.body) if kind is not None
    ]
    return list({repr(kind): kind for kind in used}.values())


def _operation(one: Endpoint, told: Operation, by_type: Mapping[str, Json]) -> Json:
    about = "{id}" in one.path
    described: Json = {
        "summary": told.text,
        "operationId": one.handler.__name__,
        "parameters": [*([_ID] if about else []), *map(_parameter, told.parameters)],
        "responses": _responses(one, told, by_type),
    }
    if one.scope is Scope.PUBLIC:
        described["security"] = [{}, {"bearer": []}, {"key": []}]
    else:
        described["security"] = [{"bearer": []}, {"key": []}]
        described["x-scope"] = one.scope
    if told.body is not None:
        schema = by_type[repr(told.body)]
        described["requestBody"] = {
            "required": told.body_needed,
            "content": {JSON: {"schema": schema}},
        }
    return described


def _responses(one: Endpoint, told: Operation, by_type: Mapping[str, Json]) -> Json:
    done: Json = {"description": told.text}
    if told.answer is not None:
        done["content"] = {told.media: {"schema": by_type[repr(told.answer)]}}
    if told.status == 101:
        done["headers"] = {"Sec-WebSocket-Protocol": {"schema": {"const": SUBPROTOCOL}}}
    refused = {
        *REFUSALS,
        *(ABOUT_A_PROCESS if "{id}" in one.path or one.changes else ()),
        *(WEBSOCKET if told.status == 101 else ()),
    }
    return {
        str(told.status): done,
        **{str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(refused)},
    }


def _refusals(failure: Json) -> Json:
    texts = {**REFUSALS, **ABOUT_A_PROCESS, **WEBSOCKET}
    content = {JSON: {"schema": failure}}
    return {
        str(status): {"description": text, "content": content} for status, text in texts.items()
    }


_ID: Json = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "an app's name, or a process's id",
    "schema": {"type": "string", "minLength": 1},
}


def _parameter(one: Parameter) -> Json:
    described = {
        "name": one.name,
        "in": one.place,
        "required": False,
        "description": one.text,
        "schema": dict(one.schema),
    }
    if one.schema.get("type") == "array":
        described |= {"style": "form", "explode": False}
    return described
