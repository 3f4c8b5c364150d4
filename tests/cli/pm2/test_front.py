import pytest

from pmdaemon.cli.pm2.front import COMMANDS
from pmdaemon.cli.verbs import canonical


def test_without_a_command_there_is_the_usage_and_1(pm2_without_daemon):
    assert pm2_without_daemon() == 1
    assert pm2_without_daemon.out.startswith("usage: pm2 ")
    assert pm2_without_daemon("--help") == 0


def test_an_unknown_command_ends_with_1(pm2_without_daemon):
    assert pm2_without_daemon("nosuch") == 1
    assert pm2_without_daemon.err == "[PM2][ERROR] Command not found: nosuch\n"


def test_an_unknown_option_ends_with_1(pm2_without_daemon):
    assert pm2_without_daemon("start", "--nosuch") == 1
    assert pm2_without_daemon.err == "\n  error: unknown option '--nosuch'\n\n"


def test_what_is_left_out_says_what_to_use(pm2_without_daemon):
    assert pm2_without_daemon("plus") == 1
    assert "use pmdaemon web" in pm2_without_daemon.err


def test_a_command_of_ours_runs_in_pm2s_home(pm2):
    pm2.daemon.answers("explain", {"result": {"explanations": []}})
    pm2.lists()

    assert pm2("explain", "web") == 0
    assert pm2.daemon.asked("explain") == [{"selectors": ["web"]}]


@pytest.mark.parametrize(
    ("arguments", "port"), [([], 9615), (["8080"], 8080), (["--detach", "--port", "81"], 81)]
)
def test_web_returns_at_once_as_it_did_with_pm2(pm2, arguments, port):
    answer = {"url": "http://127.0.0.1", "host": "127.0.0.1", "port": port, "protected": False}
    pm2.daemon.answers("web", {"result": answer})
    pm2.lists()

    assert pm2("web", *arguments) == 0
    [asked] = pm2.daemon.asked("web")
    assert (asked["port"], asked["detach"]) == (port, True)


def test_web_is_turned_off(pm2):
    pm2.daemon.answers("web_off", {"result": {"url": None}})
    pm2.lists()

    assert pm2("web", "--off") == 0
    assert pm2.out == "the web API is off already\n"


def test_how_a_command_of_ours_fails_ends_with_1(pm2):
    pm2.refuses("explain", "process_not_found", "nobody is called so")

    assert pm2("explain", "web") == 1
    assert pm2.err == "[PM2][ERROR] nobody is called so\n"


def test_all_problems_of_a_file_are_told(pm2, folder):
    (folder / "eco.json").write_text('[{"name": "web", "script": "a"}]')
    pm2.lists()
    pm2.refuses("start", "invalid_configuration", "one (and 1 more)", problems=["one", "two"])

    assert pm2("start", "eco.json") == 1
    assert pm2.err.splitlines() == ["[PM2][ERROR] one (and 1 more)", "[PM2][ERROR] two"]


@pytest.mark.parametrize("word", COMMANDS)
def test_every_word_of_pm2s_is_one_of_ours_too(word):
    assert canonical(word) is not None or word == "gracefulReload"
