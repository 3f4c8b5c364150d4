import pytest

from pmdaemon.server.http.pup.description import OPERATIONS, describe
from pmdaemon.server.http.pup.routes import AT_ROOT
from tests.support.openapi import DIALECTS, Description, answers_in

DESCRIPTION = Description(describe(AT_ROOT, "1.2.3"))

KNOWN = {"p": "", "version": "1.0.0", "python": "3.11", "folder": "/home", "port": "1", "pid": "1"}


def test_every_endpoint_is_described_and_nothing_else():
    assert set(OPERATIONS) == {(one.method, one.path) for one in AT_ROOT}
    assert DESCRIPTION.operations == set(OPERATIONS)


def test_whatever_is_referred_to_is_there():
    assert DESCRIPTION.missing() == []


@pytest.mark.parametrize("exchange", answers_in(DIALECTS / "pup", KNOWN))
def test_every_answer_of_the_transcripts_is_described(exchange):
    assert DESCRIPTION.faults(exchange) == []
