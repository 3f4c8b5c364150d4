import os

import pytest

from pmdaemon.core.logs import Mark, OutputStream, times_path
from pmdaemon.core.metrics import Sample
from pmdaemon.core.snapshots import ProcessSnapshot
from pmdaemon.server.http.output import DatedLine, read_output
from tests.support.builders import NOW, a_process

BOTH = tuple(OutputStream)
OUT, ERR = OutputStream.OUT, OutputStream.ERR


@pytest.fixture
def snapshot(tmp_path):
    return snapshot_in(tmp_path)


def snapshot_in(folder):
    return ProcessSnapshot(
        process=a_process(),
        sample=Sample(),
        out_file=str(folder / "web-0.out"),
        error_file=str(folder / "web-0.err"),
        at=NOW,
    )


def write(path, *lines):
    """Write lines, each with its time, or None where none was noted."""
    data, marks = b"", b""
    for time, text in lines:
        if time is not None:
            marks += Mark(len(data), int(time * 1e9)).encode()
        data += text.encode() + b"\n"
    with open(path, "wb") as file:
        file.write(data)
    os.makedirs(os.path.dirname(times_path(path)), exist_ok=True)
    with open(times_path(path), "wb") as file:
        file.write(marks)


def test_both_streams_come_in_the_order_of_their_times(snapshot):
    write(snapshot.out_file, (10.0, "one"), (30.0, "three"))
    write(snapshot.error_file, (20.0, "two"))

    output = read_output([snapshot], BOTH, 20)

    assert output.lines == [
        DatedLine(OUT, 10.0, "one"),
        DatedLine(ERR, 20.0, "two"),
        DatedLine(OUT, 30.0, "three"),
    ]


def test_of_more_lines_than_wanted_the_last_are_read_and_all_are_counted(snapshot):
    write(snapshot.out_file, *((float(number), f"line {number}") for number in range(1, 31)))
    write(snapshot.error_file, (5.5, "early"), (29.5, "late"))

    output = read_output([snapshot], BOTH, 3)

    assert [line.text for line in output.lines] == ["line 29", "late", "line 30"]
    assert output.total == 32


def test_no_lines_can_be_wanted(snapshot):
    write(snapshot.out_file, (10.0, "one"))

    output = read_output([snapshot], BOTH, 0)

    assert (output.lines, output.total) == ([], 1)


def test_only_the_wanted_stream_is_read_and_counted(snapshot):
    write(snapshot.out_file, (10.0, "out"))
    write(snapshot.error_file, (10.0, "err"))

    output = read_output([snapshot], (ERR,), 20)

    assert ([line.text for line in output.lines], output.total) == (["err"], 1)


def test_several_processes_are_read_together(tmp_path):
    folders = [tmp_path / "a", tmp_path / "b"]
    for second, folder in enumerate(folders):
        folder.mkdir()
        write(str(folder / "web-0.out"), (20.0 - second, folder.name))

    output = read_output([snapshot_in(folder) for folder in folders], BOTH, 20)

    assert [line.text for line in output.lines] == ["b", "a"]


def test_a_line_without_a_time_gets_that_of_the_line_before(snapshot):
    write(snapshot.out_file, (10.0, "one"), (None, "two"))

    output = read_output([snapshot], BOTH, 20)

    assert [line.time for line in output.lines] == [10.0, 10.0]


def test_lines_without_any_time_get_that_of_their_file(snapshot):
    write(snapshot.out_file, (None, "one"))
    os.utime(snapshot.out_file, (1234.0, 1234.0))

    output = read_output([snapshot], BOTH, 20)

    assert [line.time for line in output.lines] == [1234.0]


def test_a_process_that_never_ran_has_no_output(snapshot):
    output = read_output([snapshot], BOTH, 20)

    assert (output.lines, output.total) == ([], 0)
