from pathlib import Path

import jsonschema_rs
import msgspec
import pytest

from pmdaemon.server.http.native.openapi import OPERATIONS, describe
from pmdaemon.server.http.native.routes import NATIVE
from pmdaemon.server.http.native.websocket import Said
from tests.dialects.transcripts import read_transcript
from tests.support.openapi import Description

DOCUMENT = describe(NATIVE.endpoints, "1.2.3")
DESCRIPTION = Description(DOCUMENT)

TRANSCRIPTS = Path(__file__).parents[3] / "dialects" / "native"

ANSWERS = [
    (path.name, exchange)
    for path in sorted(TRANSCRIPTS.glob("*.http"))
    for exchange in read_transcript(path, {})
    if exchange.body.strip()
]


def test_every_endpoint_is_described_and_nothing_else():
    assert set(OPERATIONS) == {(one.method, one.path) for one in NATIVE.endpoints}
    assert DESCRIPTION.operations == set(OPERATIONS)


def test_every_operation_has_a_name_of_its_own():
    names = [one["operationId"] for item in DOCUMENT["paths"].values() for one in item.values()]

    assert len(set(names)) == len(names)


def test_whatever_is_referred_to_is_there():
    assert DESCRIPTION.missing() == []


@pytest.mark.parametrize(
    ("file", "exchange"), ANSWERS, ids=lambda one: f"{one if isinstance(one, str) else one.line}"
)
def test_every_answer_of_the_transcripts_is_described(file, exchange):
    assert DESCRIPTION.faults(exchange) == []


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
