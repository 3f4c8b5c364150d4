import pytest

from tests.support.views import a_view


def test_a_new_program_is_started(cli):
    cli.does("start", a_view("web", uptime=0.0), warnings=[])
    cli.lists(a_view("web"))

    assert cli("start", "web.js") == 0
    assert cli.out.startswith("started web (id 0)\n┌")
    assert cli.err == ""


def test_what_ran_before_we_asked_is_up_already(cli):
    cli.does("start", a_view("web", uptime=5000.0))
    cli.lists()

    assert cli("start", "web") == 0
    assert cli.out.startswith("web (id 0) is up already\n")


def test_what_is_not_to_run_now_is_said_to_be_listed(cli):
    cli.does("start", a_view("job", state="stopped", wish="down", uptime=0.0))
    cli.lists()

    assert cli("start", "jobs.sh") == 0
    assert cli.out.startswith("listed job (id 0), which is not to run now\n")


@pytest.mark.parametrize(
    ("state", "word"),
    [("backoff", "waiting restart"), ("exited", "exited"), ("stopped", "stopped")],
)
def test_what_did_not_stay_up_is_said(cli, state, word):
    cli.does("start", a_view("web", state=state, uptime=0.0), warnings=[])
    cli.lists()

    cli("start", "web.js")

    assert cli.out.startswith(f"web (id 0) is {word}\n")


def test_warnings_of_the_daemon_are_on_standard_error(cli):
    cli.does("start", a_view(), warnings=["watch: not acted on by this release"])
    cli.lists()

    assert cli("start", "web.js", "--json") == 0
    assert cli.err == "pmdaemon: watch: not acted on by this release\n"
    assert cli.json == [a_view()]


def test_the_environment_and_the_folder_go_along(cli, folder):
    cli.does("start", a_view(), warnings=[])
    cli.lists()

    cli("start", "web.js", LANG="C", PMDAEMON_API_KEY="hunter2")

    (body,) = cli.daemon.asked("start")
    assert body["cwd"] == str(folder)
    assert body["environment"]["LANG"] == "C"
    assert "PMDAEMON_API_KEY" not in body["environment"]
    assert body["target"] == "web.js"


def test_an_ecosystem_file_is_sent_as_its_apps(cli, folder):
    (folder / "sub").mkdir()
    (folder / "sub" / "eco.toml").write_text('[[apps]]\nname = "web"\nscript = "web.js"\n')
    cli.does("start", a_view("web", uptime=0.0), warnings=[])
    cli.lists()

    assert cli("start", "sub/eco.toml") == 0

    (body,) = cli.daemon.asked("start")
    assert body["apps"] == [{"name": "web", "script": "web.js"}]
    assert (body["source"], body["existing"]) == ("sub/eco.toml", "restart")
    assert body["cwd"] == str(folder / "sub")


def test_a_start_with_and_without_options_prints_the_same(cli):
    cli.does("start", a_view("web", uptime=0.0))
    cli.lists(a_view("web"))

    cli("start", "web")
    at_once, asked_at_once = cli.out, cli.daemon.asked("start")
    cli("start", "web", "--no-color")

    assert cli.out == at_once
    assert at_once.startswith("started web (id 0)\n")
    assert asked_at_once[0]["target"] == "web"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["web.js", "apps.json", "--cwd", "/"], "--cwd cannot be used with an ecosystem file"),
        (["web.js", "apps.json"], "cannot use apps.json"),
        (["web.js", "missing.json"], "no such file: missing.json"),
        (["web.js", "worker.js", "--name", "x"], "--name is for one program, and 2 are given"),
    ],
)
def test_nothing_is_started_where_something_is_refused(cli, folder, words, said):
    (folder / "apps.json").write_text("{nonsense")

    assert cli("start", *words) == 2
    assert said in cli.err
    assert cli.daemon.asked("start") == []
