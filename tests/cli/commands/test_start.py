import pytest

from tests.support.views import a_view


@pytest.fixture
def ready(cli):
    cli.does("start", a_view(uptime=0.0), warnings=[])
    cli.lists(a_view())
    return cli


def test_several_targets_are_started_one_after_another(ready):
    assert ready("start", "a.js", "node b.js", "3", "--json") == 0

    assert [body["target"] for body in ready.daemon.asked("start")] == ["a.js", "node b.js", "3"]
    assert len(ready.json) == 3


def test_without_a_target_the_ecosystem_file_of_the_folder_is_used(ready, folder):
    (folder / "ecosystem.json").write_text('{"apps": [{"script": "x"}]}')

    assert ready("start") == 0
    assert ready.daemon.asked("start")[0]["source"] == "ecosystem.json"


def test_without_a_target_and_a_file_it_is_wrong_usage(ready, folder):
    assert ready("start") == 2
    assert "nothing is named" in ready.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["eco.toml", "--name", "x"], "--name cannot be used with an ecosystem file"),
        (["eco.toml", "--", "-x"], "-- cannot be used with an ecosystem file"),
        (["web.js", "--only", "a"], "--only is for ecosystem files, and web.js is not one"),
        (["web.js", "--env", "prod"], "--env without a = is for ecosystem files"),
        (["eco.toml", "--only", "nope"], "there is no app nope in eco.toml"),
        (["missing.toml"], "no such file: missing.toml"),
        (["broken.json"], "cannot use broken.json: "),
        (["--env", "=x", "web.js"], "--env wants KEY=VALUE"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_is_started(
    ready, folder, arguments, sentence
):
    (folder / "eco.toml").write_text('[[apps]]\nname = "web"\nscript = "web.js"\n')
    (folder / "broken.json").write_text("{")

    assert ready("start", *arguments) == 2
    assert ready.err.startswith(f"pmdaemon: {sentence}")
    assert ready.err.count("\n") == 1
    assert ready.daemon.requests == []


def test_a_refusal_of_the_daemon_is_handed_on(cli):
    cli.refuses("start", "script_not_found", "cannot run nosuch.js: no such file or program")

    assert cli("start", "nosuch.js") == 2
    assert cli.err == "pmdaemon: cannot run nosuch.js: no such file or program\n"
