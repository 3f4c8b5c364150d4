"""`resurrect`: the saved list is back."""

import json

from tests.acceptance.conftest import FOREVER
from tests.support.running import command_line, environment_of


def test_a_saved_list_comes_back_as_it_was(pmdaemon, port):
    pmdaemon.run("start", FOREVER, "--name", "app", "-i", "2", "-e", "COLOUR=blue")
    pmdaemon.run(
        "start", FOREVER, "--name", "web", "--port", str(port), "--namespace", "shop",
        "--kill-timeout", "7s", "--max-memory-restart", "1G",
    )  # fmt: skip
    pmdaemon.run("start", FOREVER, "--name", "down")
    pmdaemon.run("stop", "down")
    before = pmdaemon.run("describe", "all", "--json").json
    pmdaemon.run("save")
    pmdaemon.run("delete", "all")

    pmdaemon.run("resurrect")

    def told(views):
        return {
            (one["name"], one["instance"]): (
                one["namespace"], one["state"], one["tcp_port"],
                one["declaration"] | {"inherited_env": None},
            )
            for one in views
        }  # fmt: skip

    after = pmdaemon.run("describe", "all", "--json").json
    assert told(after) == told(before)
    assert environment_of(pmdaemon.pid("app"))["COLOUR"] == "blue"


def test_it_comes_back_in_another_home(pmdaemon):
    pmdaemon.script("app.py", "import time\ntime.sleep(1000)\n")
    pmdaemon.run("start", "app.py", "--", "one", "two words")
    pmdaemon.run("save")
    words = command_line(pmdaemon.pid("app"))
    pmdaemon.run("kill")
    (pmdaemon.home / "state.db").unlink()
    assert pmdaemon.list() == []

    pmdaemon.run("resurrect")

    assert command_line(pmdaemon.pid("app"))[1:] == words[1:]


def test_what_runs_is_left_as_it_is(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app")
    pmdaemon.run("save")
    before = pmdaemon.pid("app")

    pmdaemon.run("resurrect")

    assert [each["pid"] for each in pmdaemon.list()] == [before]


def test_a_list_of_pm2_is_read(pmdaemon):
    script = pmdaemon.script("app.sh", "exec sleep 1000\n", mode=0o755)
    entry = {
        "name": "api", "namespace": "default", "pm_exec_path": str(script),
        "pm_cwd": str(pmdaemon.work), "args": ["one"], "exec_interpreter": "bash",
        "exec_mode": "fork_mode", "status": "online", "instances": 1, "kill_timeout": 1600,
        "env": {"COLOUR": "blue", "PM2_HOME": "/nowhere", "unique_id": "x", "api": {}},
    }  # fmt: skip
    pmdaemon.run("ping")
    (pmdaemon.home / "dump.pm2").write_text(json.dumps([entry, entry | {"name": "other"}]))

    pmdaemon.run("resurrect")

    assert [(one["name"], one["state"]) for one in pmdaemon.list()] == [
        ("api", "online"),
        ("other", "online"),
    ]
    environment = environment_of(pmdaemon.pid("api"))
    assert environment["COLOUR"] == "blue"
    assert "PM2_HOME" not in environment


def test_what_cannot_come_back_does_not_keep_the_others_away(pmdaemon):
    script = pmdaemon.script("gone.sh", "exec sleep 1000\n")
    pmdaemon.run("start", "gone.sh")
    pmdaemon.run("start", FOREVER, "--name", "app")
    pmdaemon.run("save")
    pmdaemon.run("delete", "all")
    script.unlink()

    outcome = pmdaemon.run("resurrect", status=1)

    assert outcome.err.startswith("pmdaemon: not everything was restored: ")
    assert "gone.sh" in outcome.err
    assert [one["name"] for one in pmdaemon.list()] == ["app"]


def test_a_broken_file_is_kept_and_its_backup_used(pmdaemon):
    for name in ("first", "second"):
        pmdaemon.run("start", FOREVER, "--name", name)
        pmdaemon.run("save")
    pmdaemon.run("delete", "all")
    dump = pmdaemon.home / "dump.pm2"
    dump.write_text('[{"name": "se')

    outcome = pmdaemon.run("resurrect")

    assert "it is not valid JSON; using" in outcome.err
    assert [one["name"] for one in pmdaemon.list()] == ["first"]
    assert dump.read_text() == '[{"name": "se'


def test_there_may_be_nothing_saved(pmdaemon):
    sentence = pmdaemon.refused("resurrect", status=1)

    assert sentence.startswith("nothing is saved")
