import pytest

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.journal import EntryQuery, Severity
from pmdaemon.server.http.pup import searching
from pmdaemon.server.http.pup.searching import find_entries, read_printed
from tests.dialects.native.test_transcripts import write_log
from tests.support.builders import an_app

BEGIN = 1_700_000_000


@pytest.fixture
async def parts(parts):
    await parts.start(an_app(name="web"))
    return parts


def printed(parts, **query):
    snapshots = parts.engine.processes.list()
    return [one.text for one in read_printed(snapshots, EntryQuery(**{"limit": 5, **query}))]


def write(parts, *lines, stream=0):
    write_log(parts.capture.files("web", 0)[stream], *lines)


async def test_what_is_far_back_is_found_by_its_time(parts):
    write(parts, *((BEGIN + number, f"line {number}") for number in range(100)))

    assert printed(parts, until=BEGIN + 2.0) == ["line 0", "line 1", "line 2"]
    assert printed(parts, since=BEGIN + 10.0, until=BEGIN + 11.0) == ["line 10", "line 11"]
    assert printed(parts, since=BEGIN + 98.0) == ["line 98", "line 99"]
    assert printed(parts, limit=2) == ["line 98", "line 99"]


async def test_of_no_lines_none_is_found_however_many_there_are(parts, monkeypatch):
    monkeypatch.setattr(searching, "MOST_CHARACTERS", 10)
    write(parts, (BEGIN, "more than ten characters"))

    assert printed(parts, limit=0, until=BEGIN + 1.0) == []


async def test_both_streams_come_in_the_order_of_time(parts):
    write(parts, (BEGIN, "a"), (BEGIN + 2, "c"))
    write(parts, (BEGIN + 1, "b"), stream=1)

    assert printed(parts) == ["a", "b", "c"]
    assert printed(parts, severity=Severity.ERROR) == ["b"]
    assert printed(parts, severity=Severity.WARN) == []
    assert printed(parts, processes=("other",)) == []


async def test_pages_go_back_to_the_beginning_without_a_line_twice_or_left_out(parts):
    write(parts, *((BEGIN + number // 3, f"line {number}") for number in range(20)))
    query = EntryQuery(limit=4, processes=("web",), severity=Severity.LOG)

    page = await find_entries(parts.engine, query)
    pages = [page]
    while page.cursor is not None:
        page = await find_entries(parts.engine, query, cursor=page.cursor)
        pages.append(page)

    lines = [one.text for page in reversed(pages) for one in page.entries]
    assert lines == [f"line {number}" for number in range(20)]


async def test_an_answer_is_bounded_by_its_size(parts, monkeypatch):
    monkeypatch.setattr(searching, "MOST_CHARACTERS", 10)
    write(parts, (BEGIN, "x" * 9), (BEGIN + 1, "yyyy"), (BEGIN + 2, "zzzz"))

    assert printed(parts) == ["yyyy", "zzzz"]


async def test_what_is_no_cursor_is_refused(parts):
    for cursor in ("", "1", "1.2.3.4", "-1.5.1", "9" * 500, "1.0.999999999"):
        with pytest.raises(InvalidInput):
            await find_entries(parts.engine, EntryQuery(limit=1), cursor=cursor)
