"""`start`: what can be named, and what then runs."""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.acceptance.conftest import FOREVER
from tests.support.machine import needs
from tests.support.running import children_of, command_line, environment_of, is_alive, words_of
from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.shared_home

TELLS_ITS_ARGUMENTS = "import signal, sys\nprint(sys.argv[1:], flush=True)\nsignal.pause()\n"


def test_a_command_runs_without_a_shell_in_between(pmdaemon):
    started = pmdaemon.run("start", FOREVER, "--name", "app")

    assert command_line(pmdaemon.pid("app")) == [shutil.which("sleep"), "1000"]
    assert "started app (id 0)\n" in started.out
    assert "online" in started.out
    assert started.err == ""


def test_a_command_in_shell_syntax_runs_in_a_shell(pmdaemon):
    pmdaemon.run("start", "echo hello | tr h j > said; exec sleep 1000", "--name", "app")

    said = pmdaemon.work / "said"
    eventually_sync(lambda: said.exists() and said.read_text() == "jello\n")
    eventually_sync(lambda: command_line(pmdaemon.pid("app")) == ["sleep", "1000"])


def test_a_script_runs_by_the_interpreter_of_its_extension(pmdaemon):
    script = pmdaemon.script("worker.py", TELLS_ITS_ARGUMENTS)

    pmdaemon.run("start", "worker.py")

    interpreter, argument = command_line(pmdaemon.pid("worker"))
    assert Path(interpreter).name == "python3"
    assert argument == str(script)


@needs("node")
def test_a_node_script_runs_by_node(pmdaemon):
    script = pmdaemon.script("idle.js", "setInterval(() => {}, 1000)")

    pmdaemon.run("start", "idle.js")

    assert command_line(pmdaemon.pid("idle")) == [shutil.which("node"), str(script)]


def test_an_executable_file_runs_by_itself(pmdaemon):
    script = pmdaemon.script("worker", "#!/bin/sh\nexec sleep 1000\n", mode=0o755)

    pmdaemon.run("start", "./worker")

    assert pmdaemon.process("worker")["script"] == "./worker"
    [described] = pmdaemon.run("describe", "worker", "--json").json
    assert described["declaration"]["command"]["argv"] == [str(script)]


def test_what_stands_behind_two_dashes_reaches_the_program_unchanged(pmdaemon):
    pmdaemon.script("app.py", TELLS_ITS_ARGUMENTS)
    arguments = ["--json", "two words", "", "$HOME", "-n", "*", "--", "ü"]

    pmdaemon.run("start", "app.py", "--", *arguments)

    log = Path(pmdaemon.process("app")["out_file"])
    eventually_sync(lambda: log.read_text() == f"{arguments}\n")


def test_several_programs_are_started_at_once(pmdaemon):
    pmdaemon.run("start", FOREVER, "tail -f /dev/null", "--namespace", "team")

    found = [(each["name"], each["namespace"], each["state"]) for each in pmdaemon.list()]
    assert found == [("sleep", "team", "online"), ("tail", "team", "online")]


@pytest.mark.own_home
def test_the_daemon_is_started_with_the_first_program(pmdaemon):
    pmdaemon.refused("ping", "--no-start", status=4)

    pmdaemon.run("start", FOREVER)

    assert is_alive(pmdaemon.daemon)
    assert is_alive(pmdaemon.keeper)
    assert pmdaemon.home.stat().st_mode & 0o777 == 0o700


def test_a_stopped_program_is_started_by_its_name_and_keeps_its_id(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "first")
    pmdaemon.run("start", FOREVER, "--name", "app", "--env", "COLOUR=blue")
    pmdaemon.run("stop", "app")

    started = pmdaemon.run("start", "app", "--json").json

    assert [(each["pm_id"], each["state"]) for each in started] == [(1, "online")]
    assert environment_of(pmdaemon.pid("app"))["COLOUR"] == "blue"


@pytest.mark.parametrize("selector", ["0", "team", "/^ap/", "app:0", "all"])
def test_a_stopped_program_is_started_by_any_selector(pmdaemon, selector):
    pmdaemon.run("start", FOREVER, "--name", "app", "--namespace", "team")
    pmdaemon.run("stop", "app")

    pmdaemon.run("start", selector)

    assert pmdaemon.process("app")["state"] == "online"


