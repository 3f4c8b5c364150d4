"""`delete`: ended and forgotten, but for what it had printed."""

from pathlib import Path

import pytest

from tests.acceptance.conftest import FOREVER
from tests.support.running import is_alive
from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.shared_home


def test_a_deleted_program_is_gone_from_the_list_and_its_output_stays(pmdaemon):
    pmdaemon.run("start", "echo hello; exec sleep 1000", "--name", "app")
    process = pmdaemon.process("app")
    eventually_sync(lambda: Path(process["out_file"]).read_text() == "hello\n")

    deleted = pmdaemon.run("delete", "app")

    assert "deleted app (id 0)\n" in deleted.out
    assert not is_alive(process["pid"])
    assert pmdaemon.list() == []
    assert Path(process["out_file"]).read_text() == "hello\n"
    assert [path for path in (pmdaemon.home / "run").iterdir() if path.is_fifo()] == []


def test_a_deleted_program_stays_forgotten_by_the_next_daemon(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app")
    pmdaemon.run("start", FOREVER, "--name", "other")
    pmdaemon.run("delete", "app")

    pmdaemon.kill_daemon()

    assert [each["name"] for each in pmdaemon.list()] == ["other"]


def test_an_id_is_not_used_again_while_there_are_others(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "other")
    pmdaemon.run("start", FOREVER, "--name", "app")
    pmdaemon.run("delete", "app")
    pmdaemon.kill_daemon()

    pmdaemon.run("start", FOREVER, "--name", "app")

    assert pmdaemon.process("app")["pm_id"] == 2


def test_ids_begin_anew_with_an_empty_list(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app", "-i", "2")
    pmdaemon.run("delete", "all")

    pmdaemon.run("start", FOREVER, "--name", "app")

    assert pmdaemon.process("app")["pm_id"] == 0


def test_everything_is_deleted_whatever_it_is_doing(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "up", "-i", "2")
    pmdaemon.run("start", "false", "--name", "waits", "--restart-delay", "30s")
    pmdaemon.run("start", "false", "--name", "given-up", "--max-restarts", "1")
    pmdaemon.run("start", FOREVER, "--name", "down")
    pmdaemon.run("stop", "down")
    pids = [each["pid"] for each in pmdaemon.list() if each["name"] == "up"]

    deleted = pmdaemon.run("del", "all", "--json").json

    assert {each["name"] for each in deleted} == {"up", "waits", "given-up", "down"}
    assert pmdaemon.list() == []
    assert not any(map(is_alive, pids))


def test_the_apps_of_a_file_are_deleted_by_it(pmdaemon):
    pmdaemon.script("ecosystem.json", '[{"name": "app", "script": "sleep 1000"}]')
    pmdaemon.run("start", "ecosystem.json")
    pmdaemon.run("start", FOREVER, "--name", "other")

    pmdaemon.run("delete", "ecosystem.json")

    assert [each["name"] for each in pmdaemon.list()] == ["other"]


def test_what_is_not_there_cannot_be_deleted(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "server")

    sentence = pmdaemon.refused("delete", "sever", status=3)

    assert sentence == "no process, id or namespace is called sever; did you mean server?"
    assert pmdaemon.process("server")["state"] == "online"
