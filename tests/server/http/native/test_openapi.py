import jsonschema_rs
import msgspec
import pytest

from pmdaemon.server.http.native.openapi import OPERATIONS, describe
from pmdaemon.server.http.native.routes import NATIVE
from pmdaemon.server.http.native.websocket import Said
from tests.support.openapi import DIALECTS, Description, answers_in

DOCUMENT = describe(NATIVE.endpoints, "1.2.3")
DESCRIPTION = Description(DOCUMENT)


def test_every_endpoint_is_described_and_nothing_else():
    assert set(OPERATIONS) == {(one.method, one.path) for one in NATIVE.endpoints}
    assert DESCRIPTION.operations == set(OPERATIONS)


def test_every_operation_has_a_name_of_its_own():
    names = [one["operationId"] for item in DOCUMENT["paths"].values() for one in item.values()]

    assert len(set(names)) == len(names)


def test_whatever_is_referred_to_is_there():
    assert DESCRIPTION.missing() == []


@pytest.mark.parametrize("exchange", answers_in(DIALECTS / "native"))
def test_every_answer_of_the_transcripts_is_described(exchange):
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
