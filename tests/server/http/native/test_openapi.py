import json
import re
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest

from pmdaemon.server.http.native.openapi import OPERATIONS, describe
from pmdaemon.server.http.native.routes import NATIVE
from pmdaemon.server.http.native.websocket import Said
from tests.dialects.transcripts import read_transcript

DOCUMENT = describe(NATIVE.endpoints, "1.2.3")

TRANSCRIPTS = Path(__file__).parents[3] / "dialects" / "native"

ANSWERS = [
    (path.name, exchange)
    for path in sorted(TRANSCRIPTS.glob("*.http"))
    for exchange in read_transcript(path, {})
    if exchange.body.strip()
]


def resolved(schema):
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def schema_of(exchange):
    """Find the schema of the answer to a request, by its method, path and status."""
    method, target, _ = exchange.request[0].split(" ")
    target = re.sub("^https?://[^/]+", "", target)
    for path, item in DOCUMENT["paths"].items():
        pattern = re.sub(r"\\{.*?\\}", "[^/]+", re.escape(path))
        if re.fullmatch(pattern, target.partition("?")[0]) and method.lower() in item:
            response = item[method.lower()]["responses"][str(exchange.status)]
            if "$ref" in response:
                response = DOCUMENT["components"]["responses"][str(exchange.status)]
            return response["content"]["application/json"]["schema"]
    return None


def undescribed(value, schema, where=""):
    """List the fields of a value that its schema does not know."""
    schema = resolved(schema)
    match value:
        case dict() if "properties" in schema:
            for name, field in value.items():
                if name not in schema["properties"]:
                    yield f"{where}.{name}"
                else:
                    yield from undescribed(field, schema["properties"][name], f"{where}.{name}")
        case list() if "items" in schema:
            for item in value:
                yield from undescribed(item, schema["items"], f"{where}[]")
        case _:
            return


def test_every_endpoint_is_described_and_nothing_else():
    assert set(OPERATIONS) == {(one.method, one.path) for one in NATIVE.endpoints}
    assert {
        (method.upper(), path) for path, item in DOCUMENT["paths"].items() for method in item
    } == set(OPERATIONS)


def test_every_operation_has_a_name_of_its_own():
    names = [one["operationId"] for item in DOCUMENT["paths"].values() for one in item.values()]

    assert len(set(names)) == len(names)


def test_whatever_is_referred_to_is_there():
    text = json.dumps(DOCUMENT)

    for kind, name in set(re.findall(r'"#/components/(\w+)/(\w+)"', text)):
        assert name in DOCUMENT["components"][kind]


@pytest.mark.parametrize(
    ("file", "exchange"), ANSWERS, ids=lambda one: f"{one if isinstance(one, str) else one.line}"
)
def test_every_answer_of_the_transcripts_is_described(file, exchange):
    schema = schema_of(exchange)
    if schema is None:
        assert exchange.status in {400, 401, 403, 404, 405}, "an answer to nothing in the table"
        return

    whole = {**schema, "components": DOCUMENT["components"]}
    assert jsonschema_rs.is_valid(whole, exchange.expected), list(
        jsonschema_rs.iter_errors(whole, exchange.expected)
    )
    assert list(undescribed(exchange.expected, schema)) == []


def test_what_needs_a_key_says_so():
    paths = DOCUMENT["paths"]

    assert {} in paths["/ws"]["get"]["security"]
    assert {} not in paths["/api/processes"]["get"]["security"]
    assert paths["/api/processes/{id}"]["delete"]["x-scope"] == "control"


@pytest.mark.parametrize(
    "message",
    [
        {"type": "ping"},
        {"type": "auth", "data": {"key": "sesame"}},
        {"type": "subscribe", "data": {"processes": ["web", 1], "lines": 5, "cursor": None}},
        {"type": "unsubscribe", "data": {"events": ["process_metrics"]}},
    ],
)
def test_what_a_client_of_the_websocket_may_say_is_described(message):
    whole = {"$ref": "#/components/schemas/Said", "components": DOCUMENT["components"]}

    assert jsonschema_rs.is_valid(whole, message)
    assert msgspec.convert(message, Said)
    assert not jsonschema_rs.is_valid(whole, {"type": "command"})
