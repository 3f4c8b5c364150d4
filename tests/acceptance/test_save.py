"""`save`: the list as a file, to come back to."""

import json

from tests.acceptance.conftest import FOREVER


def test_the_list_is_written_for_the_user_alone(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app", "-i", "2", "-e", "API_KEY=sesame")

    saved = pmdaemon.run("save")

    dump = pmdaemon.home / "dump.pm2"
    assert saved.out == f"saved 2 processes to {dump}\n"
    assert dump.stat().st_mode & 0o777 == 0o600
    entries = json.loads(dump.read_text())
    assert [entry["name"] for entry in entries] == ["app", "app"]
    assert entries[0]["env"]["API_KEY"] == "sesame"
    assert entries[0]["status"] == "online"


def test_an_empty_list_does_not_replace_a_saved_one_unless_forced(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app")
    pmdaemon.run("save")
    pmdaemon.run("delete", "all")
    dump = pmdaemon.home / "dump.pm2"
    before = dump.read_bytes()

    kept = pmdaemon.run("save")

    assert "--force" in kept.err
    assert dump.read_bytes() == before
    forced = pmdaemon.run("dump", "--force", "--json").json
    assert forced == {"path": str(dump), "processes": 0, "written": True}
    assert json.loads(dump.read_text()) == []


def test_the_list_before_the_last_one_is_kept_beside_it(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "first")
    pmdaemon.run("save")
    pmdaemon.run("start", FOREVER, "--name", "second")

    pmdaemon.run("save")

    older = json.loads((pmdaemon.home / "dump.pm2.bak").read_text())
    assert [entry["name"] for entry in older] == ["first"]


def test_a_place_that_cannot_be_written_to_is_said_so(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app")
    (pmdaemon.home / "dump.pm2").mkdir()

    sentence = pmdaemon.refused("save", status=1)

    assert sentence == f"cannot write {pmdaemon.home}/dump.pm2: is a directory"
    assert [path.name for path in pmdaemon.home.glob(".dump*")] == []
