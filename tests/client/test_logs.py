import re
import tracemalloc
from pathlib import Path

import pytest

from pmdaemon.client import logs
from pmdaemon.client.logs import Away, Change, LogFeed, LogQuery, follow, query_of
from pmdaemon.core.errors import DaemonUnavailable, InvalidInput
from pmdaemon.core.logs import Mark, OutputStream
from tests.support.log_files import rotate, texts
from tests.support.views import a_view

OUT, ERR = OutputStream.OUT, OutputStream.ERR


class Program:
    """A process, and what it prints."""

    def __init__(self, folder, name, pm_id):
        self.folder = folder
        files = {"out_file": self.path(pm_id, OUT), "error_file": self.path(pm_id, ERR)}
        self.view = a_view(name, pm_id=pm_id, **files)

    def path(self, pm_id, stream):
        return str(self.folder / f"{pm_id}.{stream}")

    def prints(self, text, at=None, stream=OUT):
        path = self.folder / f"{self.view['pm_id']}.{stream}"
        path.touch()
        if at is not None:
            times = self.folder / ".times"
            times.mkdir(exist_ok=True)
            with (times / path.name).open("ab") as file:
                file.write(Mark(path.stat().st_size, int(at * 1e9)).encode())
        with path.open("a") as file:
            file.write(text)

    def rotates(self, stream=OUT):
        rotate(Path(self.path(self.view["pm_id"], stream)))


@pytest.fixture
def web(tmp_path):
    return Program(tmp_path, "web", 0)


@pytest.fixture
def api(tmp_path):
    return Program(tmp_path, "api", 1)


def history(*programs, final=True, **query):
    feed = LogFeed(LogQuery(**query))
    return texts(feed.history([one.view for one in programs], final=final))


def test_several_processes_come_in_the_order_of_their_times(web, api):
    web.prints("a\n", 10)
    api.prints("b\n", 20)
    web.prints("c\n", 30, ERR)
    api.prints("d\n", 40)
    web.prints("e\n", 50)

    assert history(web, api) == ["a", "b", "c", "d", "e"]


def test_each_process_has_its_last_lines_of_both_streams(web, api):
    for number in range(5):
        web.prints(f"out {number}\n", number + 1)
    web.prints("err\n", 4.5, ERR)
    api.prints("other\n", 0.5)

    assert history(web, api, lines=2) == ["other", "err", "out 4"]
    assert history(web, api, lines=0) == []


def test_one_stream_can_be_chosen(web):
    web.prints("out\n", 1)
    web.prints("err\n", 2, ERR)

    assert history(web, streams=(ERR,)) == ["err"]


def test_an_unfinished_line_counts_only_for_who_does_not_wait_for_its_rest(web):
    web.prints("one\ntwo\n> ", 1)

    assert history(web, lines=2) == ["two", "> "]
    assert history(web, lines=2, final=False) == ["one", "two"]


def test_lines_without_times_stay_where_they_are(web, api):
    web.prints("a\nb\n")
    api.prints("c\n", 10)

    assert history(web, api) == ["a", "b", "c"]


def test_a_clock_that_was_set_back_does_not_reorder_a_stream(web):
    web.prints("a\n", 30)
    web.prints("b\n", 10)
    web.prints("c\n", 40)

    assert history(web) == ["a", "b", "c"]


def test_all_lines_since_a_time_come_from_as_many_files_as_need_be(web):
    for number in range(6):
        web.prints(f"line {number}\n", 10 * (number + 1))
        web.rotates()

    assert history(web, lines=None, since=25) == ["line 2", "line 3", "line 4", "line 5"]
    assert history(web, lines=None, since=30, until=40) == ["line 2", "line 3"]
    assert history(web, lines=2, since=25) == ["line 4", "line 5"]
    assert history(web, lines=None, until=15) == ["line 0"]


def test_lines_without_times_count_as_of_the_line_before(web):
    web.prints("unknown\n")
    assert history(web, lines=None, since=10) == ["unknown"]


