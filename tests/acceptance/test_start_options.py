"""`start`: the options, by what they do to a program that runs."""

import os
import signal
import socket
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.conftest import FOREVER, LISTENS
from tests.support.ports import answers, free_port
from tests.support.running import command_line, environment_of, is_alive
from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.shared_home

IGNORES_SIGINT = """
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
print("deaf", flush=True)
while True:
    signal.pause()
"""

TELLS_ITS_SIGNAL = """
import signal, sys
for name in ("SIGINT", "SIGTERM", "SIGUSR2"):
    number = getattr(signal, name)
    signal.signal(number, lambda *_, name=name: (print(name, flush=True), sys.exit(0)))
print("ready", flush=True)
signal.pause()
"""

GROWS = """
import signal
print("small", flush=True)
memory = bytearray(90_000_000)
memory[::1024] = b"x" * len(memory[::1024])
print("large", flush=True)
signal.pause()
"""


def output(process):
    return Path(process["out_file"]).read_text()


def test_instances_run_side_by_side_and_know_which_they_are(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app", "--instances", "3")

    processes = pmdaemon.list()
    environments = [environment_of(each["pid"]) for each in processes]
    assert [each["instance"] for each in processes] == [0, 1, 2]
    assert len({each["pid"] for each in processes}) == 3
    assert [each["NODE_APP_INSTANCE"] for each in environments] == ["0", "1", "2"]
    assert {each["PMDAEMON_NAME"] for each in environments} == {"app"}


def test_as_many_instances_as_there_are_processors(pmdaemon):
    pmdaemon.run("start", FOREVER, "--instances", "max")

    assert len(pmdaemon.list()) == os.cpu_count()


def test_a_folder_is_where_the_program_runs_and_where_its_script_is_looked_for(pmdaemon):
    script = pmdaemon.script("elsewhere/app.py", LISTENS)

    pmdaemon.run("start", "app.py", "--cwd", "elsewhere", "--port", f"{free_port()}")

    pid = pmdaemon.pid("app")
    assert os.readlink(f"/proc/{pid}/cwd") == str(script.parent)
    assert command_line(pid)[1] == str(script)


def test_variables_are_set_and_the_last_of_one_name_counts(pmdaemon):
    pmdaemon.run(
        "start", FOREVER, "--name", "app",
        "--env", "URL=http://h/?a=b", "-e", "EMPTY=", "-e", "TWICE=1", "-e", "TWICE=2",
        URL="inherited",
    )  # fmt: skip

    environment = environment_of(pmdaemon.pid("app"))
    assert environment["URL"] == "http://h/?a=b"
    assert (environment["EMPTY"], environment["TWICE"]) == ("", "2")


def test_an_interpreter_runs_a_script_whatever_its_name(pmdaemon):
    script = pmdaemon.script("app.txt", "exec sleep 1000\n")

    pmdaemon.run("start", "app.txt", "--interpreter", "sh", "--interpreter-args", "-eu")

    described = pmdaemon.run("describe", "app", "--json").json[0]["declaration"]["command"]
    assert Path(described["argv"][0]).name == "sh"
    assert described["argv"][1:] == ["-eu", str(script)]
    assert pmdaemon.process("app")["state"] == "online"


def test_a_script_runs_by_itself_when_no_interpreter_is_wanted(pmdaemon):
    pmdaemon.script("app.py", "#!/bin/sh\nexec sleep 1000\n", mode=0o755)

    pmdaemon.run("start", "app.py", "--interpreter", "none")

    eventually_sync(lambda: command_line(pmdaemon.pid("app")) == ["sleep", "1000"])


def test_a_namespace_is_acted_on_as_one(pmdaemon):
    for name, namespace in (("a", "team"), ("b", "team"), ("c", "others")):
        pmdaemon.run("start", FOREVER, "--name", name, "--namespace", namespace)

    pmdaemon.run("stop", "team")

    states = {each["name"]: each["state"] for each in pmdaemon.list()}
    assert states == {"a": "stopped", "b": "stopped", "c": "online"}


def test_a_port_is_told_to_the_program_and_free_after_its_stop(pmdaemon, port):
    pmdaemon.script("app.py", LISTENS)

    pmdaemon.run("start", "app.py", "--port", str(port))

    assert environment_of(pmdaemon.pid("app"))["PORT"] == str(port)
    assert pmdaemon.process("app")["tcp_port"] == port
    eventually_sync(lambda: answers(port))
    pmdaemon.run("stop", "app")
    with closing(socket.create_server(("127.0.0.1", port))):
        pass


def test_a_port_that_another_app_has_is_refused_with_the_name_of_its_owner(pmdaemon, port):
    pmdaemon.run("start", FOREVER, "--name", "first", "--port", str(port))
    pmdaemon.run("stop", "first")

    sentence = pmdaemon.refused("start", FOREVER, "--name", "app", "--port", str(port), status=1)

    assert f"{port}" in sentence
    assert "first" in sentence
    assert [each["name"] for each in pmdaemon.list()] == ["first"]


def test_a_port_that_a_stranger_has_is_refused(pmdaemon):
    with closing(socket.create_server(("127.0.0.1", 0))) as stranger:
        port = stranger.getsockname()[1]
        sentence = pmdaemon.refused("start", FOREVER, "--port", str(port), status=1)

    assert f"{port}" in sentence
    assert pmdaemon.list() == []


def test_a_deleted_app_gives_its_port_back(pmdaemon, port):
    pmdaemon.run("start", FOREVER, "--name", "first", "--port", str(port))
    pmdaemon.run("delete", "first")

    pmdaemon.run("start", FOREVER, "--name", "app", "--port", str(port))

    assert pmdaemon.process("app")["tcp_port"] == port


def test_a_port_is_found_within_a_range_and_kept(pmdaemon, port):
    with closing(socket.create_server(("127.0.0.1", port))):
        pmdaemon.run("start", FOREVER, "--name", "app", "--port", f"auto:{port}-{port + 50}")
    given = pmdaemon.process("app")["tcp_port"]

    pmdaemon.run("restart", "app")

    assert port < given <= port + 50
    assert pmdaemon.process("app")["tcp_port"] == given


def test_each_instance_has_its_port_of_a_range(pmdaemon, port):
    pmdaemon.run("start", FOREVER, "-i", "2", "--port", f"auto:{port}-{port + 50}")

    ports = [each["tcp_port"] for each in pmdaemon.list()]
    assert len(set(ports)) == 2
    assert [environment_of(each["pid"])["PORT"] for each in pmdaemon.list()] == [*map(str, ports)]


def test_too_few_ports_for_the_instances_are_refused(pmdaemon, port):
    sentence = pmdaemon.refused("start", FOREVER, "-i", "2", "--port", str(port), status=2)

    assert f"{port}-{port + 1}" in sentence
    assert pmdaemon.list() == []


def test_a_program_that_grows_beyond_its_memory_is_restarted(pmdaemon):
    pmdaemon.script("app.py", GROWS)
    pmdaemon.run("start", "app.py", "--max-memory-restart", "50M")

    restarted = pmdaemon.when("app", lambda one: one["restarts"] >= 1)

    assert restarted["last_cause"] == "memory limit exceeded"
    # It may have been ended before it had grown to the full.
    eventually_sync(lambda: output(restarted).count("small\n") >= 2)
    assert "memory limit exceeded" in pmdaemon.run("describe", "app").out


def test_a_program_without_autorestart_stays_down_when_it_ends(pmdaemon):
    pmdaemon.run("start", "sh -c 'echo once; exit 7'", "--name", "app", "--no-autorestart")

    ended = pmdaemon.when("app", lambda one: one["state"] == "exited")

    assert (ended["restarts"], ended["pid"]) == (0, None)
    assert ended["last_exit"] == {"code": 7, "signal": None}
    assert output(ended) == "once\n"
    assert "exit code 7" in pmdaemon.run("describe", "app").out


def test_a_program_that_ends_again_and_again_is_given_up_with_a_reason(pmdaemon):
    command = "sh -c 'echo no luck >&2; exit 3'"
    pmdaemon.run("start", command, "--name", "app", "--max-restarts", "3")

    errored = pmdaemon.when("app", lambda one: one["state"] == "errored")

    assert (errored["pid"], errored["restarts"]) == (None, 2)
    assert errored["reason"].startswith("ended 3 times within ")
    assert errored["reason"].endswith("exit code 3")
    assert errored["reason"] in pmdaemon.run("describe", "app").out
    assert "errored" in pmdaemon.run("list").out
    complaints = Path(errored["error_file"]).read_text()
    assert complaints == "no luck\n" * 3


def test_a_program_that_was_given_up_can_be_started_again(pmdaemon):
    script = pmdaemon.script("app.sh", "exit 1\n")
    pmdaemon.run("start", "app.sh", "--max-restarts", "1")
    pmdaemon.when("app", lambda one: one["state"] == "errored")
    script.write_text("exec sleep 1000\n")

    pmdaemon.run("start", "app")

    assert pmdaemon.when("app", lambda one: one["state"] == "online")["reason"] is None


def test_a_restart_can_be_made_to_wait(pmdaemon):
    pmdaemon.run("start", "false", "--name", "app", "--restart-delay", "30s")

    waiting = pmdaemon.when("app", lambda one: one["state"] == "backoff")

    assert (waiting["pid"], waiting["restarts"]) == (None, 1)
    assert "waiting restart" in pmdaemon.run("list").out
    pmdaemon.run("start", "true", "--name", "app", status=1)
    pmdaemon.run("stop", "app")
    assert pmdaemon.process("app")["state"] == "stopped"


def test_a_program_that_does_not_heed_its_signal_is_killed_after_its_time(pmdaemon):
    pmdaemon.script("app.py", IGNORES_SIGINT)
    pmdaemon.run("start", "app.py", "--kill-timeout", "300")
    process = pmdaemon.process("app")
    eventually_sync(lambda: output(process) == "deaf\n")

    pmdaemon.run("stop", "app")

    assert not is_alive(process["pid"])
    assert pmdaemon.process("app")["last_exit"] == {"code": None, "signal": signal.SIGKILL}


@pytest.mark.parametrize(
    ("options", "expected"),
    [((), "SIGINT"), (("--stop-signal", "TERM"), "SIGTERM"), (("--stop-signal", "12"), "SIGUSR2")],
)
def test_a_program_gets_its_stop_signal_and_time_to_heed_it(pmdaemon, options, expected):
    pmdaemon.script("app.py", TELLS_ITS_SIGNAL)
    pmdaemon.run("start", "app.py", "--kill-timeout", "60s", *options)
    eventually_sync(lambda: output(pmdaemon.process("app")) == "ready\n")

    pmdaemon.run("stop", "app")

    stopped = pmdaemon.process("app")
    assert output(stopped) == f"ready\n{expected}\n"
    assert stopped["last_exit"] == {"code": 0, "signal": None}


def test_options_for_a_program_that_is_there_already_are_said_to_change_nothing(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app")

    again = pmdaemon.run("start", "app", "--env", "COLOUR=red")

    assert "app is there already, and keeps its options" in again.err
    assert "COLOUR" not in environment_of(pmdaemon.pid("app"))
