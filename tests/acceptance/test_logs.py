"""`logs`: what programs print, at once and as it comes, whatever happens meanwhile."""

import json
import os
import re
import shlex
import signal
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.conftest import FOREVER
from tests.support.terminals import on_a_terminal, rest_of
from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.shared_home

COUNTS = """
import itertools, os, time
for number in itertools.count():
    os.write(1, f"{os.getpid()} {number} {'x' * 40}\\n".encode())
    time.sleep(0.002)
"""

SPEAKS = """
import pathlib, signal, sys, time
for number in range(30):
    print("line", number, flush=True)
while not pathlib.Path("lines-are-taken").exists():
    time.sleep(0.01)
print("trouble", file=sys.stderr, flush=True)
signal.pause()
"""

ECOSYSTEM = """
[[apps]]
name = "app"
script = "counts.py"
log_max_size = "20K"
log_keep = 1000
"""


@pytest.fixture
def speaker(pmdaemon):
    """A program that has printed 30 lines, and one of trouble."""
    pmdaemon.script("app.py", SPEAKS)
    pmdaemon.run("start", "app.py")
    # The two streams are taken one by one, so which came last is told for sure only like this.
    taken = Path(pmdaemon.process("app")["out_file"])
    eventually_sync(lambda: taken.read_text().endswith("line 29\n"))
    (pmdaemon.work / "lines-are-taken").touch()
    eventually_sync(lambda: Path(pmdaemon.process("app")["error_file"]).read_text() == "trouble\n")


def whole_output(process):
    """Read all output files of a process, from the oldest to the current one."""
    current = Path(process["out_file"])
    older = sorted(current.parent.glob(f"{current.name}.*"), key=lambda path: -int(path.suffix[1:]))
    return "".join(path.read_text() for path in (*older, current))


@pytest.mark.usefixtures("speaker")
def test_the_last_lines_are_shown_with_what_they_come_from(pmdaemon):
    shown = pmdaemon.run("logs", "app", "--nostream", "--lines", "3").lines

    assert shown == ["0|app | line 28", "0|app | line 29", "0|app ! trouble"]


@pytest.mark.usefixtures("speaker")
def test_fifteen_lines_are_shown_when_no_number_is_given(pmdaemon):
    assert len(pmdaemon.run("logs", "--nostream").lines) == 15
    assert pmdaemon.run("logs", "--nostream", "--lines", "0").out == ""
    assert len(pmdaemon.run("log", "--nostream", "--lines", "1000").lines) == 31


@pytest.mark.usefixtures("speaker")
def test_one_stream_can_be_chosen(pmdaemon):
    assert pmdaemon.run("logs", "--nostream", "--err", "--raw").out == "trouble\n"
    assert "trouble" not in pmdaemon.run("logs", "--nostream", "--out").out
    assert "only one of --err and --out" in pmdaemon.refused(
        "logs", "--nostream", "--out", "--err", status=2
    )


@pytest.mark.usefixtures("speaker")
def test_lines_come_as_json_with_their_times(pmdaemon):
    lines = [json.loads(line) for line in pmdaemon.run("logs", "--nostream", "--json").lines]

    assert {line["type"] for line in lines} == {"out", "err"}
    assert {(line["process_id"], line["app_name"]) for line in lines} == {(0, "app")}
    assert lines[-1]["message"] == "trouble"
    moment = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
    assert all(moment.fullmatch(line["timestamp"]) for line in lines)


@pytest.mark.usefixtures("speaker")
def test_lines_come_with_their_times_in_front(pmdaemon):
    shown = pmdaemon.run("logs", "--nostream", "--timestamp", "--raw", "--err").out

    assert re.fullmatch(r"20\d\d-[\d-]+T[\d:.]+Z trouble\n", shown)


def test_a_program_that_never_printed_has_nothing_to_show(pmdaemon):
    pmdaemon.run("start", FOREVER)

    assert pmdaemon.run("logs", "--nostream").out == ""


def test_bytes_that_are_no_text_do_not_end_the_reading(pmdaemon):
    pmdaemon.run("start", "printf 'a\\377b\\nlast'; exec sleep 1000", "--name", "app")
    log = Path(pmdaemon.process("app")["out_file"])
    eventually_sync(lambda: log.read_bytes() == b"a\xffb\nlast")

    assert pmdaemon.run("logs", "--nostream", "--raw").lines == ["a\ufffdb", "last"]


def test_what_comes_is_shown_as_it_comes(pmdaemon):
    # The program prints what it reads from a FIFO, which is to say when we want.
    pipe = pmdaemon.work / "pipe"
    os.mkfifo(pipe)
    pmdaemon.run("start", "exec cat 0<> pipe", "--name", "app")
    following = pmdaemon.begin("logs", "app", "--raw")

    for word in ("one", "two", "three"):
        pipe.write_text(f"{word}\n")
        eventually_sync(lambda word=word: following.printed[-1:] == [f"{word}\n"])

    assert following.end(signal.SIGINT) == (0, "one\ntwo\nthree\n", "")


def test_following_ends_with_ctrl_c_and_nothing_else_to_say(pmdaemon):
    pmdaemon.run("start", "echo hello; exec sleep 1000", "--name", "app")
    with on_a_terminal(pmdaemon, "logs", "app") as terminal:
        terminal.expect_exact("hello")

        terminal.sendintr()

        assert rest_of(terminal).strip().removeprefix("^C") == ""


