import os
from pathlib import Path

import pytest
from textual.app import App

from pmdaemon.cli.monit import logs
from pmdaemon.cli.monit.logs import LogPane
from pmdaemon.client.asynchronous import AsyncClient
from tests.support.views import a_view
from tests.support.waiting import eventually


class Alone(App):
    def compose(self):
        yield LogPane()

    @property
    def pane(self):
        return self.query_one(LogPane)

    @property
    def lines(self):
        return [strip.text.rstrip() for strip in self.pane.lines]


@pytest.fixture
def web(tmp_path):
    files = {"out_file": str(tmp_path / "out"), "error_file": str(tmp_path / "err")}
    return a_view("web", **files)


@pytest.fixture
async def app(daemon, web):
    app = Alone()
    async with app.run_test(size=(80, 24)):
        yield app


@pytest.fixture
def client(home, daemon):
    daemon.held = {"follow"}
    return AsyncClient(home, environment={}, start=False)


def write(view, text, file="out_file"):
    with open(view[file], "a") as out:
        out.write(text)


def is_open(path):
    return any(os.path.realpath(link) == str(path) for link in Path("/proc/self/fd").iterdir())


GREW = {"item": {"pm_id": 0, "stream": "out"}}


async def test_the_past_comes_first_and_then_what_is_printed(app, client, daemon, web):
    tell = daemon.tells("follow")
    write(web, "one\n")
    app.pane.show(web, client)
    await eventually(lambda: app.lines == ["| one"])

    write(web, "two\n")
    tell(GREW)

    await eventually(lambda: app.lines == ["| one", "| two"])
    assert daemon.asked("follow") == [{"selectors": ["0"]}]


async def test_another_process_takes_the_place(app, client, daemon, web, tmp_path):
    tell = daemon.tells("follow")
    app.pane.show(web, client)
    await eventually(lambda: daemon.asked("follow"))
    write(web, "one\n")
    tell(GREW)
    await eventually(lambda: app.lines == ["| one"])

    app.pane.show(a_view("api", pm_id=1, out_file=str(tmp_path / "a"), error_file=""), client)

    await eventually(lambda: app.lines == [] and daemon.hang_ups == 1)
    await eventually(lambda: daemon.asked("follow")[-1] == {"selectors": ["1"]})
    await eventually(lambda: not is_open(web["out_file"]))
    app.pane.show(None, client)
    assert app.pane.border_title == ""


async def test_output_that_comes_too_fast_is_not_run_after(app, client, daemon, web, monkeypatch):
    monkeypatch.setattr(logs, "AT_ONCE", 50)
    monkeypatch.setattr(logs, "BACKLOG", 10)
    tell = daemon.tells("follow")
    app.pane.show(web, client)
    await eventually(lambda: daemon.asked("follow"))

    write(web, "".join(f"{number}\n" for number in range(1000)))
    tell(GREW)

    shown = [f"| {number}" for number in range(990, 1000)]
    await eventually(lambda: app.lines[1:] == shown and "not shown" in app.lines[0])


async def test_a_daemon_that_goes_away_is_waited_for(app, client, daemon, web, monkeypatch):
    monkeypatch.setattr(logs, "RETRY_DELAY", 0.01)
    daemon.held = set()
    daemon.answers("follow", GREW)
    write(web, "one\n")
    app.pane.show(web, client)
    await eventually(lambda: len(daemon.asked("follow")) > 1)

    write(web, "two\n")

    await eventually(lambda: app.lines == ["| one", "| two"])


async def test_a_refusal_is_shown(app, client, daemon, web):
    daemon.held = set()
    daemon.answers("follow", {"error": {"code": "x", "message": "no such [thing]", "details": {}}})
    app.pane.show(web, client)

    await eventually(lambda: app.lines == ["no such [thing]"])


async def test_output_that_cannot_be_read_is_said(app, client, tmp_path, web):
    app.pane.show({**web, "out_file": str(tmp_path)}, client)

    await eventually(lambda: app.lines == ["cannot read the output: is a directory"])


async def test_a_program_cannot_draw_on_the_screen(app, client, web):
    write(web, "a\x1b[2J\x1b[10;10Hb\x07\n" + "x" * 5000 + "\n")
    app.pane.show(web, client)

    await eventually(lambda: len(app.lines) == 2)
    assert "\x1b" not in app.lines[0]
    assert "\x07" not in app.lines[0]
    assert len(app.lines[1]) <= logs.LONGEST + 2


async def test_only_what_stands_in_front_is_dim(app, client, web):
    write(web, "hello\n")
    app.pane.show(web, client)

    await eventually(lambda: app.lines == ["| hello"])
    first, *others = app.pane.lines[0]
    assert first.style.dim
    assert not any(segment.style and segment.style.dim for segment in others)
