import json
from pathlib import Path

import pytest

from pmdaemon.cli import foreground_run
from pmdaemon.cli.commands import runtime
from tests.support.views import a_view


class FakeForeground:
    """A foreground in which nothing comes from outside: it ends with `status`."""

    def __init__(self, context):
        self.context = context
        self.done = []
        self.status = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.done.append("restored")

    def start_daemon(self):
        self.done.append("started")

    def end_with(self, status):
        self.status = status

    def wait(self):
        self.done.append("waited")
        return 5

    def stop_everything(self):
        self.done.append("stopped")


@pytest.fixture
def foregrounds(monkeypatch):
    made = []

    def make(context):
        made.append(FakeForeground(context))
        return made[-1]

    monkeypatch.setattr(foreground_run, "Foreground", make)
    return made


@pytest.fixture
def cli(cli, foregrounds):
    cli.lists(a_view())
    cli.does("start", a_view(), warnings=[])
    cli.daemon.answers("follow", {"result": {}})
    return cli


def started(cli):
    return cli.daemon.asked("start")[0]


def test_the_status_is_what_the_foreground_ends_with(cli, foregrounds):
    assert cli("runtime", "node server.js") == 5

    assert foregrounds[0].done == ["started", "waited", "stopped", "restored"]


@pytest.mark.parametrize(
    ("words", "target", "args"),
    [
        (["node server.js"], "node server.js", None),
        (["node", "--inspect", "a b.js", "--json"], "node --inspect 'a b.js' --json", None),
        (["node", "x", "--", "-v"], "node x", ["-v"]),
        (["./app.js", "--", "-v"], "./app.js", ["-v"]),
    ],
)
def test_the_words_of_a_command_are_its_own(cli, folder, words, target, args):
    cli("runtime", "--name", "app", *words)

    body = started(cli)
    assert body["target"] == target
    assert body["options"].pop("args", None) == args
    assert body["options"] == {"name": "app"}
    assert body["existing"] == "restart"


def test_behind_a_script_that_is_there_options_are_ours(cli, folder):
    (folder / "app.js").touch()

    cli("runtime", "app.js", "--name", "web")

    assert started(cli)["options"] == {"name": "web"}


def test_a_file_of_apps_is_started_as_it_is(cli, folder):
    path = folder / "apps.json"
    path.write_text(json.dumps({"apps": [{"name": "a", "script": "a.js"}, {"script": "b.js"}]}))

    cli("runtime", str(path), "--only", "a", "--json")

    assert [app["name"] for app in started(cli)["apps"]] == ["a"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--raw", "--json", "x"], "--raw, --prefix and --json"),
        (["apps.json", "more"], "more is for a program"),
        (["apps.json", "--", "-v"], "-v is for a program"),
        (["apps.json", "--name", "x"], "--name cannot be used with an ecosystem file"),
        (["--only", "a", "x"], "--only and --env NAME are for ecosystem files"),
        (["no.toml"], "no such file: no.toml"),
        ([], "nothing is named"),
    ],
)
def test_what_means_nothing_is_refused_before_anything_starts(
    cli, folder, foregrounds, arguments, complaint
):
    (folder / "apps.json").write_text('{"apps": [{"script": "a.js"}]}')

    assert cli("runtime", *arguments) == 2

    assert complaint in cli.err
    assert foregrounds == []


def test_what_the_daemon_refuses_is_said_whole_and_ends_it(cli, foregrounds):
    cli.daemon._answers["start"] = []
    problems = ["apps[0].port: wrong", "apps[1].name: wrong, too"]
    cli.refuses("start", "invalid_configuration", f"cannot use x: {problems[0]}", problems=problems)

    assert cli("runtime", "x") == 2

    assert cli.err.splitlines() == [
        "pmdaemon: cannot use x: apps[0].port: wrong",
        "pmdaemon: apps[1].name: wrong, too",
    ]
    assert foregrounds[0].done == ["started", "stopped", "restored"]


def test_one_program_that_does_not_come_up_does_not_end_the_others(cli, foregrounds):
    cli.daemon._answers["start"] = []
    cli.refuses("start", "operation_failed", "cannot start b: no permission")

    assert cli("runtime", "x") == 5

    assert cli.err == "pmdaemon: cannot start b: no permission\n"
    assert "waited" in foregrounds[0].done


def test_without_a_home_there_is_one_for_the_time_being(cli, foregrounds, monkeypatch, tmp_path):
    monkeypatch.setattr(foreground_run.tempfile, "tempdir", str(tmp_path))
    del cli.environment["PMDAEMON_HOME"]
    seen = []
    monkeypatch.setattr(
        runtime, "run", lambda context, *_, **__: seen.append(context.home.path) or 0
    )

    assert cli("runtime", "x") == 0

    assert Path(seen[0]).parent == tmp_path

    assert not Path(seen[0]).exists()


def test_a_home_can_be_named(cli, monkeypatch):
    seen = []
    monkeypatch.setattr(
        runtime, "run", lambda context, *_, **__: seen.append(context.home.path) or 0
    )

    cli("runtime", "--home", "/named", "x")

    assert seen == ["/named"]
