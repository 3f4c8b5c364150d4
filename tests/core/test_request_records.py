import pytest

from pmdaemon.core.request_records import Body, RequestFilter, RequestRecord, masked_headers
from tests.support.builders import NOW, later


def a_record(**changes):
    given = {
        "id": "0123456789ab", "number": 1, "began": NOW, "method": "GET", "url": "/a?b=c",
        "host": "app.localhost", "subdomain": "app", "service": "app",
        "remote_addr": "127.0.0.1", "status": 200,
    }  # fmt: skip
    return RequestRecord(**{**given, **changes})


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [
        ({}, True),
        ({"subdomain": "app"}, True),
        ({"subdomain": "other"}, False),
        ({"service": "app"}, True),
        ({"service": ""}, False),
        ({"method": "get"}, True),
        ({"method": "POST"}, False),
        ({"min_status": 200, "max_status": 200}, True),
        ({"min_status": 201}, False),
        ({"max_status": 199}, False),
        ({"since": NOW.wall}, True),
        ({"since": NOW.wall + 1}, False),
        ({"url": "b="}, True),
        ({"url": "x"}, False),
    ],
)
def test_records_are_chosen_by_what_they_say(wanted, matches):
    assert RequestFilter(**wanted).matches(a_record()) is matches


def test_a_request_without_an_answer_has_no_status_to_be_chosen_by():
    assert not RequestFilter(max_status=299).matches(a_record(status=0))
    assert not RequestFilter(min_status=0).matches(a_record(status=0))
    assert RequestFilter().matches(a_record(status=0))


def test_a_request_that_takes_suspiciously_long_is_stale_until_it_has_ended():
    record = a_record()

    assert not record.stale(later(300))
    assert record.stale(later(301))
    record.seconds = 301.0
    assert not record.stale(later(400))


def test_secrets_in_headers_are_masked():
    headers = [(b"Authorization", b"Bearer x"), (b"COOKIE", b"a=b"), (b"Accept", b"*/*")]

    assert masked_headers(headers) == [
        ("Authorization", "********"),
        ("COOKIE", "********"),
        ("Accept", "*/*"),
    ]
    assert masked_headers([(b"set-cookie", b"a"), (b"x-api-key", b"b")]) == [
        ("set-cookie", "********"),
        ("x-api-key", "********"),
    ]


def test_a_body_knows_whether_it_is_whole():
    assert Body(b"ab", 3).truncated
    assert not Body(b"ab", 2).truncated


def test_a_record_shows_nothing_of_its_headers():
    assert "secret" not in repr(a_record(raw_request_headers=[(b"cookie", b"secret")]))
