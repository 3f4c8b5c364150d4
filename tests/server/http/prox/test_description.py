from pathlib import Path

import pytest

from pmdaemon.server.http.prox.description import OPERATIONS, describe
from pmdaemon.server.http.prox.routes import PROX
from tests.dialects.transcripts import read_transcript
from tests.support.openapi import Description

DESCRIPTION = Description(describe(PROX.endpoints, "1.2.3"))

TRANSCRIPTS = Path(__file__).parents[3] / "dialects" / "prox"
KNOWN = {"version": "1.0.0"}

ANSWERS = [
    (path.name, exchange)
    for path in sorted(TRANSCRIPTS.glob("*.http"))
    for exchange in read_transcript(path, KNOWN)
    if exchange.body.strip()
]


def test_every_endpoint_is_described_and_nothing_else():
    assert set(OPERATIONS) == {(one.method, one.path) for one in PROX.endpoints}
    assert DESCRIPTION.operations == set(OPERATIONS)


def test_whatever_is_referred_to_is_there():
    assert DESCRIPTION.missing() == []


@pytest.mark.parametrize(
    ("file", "exchange"), ANSWERS, ids=lambda one: f"{one if isinstance(one, str) else one.line}"
)
def test_every_answer_of_the_transcripts_is_described(file, exchange):
    assert DESCRIPTION.faults(exchange) == []
