import json
from datetime import datetime

import pytest

from pmdaemon.adapters import line_wording
from pmdaemon.adapters.copy_records import Place
from pmdaemon.adapters.line_wording import Wording
from pmdaemon.control.log_sources import LogSource
from pmdaemon.core.log_copies import LogCopy
from pmdaemon.core.logs import Mark, OutputStream

NOON = datetime(2026, 11, 22, 12, 0, 0).timestamp()  # noqa: DTZ001 - local time is what is worded

PLAIN = LogCopy(OutputStream.OUT, "/copy", None, json=False)
DATED = PLAIN._replace(date_format="HH:mm:ss")
JSON = PLAIN._replace(json=True)


@pytest.fixture
def source(tmp_path):
    """An output whose first 10 bytes came at noon, and the rest a minute later."""
    (tmp_path / "out").write_bytes(b"")
    (tmp_path / ".times").mkdir()
    marks = Mark(0, int(NOON * 1e9)).encode() + Mark(10, int((NOON + 60) * 1e9)).encode()
    (tmp_path / ".times" / "out").write_bytes(marks)
    source = LogSource(str(tmp_path / "out"))
    yield source
    source.close()


def worded(copy, source, *chunks, at=0):
    """Feed chunks that follow each other; return what comes of it, and the wording."""
    wording = Wording(copy, 7, "web", lambda: NOON + 3600)
    batches = []
    for chunk in chunks:
        batches += wording.feed(chunk, at, source)
        at += len(chunk)
    return [batch.data for batch in batches], [batch.after.offset for batch in batches], wording


def test_whole_lines_are_copied_as_they_are(source):
    data, places, wording = worded(PLAIN, source, b"a\nb\nun", b"finished\n\xff", b"\n")

    assert data == [b"a\nb\n", b"unfinished\n", b"\xff\n"]
    assert places == [4, 15, 17]
    assert wording.finish() == []


def test_a_place_is_in_the_file_that_was_read(source):
    wording = Wording(PLAIN, 7, "web", lambda: NOON)

    [batch] = wording.feed(b"a\n", 100, source)

    assert batch.after == Place(*source.identity, 102)


def test_each_line_has_its_time_in_front(source):
    data, _, _ = worded(DATED, source, b"one\ntwo\nthr", b"ee\nfour\n")

    assert data == [
        b"12:00:00: one\n12:00:00: two\n",
        b"12:00:00: three\n12:01:00: four\n",
    ]


def test_json_is_an_object_a_line(source):
    [data], _, _ = worded(JSON, source, b'say "hi"\n\xffthere\n')

    first, second = map(json.loads, data.splitlines())
    assert first == {
        "message": 'say "hi"',
        "timestamp": datetime.fromtimestamp(NOON).astimezone().isoformat(timespec="milliseconds"),
        "type": "out",
        "process_id": 7,
        "app_name": "web",
    }
    assert second["message"] == "\ufffdthere"


def test_json_takes_the_format_of_dates_too(source):
    [data], _, _ = worded(JSON._replace(date_format="HH:mm"), source, b"x\n")

    assert json.loads(data)["timestamp"] == "12:00"


def test_an_unfinished_line_is_handed_out_at_the_end(source):
    _, _, wording = worded(DATED, source, b"one\ntw")
    [batch] = wording.finish()

    assert (batch.data, batch.after.offset) == (b"12:00:00: tw\n", 6)
    assert wording.finish() == []


def test_an_emptied_file_leaves_nothing_unfinished(source):
    _, _, wording = worded(PLAIN, source, b"half of it")

    wording.forget()

    assert wording.finish() == []
    assert [one.data for one in wording.feed(b"new\n", 0, source)] == [b"new\n"]


@pytest.mark.parametrize("copy", [PLAIN, DATED])
def test_a_line_without_end_is_cut(source, copy, monkeypatch):
    monkeypatch.setattr(line_wording, "LONGEST", 10)

    data, places, _ = worded(copy, source, b"x" * 8, b"y" * 8, b"z\n")

    assert b"x" * 8 + b"y" * 8 in data[0]
    assert places == [16, 18]


def test_a_line_of_unknown_time_is_of_now(source, tmp_path):
    (tmp_path / "other").touch()
    other = LogSource(str(tmp_path / "other"))

    [data], _, _ = worded(DATED, other, b"x\n")

    assert data == b"13:00:00: x\n"
    other.close()