def test_nothing_is_missed_or_doubled_by_who_follows(pmdaemon):
    pmdaemon.script("counts.py", COUNTS)
    pmdaemon.script("ecosystem.toml", ECOSYSTEM)
    pmdaemon.run("start")
    following = pmdaemon.begin("logs", "app", "--out", "--raw", "--lines", "100000")

    def more(lines):
        reached = len(following.printed) + lines
        eventually_sync(lambda: len(following.printed) >= reached)

    more(500)
    pmdaemon.run("restart", "app")
    more(200)
    pmdaemon.kill_daemon()
    more(200)
    before = pmdaemon.pid("app")
    os.kill(before, signal.SIGKILL)
    pmdaemon.when("app", lambda one: one["pid"] not in {before, None})
    more(200)
    pmdaemon.run("update")
    more(200)
    pmdaemon.run("stop", "app")

    process = pmdaemon.process("app")
    written = whole_output(process)
    eventually_sync(lambda: len("".join(following.printed)) >= len(written))
    assert "".join(following.printed) == written
    assert Path(f"{process['out_file']}.2").exists()
    assert process["restarts"] == 2
    runs = {}
    for line in written.splitlines():
        pid, number, _ = line.split()
        runs.setdefault(pid, []).append(int(number))
    assert len(runs) == 3
    assert all(numbers == list(range(len(numbers))) for numbers in runs.values())
    ended = following.end(signal.SIGINT)
    assert ended.status == 0
    assert "Traceback" not in ended.err


def test_a_program_that_comes_later_is_followed_too(pmdaemon):
    os.mkfifo(pmdaemon.work / "pipe")
    pmdaemon.run("start", "exec cat 0<> pipe", "--name", "first")
    following = pmdaemon.begin("logs", "--json")

    def events(name):
        found = [json.loads(line) for line in following.printed]
        return [one for one in found if one["app_name"] == name]

    def said(name):
        return [one["message"] for one in events(name) if "message" in one]

    # The first of them may be history, which ends before it is shown; to show the second, it has to
    # follow.
    for words in (["one"], ["one", "two"]):
        (pmdaemon.work / "pipe").write_text(f"{words[-1]}\n")
        eventually_sync(lambda words=words: said("first") == words)

    pmdaemon.run("start", "echo hello; exec sleep 1000", "--name", "second")

    eventually_sync(lambda: said("second") == ["hello"])
    pmdaemon.run("stop", "second")
    stopped = {"type": "process_event", "app_name": "second", "status": "stopped"}
    eventually_sync(lambda: any(stopped.items() <= one.items() for one in events("second")))
    pmdaemon.run("delete", "all")
    assert following.process.poll() is None


def test_following_ends_when_its_reader_has_had_enough(pmdaemon):
    pmdaemon.script("app.py", COUNTS)
    pmdaemon.run("start", "app.py")
    words = shlex.join(pmdaemon.command("logs", "--raw"))

    done = pmdaemon.execute(["sh", "-c", f"{{ {words}; echo ended with $? >&2; }} | head -n 3"])

    assert done.out.count("\n") == 3
    assert done.err == "ended with 0\n"


def test_the_output_of_what_is_not_there_cannot_be_shown(pmdaemon):
    assert pmdaemon.refused("logs", "app", status=3).endswith("is called app")
    assert "--lines" in pmdaemon.refused("logs", "--lines", "-1", status=2)
    assert "--lines" in pmdaemon.refused("logs", "--lines", "many", status=2)


def test_lines_since_a_time_come_from_compressed_files_too(pmdaemon):
    pmdaemon.script("counts.py", COUNTS)
    pmdaemon.script("ecosystem.toml", ECOSYSTEM)
    pmdaemon.run("start")
    current = Path(pmdaemon.process("app")["out_file"])
    eventually_sync(lambda: Path(f"{current}.3").exists())
    pmdaemon.run("stop", "app")
    subprocess.run(["gzip", f"{current}.3", f"{current}.2"], check=True)
    lines = [
        json.loads(line)
        for line in pmdaemon.run("logs", "--out", "--nostream", "--json", "--lines", "100000").lines
    ]
    middle = lines[len(lines) // 2]["timestamp"]

    since = pmdaemon.run("logs", "--out", "--nostream", "--json", "--since", middle).lines

    assert [json.loads(line) for line in since] == [
        line for line in lines if line["timestamp"] >= middle
    ]
    until = pmdaemon.run("logs", "--out", "--json", "--lines", "100000", "--until", middle).lines
    assert [json.loads(line) for line in until] == lines[: len(until)]
    assert lines[len(until) - 1]["timestamp"] <= middle
    # After a stall, all the rest has the same time, and there may be none that came later.
    assert all(middle <= line["timestamp"] for line in lines[len(until) :])
    numbers = [int(line["message"].split()[1]) for line in lines]
    assert numbers == list(range(len(numbers)))


@pytest.mark.usefixtures("speaker")
def test_lines_that_match_are_found(pmdaemon):
    shown = pmdaemon.run("logs", "--nostream", "--raw", "--grep", r"\b[12]?7$|TROU", "-i").lines

    assert shown == ["line 7", "line 17", "line 27", "trouble"]


def test_the_daemon_has_a_log_of_its_own(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app")

    for words in (["--daemon"], ["PM2"]):
        shown = pmdaemon.run("logs", "--nostream", "--lines", "100", *words).lines
        assert any("process.spawned pm_id=0" in line for line in shown)
        assert all(line.startswith("pmdaemon | ") for line in shown)
