"""Describing an API by OpenAPI 3.1: one table of operations, and the types of what they answer.

It is made of the types that validate. A test of each dialect sees to it that its table has the
endpoints that there are, and that every answer of the transcripts is as described.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from pmdaemon.core.access import Scope
from pmdaemon.server.http.dialect import Endpoint
from pmdaemon.server.http.streams import SSE_HEADERS

SCHEMAS = "#/components/schemas/{name}"
JSON = "application/json"
EVENT_STREAM = SSE_HEADERS["Content-Type"].partition(";")[0]

SWITCHED = 101
"""The status of a WebSocket that is open."""

Json = dict[str, Any]


EVERYWHERE: Mapping[int, str] = {
    400: "It cannot be used as it is.",
    401: "It needs a token.",
    403: "This caller may not do that.",
    408: "The body did not arrive in time.",
    413: "The body is too large.",
    429: "Too many requests; see Retry-After.",
    431: "The head is too large.",
    500: "We have failed.",
    503: "The daemon cannot write down what was asked for.",
}
"""The statuses that anything may be refused with, in any dialect, with what they mean."""


class Parameter(Struct, frozen=True):
    """Something that may be said in the query, or in a header."""

    name: str
    schema: Mapping[str, Any]
    text: str
    place: str = "query"


class Operation(Struct, frozen=True):
    """One method of one path: what it takes, and what it answers when all goes well.

    `refused` are statuses that come beside those that everything may be answered with.
    """

    text: str
    answer: Any = None
    media: str = JSON
    status: int = 200
    parameters: Sequence[Parameter] = ()
    body: Any = None
    body_needed: bool = False
    refused: Sequence[int] = ()
    headers: Mapping[str, Any] = {}


class Api(Struct, frozen=True):
    """What there is to say of an API as a whole.

    `refusals` are statuses with what they mean, besides and in place of what is said in
    `EVERYWHERE`; `about_one` those of paths that have parameters. `path_parameters` are by name,
    and so are `more` types that no operation refers to.
    """

    title: str
    summary: str
    operations: Mapping[tuple[str, str], Operation]
    failure: Any
    refusals: Mapping[int, str]
    about_one: Sequence[int]
    path_parameters: Mapping[str, str]
    more: Mapping[str, Any] = {}
    servers: Sequence[str] = ()


def cursor_parameters(pattern: str) -> Sequence[Parameter]:
    """Make the two ways to say where a stream is to go on."""
    schema = {"type": "string", "pattern": pattern}
    return (
        Parameter("cursor", schema, "where to go on: an id that came"),
        Parameter("Last-Event-ID", schema, "the same, as browsers say it", "header"),
    )


def described(api: Api, endpoints: Sequence[Endpoint], version: str) -> Json:
    """Write the whole description."""
    used = [one for told in api.operations.values() for one in (told.answer, told.body)]
    types = list(
        {repr(kind): kind for kind in [*used, api.failure, *api.more.values()] if kind}.values()
    )
    schemas, components = msgspec.json.schema_components(types, ref_template=SCHEMAS)
    by_type = dict(zip(map(repr, types), schemas, strict=True))
    paths: dict[str, Json] = {}
    for one in endpoints:
        told = _operation(api, one, api.operations[one.method, one.path], by_type)
        paths.setdefault(one.path, {})[one.method.lower()] = told
    document: Json = {
        "openapi": "3.1.0",
        "info": {
            "title": api.title,
            "version": version,
            "summary": api.summary,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {
            "schemas": {**{name: by_type[repr(it)] for name, it in api.more.items()}, **components},
            "responses": _refusals(api, by_type[repr(api.failure)]),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
        },
    }
    return document | ({"servers": [{"url": url} for url in api.servers]} if api.servers else {})


def _operation(api: Api, one: Endpoint, told: Operation, by_type: Mapping[str, Json]) -> Json:
    names = [name for name in api.path_parameters if f"{{{name}}}" in one.path]
    shown: Json = {
        "summary": told.text,
        "operationId": one.handler.__name__,
        "parameters": [
            *(_path_parameter(name, api.path_parameters[name]) for name in names),
            *map(_parameter, told.parameters),
        ],
        "responses": _responses(api, told, by_type, about_one=bool(names)),
    }
    if one.scope is Scope.PUBLIC:
        shown["security"] = [{}, {"bearer": []}, {"key": []}]
    else:
        shown["security"] = [{"bearer": []}, {"key": []}]
        shown["x-scope"] = one.scope
    if told.body is not None:
        shown["requestBody"] = {
            "required": told.body_needed,
            "content": {JSON: {"schema": by_type[repr(told.body)]}},
        }
    return shown


def _responses(api: Api, told: Operation, by_type: Mapping[str, Json], *, about_one: bool) -> Json:
    done: Json = {"description": told.text}
    if told.answer is not None:
        done["content"] = {told.media: {"schema": by_type[repr(told.answer)]}}
    if told.headers:
        done["headers"] = {name: {"schema": schema} for name, schema in told.headers.items()}
    refused = {*EVERYWHERE, *told.refused, *(api.about_one if about_one else ())}
    return {
        str(told.status): done,
        **{str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(refused)},
    }


def _refusals(api: Api, failure: Json) -> Json:
    content = {JSON: {"schema": failure}}
    return {
        str(status): {"description": text, "content": content}
        for status, text in {**EVERYWHERE, **api.refusals}.items()
    }


def _path_parameter(name: str, text: str) -> Json:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": text,
        "schema": {"type": "string", "minLength": 1},
    }


def _parameter(one: Parameter) -> Json:
    shown = {
        "name": one.name,
        "in": one.place,
        "required": False,
        "description": one.text,
        "schema": dict(one.schema),
    }
    if one.schema.get("type") == "array":
        shown |= {"style": "form", "explode": False}
    return shown
