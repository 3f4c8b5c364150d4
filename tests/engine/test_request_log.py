import pytest

from pmdaemon.core.request_records import RequestFilter
from pmdaemon.engine.request_log import RequestLog, RequestNotFound
from tests.core.test_request_records import a_record
from tests.fakes.clock import FakeClock

ALL = RequestFilter()


@pytest.fixture
def log():
    return RequestLog(clock=FakeClock(), kept=3)


def add(log, **changes):
    id_, number = log.identify()
    record = a_record(id=id_, number=number, began=log.now, **changes)
    log.add(record)
    return record


def test_the_youngest_comes_first_and_the_oldest_is_forgotten(log):
    records = [add(log) for _ in range(5)]

    found, matching, total = log.list(ALL, limit=2)

    assert [one.number for one in found] == [5, 4]
    assert (matching, total) == (3, 3)
    with pytest.raises(RequestNotFound):
        log.get(records[0].id)


def test_pages_go_on_before_a_request(log):
    records = [add(log) for _ in range(3)]

    page, matching, _ = log.list(ALL, limit=1, before=records[2])
    last, _, _ = log.list(ALL, limit=1, before=records[0])

    assert ([one.number for one in page], matching, last) == ([2], 3, [])


def test_a_record_is_found_by_its_id_or_the_beginning_of_it(log):
    one, other = add(log), add(log)

    assert log.get(one.id) is one
    assert log.get(other.id[:8]) is other
    for id_ in ("", one.id[:3], "zzzz"):
        with pytest.raises(RequestNotFound):
            log.get(id_)


def test_ids_are_twelve_digits_that_differ(log):
    ids = {log.identify()[0] for _ in range(10_000)}

    assert len(ids) == 10_000
    assert all(len(one) == 12 and int(one, 16) >= 0 for one in ids)


def test_it_tells_of_what_begins_and_what_ends(log):
    told = []
    leave = log.subscribe(lambda record: told.append(record.in_flight))
    record = add(log)
    log._clock.advance(2.0)
    log.ended(record)
    leave()
    add(log)

    assert told == [True, False]
    assert record.seconds == 2.0


def test_who_comes_back_is_told_what_came_meanwhile_and_whether_that_is_all(log):
    for _ in range(2):
        add(log)

    assert [one.number for one in log.since(1)[0]] == [2]
    assert log.since(0)[1]
    for _ in range(2):
        add(log)
    assert not log.since(0)[1]
    assert log.latest == 4


def test_answers_are_counted_by_service_and_class_of_status():
    log = RequestLog(clock=FakeClock(), kept=1)
    for status in (200, 204, 502, None):
        id_, number = log.identify()
        record = a_record(id=id_, number=number, began=log.now, service="app", status=status)
        log.add(record)
        log.ended(record)

    assert log.answered == {("app", "2xx"): 2, ("app", "5xx"): 1}
