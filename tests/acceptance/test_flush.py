"""`flush`: empty log files, also while a program writes."""

from pathlib import Path

import pytest

from tests.acceptance.conftest import FOREVER
from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.shared_home

COUNTS = """
import itertools, os, time
for number in itertools.count():
    os.write(1, f"{number}\\n".encode())
    time.sleep(0.001)
"""


def test_the_output_is_empty_and_older_files_are_gone(pmdaemon):
    pmdaemon.script("app.sh", "i=0; while [ $i -lt 2000 ]; do echo $i; i=$((i+1)); done; sleep 999")
    pmdaemon.script("ecosystem.json", '[{"name": "app", "script": "app.sh", "log_max_size": "1K"}]')
    pmdaemon.run("start")
    log = Path(pmdaemon.process("app")["out_file"])
    eventually_sync(lambda: "1999\n" in pmdaemon.run("logs", "--nostream", "--raw").out)

    flushed = pmdaemon.run("flush", "app")

    assert flushed.out == "flushed app (id 0)\n"
    assert log.read_bytes() == b""
    assert [path.name for path in log.parent.glob("app-0.out*")] == ["app-0.out"]
    assert pmdaemon.run("logs", "--nostream").out == ""


def test_a_program_writes_on_through_a_flush_and_no_line_is_cut(pmdaemon):
    pmdaemon.script("app.py", COUNTS)
    pmdaemon.run("start", "app.py")
    log = Path(pmdaemon.process("app")["out_file"])
    eventually_sync(lambda: log.read_text().count("\n") > 100)

    for _ in range(5):
        pmdaemon.run("flush")
        eventually_sync(lambda: log.read_text().count("\n") > 10)
    pmdaemon.run("stop", "app")

    numbers = [int(line) for line in log.read_text().splitlines()]
    assert numbers[0] > 100
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_who_follows_reads_on_after_a_flush(pmdaemon):
    pmdaemon.script("app.py", COUNTS)
    pmdaemon.run("start", "app.py")
    following = pmdaemon.begin("logs", "--raw")
    eventually_sync(lambda: len(following.printed) > 50)

    pmdaemon.run("flush")

    reached = len(following.printed)
    eventually_sync(lambda: len(following.printed) > reached + 50)


def test_only_what_is_named_is_flushed(pmdaemon):
    for name in ("a", "b"):
        pmdaemon.run("start", f"echo {name}; exec sleep 1000", "--name", name)
    logs = [Path(each["out_file"]) for each in pmdaemon.list()]
    eventually_sync(lambda: [log.read_text() for log in logs] == ["a\n", "b\n"])

    pmdaemon.run("flush", "a")

    assert [log.read_text() for log in logs] == ["", "b\n"]


def test_what_is_down_is_flushed_as_well(pmdaemon):
    pmdaemon.run("start", "echo hello; exec sleep 1000", "--name", "app")
    log = Path(pmdaemon.process("app")["out_file"])
    eventually_sync(lambda: log.read_text() == "hello\n")
    pmdaemon.run("stop", "app")

    [flushed] = pmdaemon.run("flush", "app", "--json").json

    assert flushed["state"] == "stopped"
    assert log.read_text() == ""


def test_what_is_not_there_cannot_be_flushed(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app")

    assert pmdaemon.refused("flush", "other", status=3).endswith("is called other")
