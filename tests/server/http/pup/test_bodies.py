import pytest
from aiohttp.test_utils import make_mocked_request

from pmdaemon.core.journal import Severity
from pmdaemon.server.http.pup.bodies import read_query
from pmdaemon.server.http.refusals import InvalidRequest


def query(text):
    return read_query(make_mocked_request("GET", f"/logs{text}"))


def test_without_filters_the_newest_hundred_are_meant():
    assert (query("").limit, query("").severity, query("").since) == (100, None, None)


def test_times_are_in_milliseconds_and_both_ends_count():
    found = query("?startTimeStamp=1500&endTimeStamp=2000")

    assert found.since == 1.5
    assert 2.0009 < found.until < 2.001


def test_a_severity_may_be_written_in_capitals():
    assert query("?severity=ERROR").severity is Severity.ERROR


@pytest.mark.parametrize(
    "text",
    [
        "?nRows=-1",
        "?nRows=1e3",
        "?nRows=",
        "?nRows=10001",
        "?severity=",
        "?severity=fatal",
        "?startTimeStamp=-5",
        "?startTimeStamp=2024-01-01",
        "?endTimeStamp=99999999999999999999",
    ],
)
def test_what_is_no_filter_is_refused(text):
    with pytest.raises(InvalidRequest):
        query(text)
