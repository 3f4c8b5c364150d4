import pytest

from pmdaemon.core.metrics import Sample
from pmdaemon.core.snapshots import ProcessSnapshot
from pmdaemon.server.http import searching
from pmdaemon.server.http.patterns import InvalidPattern
from pmdaemon.server.http.searching import Wanted, search
from tests.dialects.output_files import write_log
from tests.support.builders import NOW, a_process, an_app


@pytest.fixture
def snapshot(tmp_path):
    return snapshot_in(tmp_path)


def snapshot_in(folder, name="web", pm_id=0):
    process = a_process(pm_id=pm_id, spec=an_app(name=name))
    files = str(folder / f"{name}.out"), str(folder / f"{name}.err")
    return ProcessSnapshot(process, Sample(), *files, NOW)


def texts(found):
    return [line.text for line in found.lines]


def test_the_last_lines_of_all_streams_come_in_the_order_of_their_times(tmp_path, snapshot):
    other = snapshot_in(tmp_path, "api", 1)
    write_log(snapshot.out_file, (1.0, "one"), (4.0, "four"))
    write_log(snapshot.error_file, (2.0, "two"))
    write_log(other.out_file, (3.0, "three"))

    found = search([snapshot, other], Wanted(lines=3))

    assert texts(found) == ["two", "three", "four"]
    assert [line.process.name for line in found.lines] == ["web", "api", "web"]
    assert found.total == 4


def test_nothing_was_written(snapshot):
    assert search([snapshot], Wanted(lines=3)) == searching.Found([], 0)
    assert search([], Wanted(lines=3)).total == 0


def test_only_lines_that_match_come_and_are_counted(snapshot):
    write_log(snapshot.out_file, *((float(n), f"line {n}") for n in range(100)))

    found = search([snapshot], Wanted(lines=2, matches=lambda line: line.endswith("7")))

    assert texts(found) == ["line 87", "line 97"]
    assert found.total == 10


def test_no_lines_may_be_wanted(snapshot):
    write_log(snapshot.out_file, (1.0, "one"))

    assert search([snapshot], Wanted(lines=0)) == searching.Found([], 1)
    assert search([snapshot], Wanted(lines=0, matches=lambda _: True)) == searching.Found([], 1)


def test_bytes_are_those_of_whole_lines_with_their_newlines(snapshot):
    write_log(snapshot.out_file, (1.0, "1234"), (2.0, "ä"), (3.0, "12"))

    assert texts(search([snapshot], Wanted(lines=9, size=11))) == ["1234", "ä", "12"]
    assert texts(search([snapshot], Wanted(lines=9, size=10))) == ["ä", "12"]
    assert texts(search([snapshot], Wanted(lines=9, size=2))) == []


def test_what_does_not_fit_hides_what_is_older_in_other_streams(snapshot):
    write_log(snapshot.out_file, (1.0, "a"))
    write_log(snapshot.error_file, (2.0, "too long for it"), (3.0, "b"))

    assert texts(search([snapshot], Wanted(lines=9, size=6))) == ["b"]


def test_only_the_newest_bytes_are_looked_through(snapshot, monkeypatch):
    monkeypatch.setattr(searching, "SEARCHED", 40)
    monkeypatch.setattr(searching, "SEARCHED_AT_LEAST", 20)
    write_log(snapshot.out_file, *((float(n), f"line {n}") for n in range(10)))

    found = search([snapshot], Wanted(lines=9, matches=lambda _: True))

    # Two streams share 40 bytes, and what the bound falls into the middle of is left out.
    assert texts(found) == ["line 8", "line 9"]
    assert found.total == 2


def test_a_line_without_a_time_has_that_of_its_file(tmp_path, snapshot):
    (tmp_path / "web.out").write_text("one\n")

    [line] = search([snapshot], Wanted(lines=1)).lines

    assert line.time == (tmp_path / "web.out").stat().st_mtime


def test_a_search_that_takes_too_long_is_given_up(snapshot):
    write_log(snapshot.out_file, (1.0, "one"))
    slow = Wanted(lines=1, matches=lambda _: True, too_late=lambda: True)

    with pytest.raises(InvalidPattern, match="it takes too long"):
        search([snapshot], slow)