def test_a_program_that_is_up_is_left_as_it_is(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app")
    before = pmdaemon.pid("app")

    again = pmdaemon.run("start", "app")

    assert "app (id 0) is up already\n" in again.out
    assert pmdaemon.pid("app") == before
    assert pmdaemon.process("app")["restarts"] == 0


def test_another_program_of_the_same_name_is_refused(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app")
    before = pmdaemon.pid("app")

    sentence = pmdaemon.refused("start", "sleep 7", "--name", "app", status=1)

    assert sentence == (
        "cannot start app: there is an app of this name already"
        " (to start it anew: pmdaemon restart app)"
    )
    assert pmdaemon.pid("app") == before
    assert len(pmdaemon.list()) == 1


def test_a_program_that_is_down_gives_its_name_to_another(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app")
    pmdaemon.run("stop", "app")

    pmdaemon.run("start", "sleep 2000", "--name", "app")

    assert command_line(pmdaemon.pid("app"))[1] == "2000"
    assert [each["pm_id"] for each in pmdaemon.list()] == [0]


def test_the_result_can_be_had_as_json(pmdaemon):
    [started] = pmdaemon.run("start", FOREVER, "--name", "app", "--json").json

    assert (started["name"], started["state"], started["pm_id"]) == ("app", "online", 0)
    assert is_alive(started["pid"])


ECOSYSTEM = """
[[apps]]
name = "web"
script = "worker.py"
args = "one two"
instances = 2
env = { COLOUR = "blue" }
env_production = { COLOUR = "red" }

[[apps]]
name = "nap"
script = "sleep 1000"
namespace = "naps"
"""


@pytest.fixture
def ecosystem(pmdaemon):
    pmdaemon.script("project/worker.py", TELLS_ITS_ARGUMENTS)
    return pmdaemon.script("project/ecosystem.toml", ECOSYSTEM)


def test_a_file_starts_all_that_it_declares(pmdaemon, ecosystem):
    pmdaemon.run("start", "project/ecosystem.toml")

    found = [(each["name"], each["instance"], each["state"]) for each in pmdaemon.list()]
    assert found == [("web", 0, "online"), ("web", 1, "online"), ("nap", 0, "online")]
    assert os.readlink(f"/proc/{pmdaemon.pid('web')}/cwd") == str(ecosystem.parent)
    assert command_line(pmdaemon.pid("web"))[2:] == ["one", "two"]


def test_a_file_of_the_folder_needs_no_naming(pmdaemon, ecosystem):
    pmdaemon.run("start", cwd=ecosystem.parent)

    assert {each["name"] for each in pmdaemon.list()} == {"web", "nap"}


def test_a_part_of_a_file_is_started_with_the_variables_of_an_environment(pmdaemon, ecosystem):
    pmdaemon.run("start", str(ecosystem), "--only", "web", "--env", "production")

    assert [each["name"] for each in pmdaemon.list()] == ["web", "web"]
    assert environment_of(pmdaemon.pid("web"))["COLOUR"] == "red"


def test_a_file_that_was_changed_is_followed(pmdaemon, ecosystem):
    pmdaemon.run("start", str(ecosystem))
    ecosystem.write_text(ECOSYSTEM.replace("instances = 2", "").replace('"blue"', '"green"'))

    pmdaemon.run("start", str(ecosystem))

    assert [each["name"] for each in pmdaemon.list()] == ["web", "nap"]
    assert environment_of(pmdaemon.pid("web"))["COLOUR"] == "green"


def test_a_file_with_a_fault_starts_nothing(pmdaemon, ecosystem):
    ecosystem.write_text(ECOSYSTEM.replace('"sleep 1000"', '"no-such-program"'))

    sentence = pmdaemon.refused("start", str(ecosystem), status=2)

    assert "apps[1].script" in sentence
    assert "no-such-program" in sentence
    assert pmdaemon.list() == []


def test_a_file_in_json_is_read_as_well(pmdaemon):
    pmdaemon.script("apps.json", json.dumps({"apps": [{"name": "app", "script": FOREVER}]}))

    pmdaemon.run("start", "apps.json")

    assert pmdaemon.process("app")["state"] == "online"


def test_programs_are_down_and_up_again_with_a_file(pmdaemon, ecosystem):
    pmdaemon.run("start", str(ecosystem))

    pmdaemon.run("stop", str(ecosystem))

    assert {each["state"] for each in pmdaemon.list()} == {"stopped"}
    pmdaemon.run("start", str(ecosystem))
    assert {each["state"] for each in pmdaemon.list()} == {"online"}


def test_a_program_inherits_what_its_starter_had_and_no_key(pmdaemon):
    pmdaemon.run(
        "start", FOREVER, "--name", "app", PMDAEMON_API_KEY="sesame", pm_id="77", EDITOR="ed"
    )

    environment = environment_of(pmdaemon.pid("app"))
    assert environment["EDITOR"] == "ed"
    assert environment["pm_id"] == "0"
    assert "PMDAEMON_API_KEY" not in environment
    assert "PMDAEMON_API_KEY" not in environment_of(pmdaemon.daemon)


def test_a_program_has_a_session_of_its_own_and_nothing_open_of_ours(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app")

    pid = pmdaemon.pid("app")
    assert os.getsid(pid) == pid
    # Until it has begun, it has the libraries open that it loads.
    eventually_sync(lambda: sorted(os.listdir(f"/proc/{pid}/fd")) == ["0", "1", "2"])
    assert pid in children_of(pmdaemon.daemon)


def test_a_program_that_ends_at_once_is_not_called_started(pmdaemon):
    started = pmdaemon.run("start", "false", "--name", "app", "--no-autorestart")

    process = pmdaemon.when("app", lambda one: one["state"] == "exited")
    assert process["last_exit"] == {"code": 1, "signal": None}
    assert started.err == ""


def test_a_file_that_is_no_program_is_refused_with_a_reason(pmdaemon):
    pmdaemon.script("app", "\x7fELF and then nonsense", mode=0o755)

    sentence = pmdaemon.refused("start", "./app", "--name", "app", status=1)

    assert sentence.startswith("cannot start app: cannot run ")
    assert pmdaemon.process("app")["state"] == "errored"


def test_paths_and_variables_need_not_be_text(pmdaemon):
    folder = pmdaemon.work / os.fsdecode(b"na\xefve")
    folder.mkdir()
    (folder / "app.sh").write_text("exec sleep 1000\n")

    pmdaemon.run("start", "app.sh", cwd=folder, ODD=os.fsdecode(b"\xff\xfe"))
    pmdaemon.kill_daemon()
    pmdaemon.run("restart", "app")

    pid = pmdaemon.pid("app")
    assert os.readlink(f"/proc/{pid}/cwd") == str(folder)
    assert b"ODD=\xff\xfe" in words_of(pid, "environ")
