import pytest

from pmdaemon.server.http.prox.description import OPERATIONS, describe
from pmdaemon.server.http.prox.routes import PROX
from tests.support.openapi import DIALECTS, Description, answers_in

DESCRIPTION = Description(describe(PROX.endpoints, "1.2.3"))

KNOWN = {"version": "1.0.0"}


def test_every_endpoint_is_described_and_nothing_else():
    assert set(OPERATIONS) == {(one.method, one.path) for one in PROX.endpoints}
    assert DESCRIPTION.operations == set(OPERATIONS)


def test_whatever_is_referred_to_is_there():
    assert DESCRIPTION.missing() == []


@pytest.mark.parametrize("exchange", answers_in(DIALECTS / "prox", KNOWN))
def test_every_answer_of_the_transcripts_is_described(exchange):
    assert DESCRIPTION.faults(exchange) == []
