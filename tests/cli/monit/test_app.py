import pytest

from pmdaemon.cli.monit import app as app_module
from pmdaemon.client.asynchronous import AsyncClient
from tests.support.scripted_daemon import ScriptedDaemon
from tests.support.views import a_view
from tests.support.waiting import eventually


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40), (60, 15), (200, 60)])
async def test_what_runs_is_seen_whatever_the_size(a_screen, columns, rows):
    async with a_screen(columns, rows) as screen:
        await screen.shows("3 processes: 2 online, 1 in trouble", "web", "api", "errored", "42.0%")

        assert max(map(len, screen.text.splitlines())) <= columns
        assert ("shop" in screen.text.split("output")[0]) == (columns >= 100)


@pytest.mark.usefixtures("processes")
async def test_a_terminal_that_is_resized_is_used_as_it_is(a_screen):
    async with a_screen(120, 30) as screen:
        await screen.shows("namespace", "memory")

        await screen.pilot.resize_terminal(60, 20)
        await screen.hides("namespace")
        await screen.hides("memory ")

        await screen.pilot.resize_terminal(120, 30)
        await screen.shows("namespace", "memory")


@pytest.mark.usefixtures("processes")
async def test_the_chosen_process_shows_its_output_and_facts(a_screen):
    async with a_screen() as screen:
        await screen.shows("╭─ api · output", "namespace shop")

        await screen.press("down")
        await screen.shows("╭─ bad", "no such file: bad.js")
        await screen.press("down")

        await screen.shows("| hello", "| red [brackets]", "! oh no", "cpu     42.0%")


async def test_what_the_chosen_program_measures_itself_is_shown(a_screen, daemon):
    agent = {"monitor": {"Jobs": {"value": 3, "unit": "u"}}, "actions": [], "options": {}}
    daemon.answers("list", {"result": {"processes": [{**a_view("api"), "agent": agent}]}})
    async with a_screen() as screen:
        await screen.shows("Jobs  3 u")


@pytest.mark.parametrize(
    ("key", "verb"), [("r", "restart"), ("R", "reload"), ("s", "stop"), ("S", "start")]
)
async def test_a_key_does_something_when_it_is_really_meant(a_screen, daemon, processes, key, verb):
    daemon.answers(verb, {"result": {"processes": [processes[1]]}})
    async with a_screen() as screen:
        await screen.shows("api")

        await screen.press(key)
        await screen.shows(f"{verb.capitalize()} api (id 1)?")
        await screen.press("n")
        await screen.hides("(id 1)?")
        await screen.press(key)
        await screen.shows("(id 1)?")
        await screen.press("y")

        await eventually(lambda: daemon.asked(verb))
        await screen.shows("ed api (id 1)")
    [body] = daemon.asked(verb)
    assert body.get("selectors") == ["1"] or body["target"] == "1"


@pytest.mark.usefixtures("processes")
async def test_what_cannot_be_done_is_said(a_screen, daemon):
    message = "cannot stop api: survived [SIGKILL]: pid 12"
    error = {"code": "operation_failed", "message": message, "details": {}}
    daemon.answers("stop", {"error": error})
    async with a_screen() as screen:
        await screen.shows("api")
        await screen.press("s")
        await screen.shows("(id 1)?")
        await screen.press("enter")

        await screen.shows("survived [SIGKILL]")


@pytest.mark.usefixtures("processes")
async def test_the_list_is_filtered_by_names_and_namespaces(a_screen):
    async with a_screen() as screen:
        await screen.shows("web")

        await screen.press("slash")
        await eventually(lambda: screen.app._filter.has_focus)
        await screen.press("S", "h", "o")
        await screen.shows("1 of 3 processes")
        assert " web " not in screen.text
        await screen.press("enter")
        await eventually(lambda: screen.app._table.has_focus)
        await screen.press("r")
        await screen.shows("Restart api (id 1)?")
        await screen.press("escape")
        await screen.hides("(id 1)?")
        await screen.press("escape")

        await screen.shows("3 processes:", " web ")


@pytest.mark.usefixtures("processes")
async def test_the_keys_are_told(a_screen):
    async with a_screen() as screen:
        await screen.press("question_mark")
        await screen.shows("restart it", "Page Up")
        await screen.press("escape")
        await screen.hides("Page Up")


@pytest.mark.usefixtures("processes")
async def test_the_chosen_process_stays_chosen_when_others_come_and_go(
    a_screen, daemon, processes, monkeypatch
):
    monkeypatch.setattr(app_module, "INTERVAL", 0.05)
    async with a_screen() as screen:
        await screen.shows("api")
        await screen.press("down", "down")
        await screen.shows("╭─ web · output")

        daemon.answers("list", {"result": {"processes": [a_view("aaa", pm_id=9), *processes]}})
        await screen.shows("aaa")

        assert "╭─ web · output" in screen.text


async def test_a_change_is_seen_at_once(a_screen, daemon, processes, monkeypatch):
    monkeypatch.setattr(app_module, "INTERVAL", 1000.0)
    tell = daemon.tells("follow")
    daemon.answers("list", {"result": {"processes": processes[:1]}})
    async with a_screen() as screen:
        await screen.shows("3 processes")

        def is_seen():
            # Whoever follows the output of the chosen one may be who takes it.
            tell({"item": {"pm_id": 1, "state": "stopped", "name": "api"}})
            return "1 process: 1 online" in screen.text

        await eventually(is_seen)


@pytest.mark.usefixtures("processes")
async def test_a_daemon_that_goes_away_is_said_and_its_return_seen(a_screen, daemon, home):
    async with a_screen() as screen:
        await screen.shows("3 processes")

        daemon.__exit__()
        await screen.shows("waiting for the daemon: no daemon is running in", "api")
        other = ScriptedDaemon(home.socket)
        other.answers("list", {"result": {"processes": [a_view("back")]}})
        with other:
            await screen.shows("1 process: 1 online", "back")


async def test_nothing_to_show_is_said(a_screen, daemon):
    daemon.answers("list", {"result": {"processes": []}})
    async with a_screen() as screen:
        await screen.shows("nothing to show yet: pmdaemon start COMMAND")
        await screen.press("r", "s")

        assert "?" not in screen.text.splitlines()[0]


@pytest.mark.usefixtures("processes")
async def test_a_terminal_without_colours_has_none(a_screen, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    async with a_screen() as screen:
        await screen.shows("api")

        assert screen.app.no_color


async def test_q_leaves(home, daemon, processes):
    app = app_module.Monitor(AsyncClient(home, environment={}, start=False))
    async with app.run_test() as pilot:
        await pilot.press("q")
        await eventually(lambda: app.return_code is not None)

    assert app.return_code == 0


@pytest.mark.usefixtures("processes")
async def test_the_machine_is_told_of_where_there_is_room(a_screen):
    async with a_screen(100) as screen:
        await screen.shows("3 processes", "host cpu 12% mem 40%")


@pytest.mark.usefixtures("processes")
async def test_the_machine_is_not_told_of_where_there_is_no_room(a_screen):
    async with a_screen(80) as screen:
        await screen.shows("3 processes")

        assert "host cpu" not in screen.text
