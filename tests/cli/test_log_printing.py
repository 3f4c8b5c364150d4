import json
import os
import signal
import subprocess
import sys

import pytest

from pmdaemon.cli.context import Context
from pmdaemon.cli.log_printing import print_own_log
from pmdaemon.cli.render.log_lines import LogForm, LogStyle
from pmdaemon.client.logs import query_of
from tests.support.scripted_daemon import ScriptedDaemon
from tests.support.views import a_view
from tests.support.waiting import eventually_sync


class Logs:
    """`pmdaemon logs`, running, and the files that it reads."""

    def __init__(self, cli, tmp_path):
        self.cli = cli
        self.folder = tmp_path / "logs"
        self.folder.mkdir()
        self.output = tmp_path / "output"
        self.program = None

    def view(self, name, pm_id=0):
        files = {"out_file": self.path(name, "out"), "error_file": self.path(name, "err")}
        return a_view(name, pm_id=pm_id, **files)

    def path(self, name, stream):
        return str(self.folder / f"{name}-0.{stream}")

    def write(self, name, text, stream="out"):
        with open(self.path(name, stream), "a") as file:
            file.write(text)

    def run(self, *arguments):
        with self.output.open("wb") as output:
            self.program = subprocess.Popen(
                [sys.executable, "-m", "pmdaemon", "logs", *arguments],
                env={**self.cli.environment, "PYTHONPATH": os.getcwd()},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def shows(self, *lines):
        """Wait until exactly these lines have been printed."""
        eventually_sync(lambda: self.output.read_text().splitlines() == list(lines) or None)

    def end(self):
        if self.program is not None:
            self.program.kill()
            self.program.wait()


@pytest.fixture
def logs(cli, tmp_path):
    running = Logs(cli, tmp_path)
    cli.daemon.held = {"follow"}
    yield running
    running.end()


def growth(stream, pm_id=0):
    return {"item": {"pm_id": pm_id, "stream": stream}}


@pytest.mark.posix
def test_the_last_lines_come_first_and_then_what_is_written(logs, cli):
    logs.write("web", "one\ntwo\nthree\n")
    cli.lists(logs.view("web"))
    tell = cli.daemon.tells("follow")

    logs.run("web", "--lines", "2")
    logs.shows("0|web | two", "0|web | three")
    logs.write("web", "four\n")
    logs.write("web", "oh\n", "err")
    tell(growth("out"))
    tell(growth("err"))

    logs.shows("0|web | two", "0|web | three", "0|web | four", "0|web ! oh")
    assert cli.daemon.asked("follow") == [{"selectors": ["web"]}]


@pytest.mark.posix
def test_what_was_written_before_the_daemon_listened_comes_with_its_first_word(logs, cli):
    cli.lists(logs.view("web"))
    tell = cli.daemon.tells("follow")
    logs.run()
    eventually_sync(lambda: cli.daemon.asked("follow"))

    logs.write("web", "early\n")
    tell(growth("out"))

    logs.shows("0|web | early")


@pytest.mark.posix
def test_a_process_that_comes_later_is_followed_too(logs, cli):
    cli.daemon.answers("list", {"result": {"processes": []}})
    cli.daemon.answers("list", {"result": {"processes": [logs.view("new", 3)]}})
    tell = cli.daemon.tells("follow")
    logs.run()
    eventually_sync(lambda: cli.daemon.asked("follow"))

    logs.write("new", "hello\n")
    tell({"item": {"pm_id": 3, "state": "online", "name": "new"}})
    tell(growth("out", 3))

    logs.shows("3|new | hello")


@pytest.mark.posix
def test_changes_of_state_come_as_json(logs, cli):
    cli.lists(logs.view("web"))
    tell = cli.daemon.tells("follow")
    logs.run("--json")

    tell({"item": {"pm_id": 0, "state": "stopping", "name": "web"}})

    line = eventually_sync(logs.output.read_text)
    event = json.loads(line)
    assert (event["type"], event["status"], event["app_name"]) == (
        "process_event",
        "stopping",
        "web",
    )


@pytest.mark.posix
def test_only_the_stream_that_is_asked_for_is_read(logs, cli):
    logs.write("web", "out\n")
    logs.write("web", "err\n", "err")
    cli.lists(logs.view("web"))
    tell = cli.daemon.tells("follow")

    logs.run("--err", "--raw")
    logs.shows("err")
    logs.write("web", "more out\n")
    tell(growth("out"))
    logs.write("web", "more err\n", "err")
    tell(growth("err"))

    logs.shows("err", "more err")


@pytest.mark.posix
def test_a_daemon_that_goes_away_is_waited_for(logs, cli):
    cli.lists(logs.view("web"))
    cli.daemon.tells("follow")
    logs.run()
    eventually_sync(lambda: cli.daemon.asked("follow"))

    cli.daemon.__exit__()
    logs.write("web", "meanwhile\n")
    other = ScriptedDaemon(cli.home.socket)
    other.held = {"follow"}
    other.answers("ping", {"result": {}})
    other.answers("follow", growth("out"))
    with other:
        logs.shows("pmdaemon: the daemon went away; waiting for it", "0|web | meanwhile")


@pytest.mark.posix
def test_ctrl_c_is_how_it_ends(logs, cli):
    cli.lists(logs.view("web"))
    cli.daemon.tells("follow")
    logs.run()
    eventually_sync(lambda: cli.daemon.asked("follow"))

    logs.program.send_signal(signal.SIGINT)

    assert logs.program.wait(60) == 0
    assert logs.output.read_text() == ""


def test_any_number_of_lines_comes_in_order_and_whole(logs, cli):
    written = [f"line {number}" for number in range(1234)]
    logs.write("web", "\n".join([*written, "and one without an end"]))
    cli.lists(logs.view("web"))

    assert cli("logs", "web", "--raw", "--nostream", "--since", "1d") == 0
    assert cli.out.splitlines() == [*written, "and one without an end"]


def test_the_log_of_the_daemon_is_followed_without_a_daemon(home, capsys):
    def say(sentence):
        with open(home.daemon_log, "a") as log:
            log.write(f"{sentence}\n")

    left = ["second", "third"]

    def wait(_):
        if not left:
            raise KeyboardInterrupt
        say(left.pop(0))

    say("first")
    context = Context({"PMDAEMON_HOME": home.path})
    style = LogStyle(context.terminal, form=LogForm.RAW)
    with pytest.raises(KeyboardInterrupt):
        print_own_log(context, query_of(lines=5), style, go_on=True, wait=wait)

    assert capsys.readouterr().out == "first\nsecond\nthird\n"