def test_the_last_lines_that_match_are_found_in_older_files(web, api):
    for number in range(40):
        web.prints(f"{'hit' if number % 10 == 0 else 'miss'} {number}\n", number + 1)
        if number % 5 == 4:
            web.rotates()
    api.prints("hit api\n", 100)

    hits = re.compile("hit")

    assert history(web, api, lines=2, pattern=hits) == ["hit 20", "hit 30", "hit api"]
    assert history(web, lines=100, pattern=hits) == ["hit 0", "hit 10", "hit 20", "hit 30"]
    assert history(web, lines=1, pattern=hits, until=15) == ["hit 10"]


def test_what_comes_goes_on_where_the_past_ended(web):
    web.prints("one\ntwo\nthr", 1)
    feed = LogFeed(query_of(lines=1))
    assert texts(feed.history([web.view], final=False)) == ["two"]

    web.prints("ee\nfour\n", 2)
    web.rotates()
    web.prints("five\n", 3)

    assert texts(feed.grown(0, OUT)) == ["three", "four", "five"]
    assert texts(feed.grown(0, OUT)) == []
    assert texts(feed.grown(7, OUT)) == []


def test_what_comes_is_searched_as_well(web):
    feed = LogFeed(query_of(lines=None, since=1.0, grep="err", ignore_case=True))
    web.prints("fine\nERROR\n", 2)
    assert texts(feed.history([web.view], final=False)) == ["ERROR"]

    web.prints("fine\nan error\n", 3)

    assert texts(feed.grown(0, OUT)) == ["an error"]


def test_memory_stays_bounded_whatever_the_files_hold(web, api):
    for program in (web, api):
        program.prints("".join(f"{number} {'x' * 90}\n" for number in range(60_000)), 1)
    feed = LogFeed(LogQuery(lines=None, since=0.5))
    tracemalloc.start()

    lines = sum(1 for _ in feed.history([web.view, api.view]))

    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert lines == 120_000
    assert most < 4_000_000


@pytest.mark.parametrize(
    ("given", "lines"), [({}, 15), ({"since": 1.0}, None), ({"until": 1.0}, None)]
)
def test_a_number_of_lines_is_the_default_where_no_time_is_said(given, lines):
    assert query_of(lines=None, **given).lines == lines


@pytest.mark.parametrize("pattern", ["(", "*", "(?P<x>", "a{99999999999}"])
def test_what_is_no_regular_expression_is_refused(pattern):
    with pytest.raises(InvalidInput, match="not a usable regular expression"):
        query_of(lines=1, grep=pattern)


def test_what_is_no_stream_is_refused():
    with pytest.raises(InvalidInput, match="a stream is out or err"):
        query_of(lines=1, streams=["stdout"])


class Daemon:
    """Tells what it is given to tell, a list of items for each time that it is followed."""

    def __init__(self, views, *told):
        self.views = views
        self.told = list(told)
        self.pings = 0

    def ping(self):
        self.pings += 1
        if self.pings == 1:
            raise DaemonUnavailable("not yet")

    def list(self, *selectors):
        return self.views

    def follow(self, *selectors):
        assert selectors == ("all",)
        yield from self.told.pop(0)
        raise DaemonUnavailable("gone")


def test_a_process_that_comes_later_is_followed_with_what_it_printed_meanwhile(web, api):
    feed = LogFeed(query_of(lines=5))
    list(feed.history([web.view], final=False))
    api.prints("hello\n", 1)
    state = {"pm_id": 1, "name": "api", "state": "online"}
    daemon = Daemon([web.view, api.view], [state, {"pm_id": 1, "stream": "out"}])

    pieces = follow(daemon, [], feed)

    assert next(pieces).text == "hello"
    assert next(pieces) == Change(1, "api", "online")
    assert next(pieces) == Away()


def test_following_ends_when_the_waiting_is_ended(web):
    feed = LogFeed(query_of(lines=5))
    daemon = Daemon([web.view], [], [])

    assert list(follow(daemon, [], feed, wait=lambda _: True)) == [Away()]


def test_a_daemon_that_goes_away_is_waited_for(web):
    feed = LogFeed(query_of(lines=5))
    list(feed.history([web.view], final=False))
    daemon = Daemon([web.view], [], [{"pm_id": 0, "stream": "out"}])
    waited = []
    pieces = follow(daemon, [], feed, wait=waited.append)

    assert next(pieces) == Away()
    web.prints("meanwhile\n", 1)

    assert next(pieces).text == "meanwhile"
    assert waited == [logs.RETRY_DELAY] * 2
