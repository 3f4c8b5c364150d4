"""PM2's options for files of output: dates, JSON, files of one's own, one for both, none at all."""

import json
import os
import re
import signal
from pathlib import Path

import pytest

from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.shared_home

SPEAKS = "printf 'one\\ntwo\\n'; echo trouble >&2; exec sleep 1000"

COUNTS = """
import itertools, os, time
for number in itertools.count():
    os.write(1, f"{number}\\n".encode())
    time.sleep(0.001)
"""

DATE = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"


@pytest.fixture
def start(pmdaemon):
    """Start a program that says one, two and trouble, with these fields."""

    def start(**fields):
        app = {"name": "app", "script": SPEAKS, **fields}
        (pmdaemon.work / "eco.json").write_text(json.dumps({"apps": [app]}))
        outcome = pmdaemon.run("start", "eco.json")
        assert outcome.err == ""
        return pmdaemon.run("jlist").json[0]["pm2_env"]

    return start


def lines(path, number):
    """Wait for so many lines in a file."""
    found = eventually_sync(
        lambda: (
            len(text := Path(path).read_text().splitlines()) >= number and text
            if Path(path).exists()
            else None
        )
    )
    assert len(found) == number
    return found


def test_each_line_has_the_time_in_front(pmdaemon, start):
    start(time=True, out_file="own/out.log")

    assert all(
        re.fullmatch(f"{DATE}: {word}", line)
        for word, line in zip(["one", "two"], lines(pmdaemon.work / "own/out.log", 2), strict=True)
    )
    assert pmdaemon.run("logs", "--nostream", "--raw", "--out").lines == ["one", "two"]


def test_lines_with_dates_stand_beside_the_output_when_no_file_is_named(pmdaemon, start):
    start(log_date_format="[at] HH:mm")
    output = pmdaemon.process("app")["out_file"]

    assert re.fullmatch(r"at \d\d:\d\d: one", lines(f"{output}.log", 2)[0])


def test_lines_are_json_where_that_is_asked_for(pmdaemon, start):
    env = start(log_type="json", error_file="err.json")

    [line] = map(json.loads, lines(env["pm_err_log_path"], 1))
    assert line.pop("timestamp")
    assert line == {"message": "trouble", "type": "err", "process_id": 0, "app_name": "app"}


def test_both_streams_go_into_one_file(pmdaemon, start):
    env = start(log_file="all.log", out_file="out.log", error_file="NULL")

    assert sorted(lines(pmdaemon.work / "all.log", 3)) == ["one", "trouble", "two"]
    assert lines(pmdaemon.work / "out.log", 2) == ["one", "two"]
    assert (env["pm_log_path"], env["pm_err_log_path"]) == (
        str(pmdaemon.work / "all.log"),
        "/dev/null",
    )


def test_instances_share_a_file_only_when_they_are_told_to(pmdaemon, start):
    start(out_file="out.log", instances=2)
    assert lines(pmdaemon.work / "out.log", 2) == ["one", "two"]
    assert lines(pmdaemon.work / "out-1.log", 2) == ["one", "two"]
    pmdaemon.run("delete", "all")

    start(out_file="shared.log", instances=2, merge_logs=True)
    assert sorted(lines(pmdaemon.work / "shared.log", 4)) == ["one", "one", "two", "two"]
    assert not (pmdaemon.work / "shared-1.log").exists()


@pytest.mark.parametrize(
    "fields", [{"disable_logs": True}, {"out_file": "NULL", "error_file": "/dev/null"}]
)
def test_nothing_is_kept_where_nobody_wants_it(pmdaemon, start, fields):
    start(**fields)
    process = pmdaemon.process("app")

    assert os.readlink(f"/proc/{process['pid']}/fd/1") == "/dev/null"
    assert os.readlink(f"/proc/{process['pid']}/fd/2") == "/dev/null"
    assert pmdaemon.run("logs", "--nostream").out == ""


def test_flush_empties_copies_too(pmdaemon, start):
    start(out_file="out.log")
    lines(pmdaemon.work / "out.log", 2)

    pmdaemon.run("flush")

    assert (pmdaemon.work / "out.log").read_text() == ""


def test_a_copy_loses_and_doubles_nothing_when_the_daemon_is_killed(pmdaemon):
    pmdaemon.script("counts.py", COUNTS)
    fields = {"name": "app", "script": "counts.py", "time": True, "out_file": "out.log"}
    (pmdaemon.work / "eco.json").write_text(json.dumps([fields]))
    pmdaemon.run("start", "eco.json")
    copy = pmdaemon.work / "out.log"

    for _ in range(4):
        before = copy.stat().st_size if copy.exists() else 0
        eventually_sync(lambda before=before: copy.exists() and copy.stat().st_size > before + 5000)
        os.kill(pmdaemon.daemon, signal.SIGKILL)
        pmdaemon.run("ping")
    pmdaemon.run("stop", "app")

    written = Path(pmdaemon.process("app")["out_file"]).read_text().splitlines()
    eventually_sync(lambda: len(copy.read_text().splitlines()) >= len(written))
    copied = [line.rpartition(": ")[2] for line in copy.read_text().splitlines()]
    assert copied == written
    assert copied == [str(number) for number in range(len(copied))]
