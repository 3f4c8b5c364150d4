"""A project in the foreground: what its programs print, and how it ends."""

import signal
from pathlib import Path

import pytest

from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.posix

PROJECT = """
env_file: .env
processes:
  web: 'echo "web says $GREETING"; exec sleep 1000'
  api:
    cmd: 'echo "api at $PORT"; exec sleep 1000'
    env: {PORT: 8080}
    depends_on: [migrate]
tasks:
  migrate: echo migrated
"""


def test_all_programs_of_a_prox_file_run_until_ctrl_c(pmdaemon):
    pmdaemon.script("prox.yaml", PROJECT)
    pmdaemon.script(".env", "GREETING=hello")

    program = pmdaemon.begin("dev")

    eventually_sync(lambda: len(program.printed) == 3)
    assert {line.rstrip() for line in program.printed} == {
        "0|migrate | migrated",
        "1|web     | web says hello",
        "2|api     | api at 8080",
    }
    # What it prints may be seen before the daemon has written down that it runs.
    pids = [pmdaemon.when(name, lambda one: one["pid"])["pid"] for name in ("web", "api")]
    assert program.end(signal.SIGINT).status == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_it_ends_with_1_when_all_are_dead(pmdaemon):
    pmdaemon.script("prox.yaml", "processes: {web: 'exit 3', api: 'true'}")

    pmdaemon.run("dev", status=1)


def test_only_the_chosen_ones_run(pmdaemon):
    pmdaemon.script("prox.yaml", "processes: {web: echo web, api: echo api}")

    assert pmdaemon.run("dev", "--only", "api", status=1).out == "0|api | api\n"


def test_a_program_is_for_runtime(pmdaemon):
    assert pmdaemon.refused("dev", "sleep", status=2).endswith("pmdaemon runtime")
