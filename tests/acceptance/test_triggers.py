"""What acts on processes by itself: schedules, checks, files, dependencies; what stops it."""

import json
import sys
from pathlib import Path

import pytest

from tests.acceptance.conftest import FOREVER
from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.shared_home


def declared(pmdaemon, *apps):
    file = pmdaemon.work / "ecosystem.json"
    file.write_text(json.dumps({"apps": list(apps)}))
    return "ecosystem.json"


def test_a_job_runs_on_schedule_and_is_remembered_over_the_death_of_the_daemon(pmdaemon):
    job = {"name": "tick", "script": "sh -c 'echo tick'", "job": "* * * * * *"}
    pmdaemon.run("start", declared(pmdaemon, job))

    def runs():
        found = pmdaemon.run("history", "tick", "--json", "-n", "100").json
        return [run for run in found if run["outcome"] == "succeeded"]

    eventually_sync(lambda: len(runs()) >= 2)
    pmdaemon.kill_daemon()
    before = len(runs())
    eventually_sync(lambda: len(runs()) > before)

    found = runs()
    dues = [run["due"] for run in found]
    assert len(set(dues)) == len(dues)
    output = Path(pmdaemon.process("tick")["out_file"]).read_bytes()
    assert output[found[0]["out"]["start"] : found[0]["out"]["end"]] == b"tick\n"


def test_what_is_blocked_stays_down_whoever_asks_also_after_the_death_of_the_daemon(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app")
    pmdaemon.run("stop", "app")
    pmdaemon.run("block", "app")
    pmdaemon.kill_daemon()

    refused = pmdaemon.run("start", "app", "--json", status=1)

    assert refused.json["error"]["code"] == "process_blocked"
    assert "It is blocked" in pmdaemon.run("explain", "app").out
    pmdaemon.run("unblock", "app")
    pmdaemon.run("start", "app")
    assert pmdaemon.process("app")["state"] == "online"


def test_dependencies_come_up_in_order_and_a_failed_one_is_told(pmdaemon):
    apps = [
        {"name": "web", "script": FOREVER, "depends_on": {"migrate": "completed"}},
        {"name": "migrate", "script": "sh -c 'exit 0'", "autorestart": False},
        {"name": "doomed", "script": FOREVER, "depends_on": {"broken": "completed"}},
        {"name": "broken", "script": "sh -c 'exit 3'", "autorestart": False},
    ]

    started = pmdaemon.run("start", declared(pmdaemon, *apps), status=1)

    assert "cannot start doomed: it needs broken to be completed" in started.err
    assert pmdaemon.process("web")["state"] == "online"


@pytest.mark.parametrize(
    ("apps", "code"),
    [
        ([{"name": "a", "script": FOREVER, "depends_on": "nobody"}], "dependency_unknown"),
        (
            [
                {"name": "a", "script": FOREVER, "depends_on": "b"},
                {"name": "b", "script": FOREVER, "depends_on": "a"},
            ],
            "invalid_configuration",
        ),
        ([{"name": "a", "script": FOREVER, "job": "0 0 31 2 *"}], "invalid_configuration"),
        ([{"name": "a", "script": FOREVER, "watch": ["no/such/folder"]}], "invalid_configuration"),
        ([{"name": "a", "script": FOREVER, "stop_signal": "SIGNO"}], "invalid_configuration"),
        ([{"name": "a", "script": FOREVER, "uid": "nobody-at-all"}], "invalid_configuration"),
    ],
)
def test_nonsense_is_refused_and_nothing_is_half_applied(pmdaemon, apps, code):
    fine = {"name": "fine", "script": FOREVER}

    refused = pmdaemon.run("start", declared(pmdaemon, fine, *apps), "--json", status=None)

    assert refused.status != 0
    assert refused.json["error"]["code"] == code
    assert "Traceback" not in refused.err
    assert pmdaemon.run("list", "--json").json == []


def test_an_unhealthy_program_is_started_anew_and_its_hook_is_told(pmdaemon):
    pmdaemon.script("check.sh", "test -e well", mode=0o755)
    told = pmdaemon.work / "told"
    app = {
        "name": "app",
        "script": FOREVER,
        "health_check": {"command": "sh check.sh", "interval": "100ms", "retries": 2},
        "hooks": [{"events": ["unhealthy"], "command": f"sh -c 'cat > {told}'"}],
    }
    (pmdaemon.work / "well").touch()
    pmdaemon.run("start", declared(pmdaemon, app))
    eventually_sync(lambda: pmdaemon.process("app")["health"]["status"] == "healthy")
    before = pmdaemon.pid("app")

    (pmdaemon.work / "well").unlink()

    eventually_sync(lambda: pmdaemon.process("app")["pid"] not in {before, None})
    assert pmdaemon.process("app")["last_cause"] == "health check failed"
    news = json.loads(eventually_sync(lambda: told.exists() and told.read_text()))
    assert (news["event"], news["process"]["name"]) == ("unhealthy", "app")


def test_a_change_of_a_file_starts_the_app_anew(pmdaemon):
    pmdaemon.script("src/app.py", "import time\ntime.sleep(1000)\n")
    app = {"name": "app", "script": "src/app.py", "interpreter": sys.executable, "watch": ["src"]}
    pmdaemon.run("start", declared(pmdaemon, app))
    before = pmdaemon.pid("app")

    pmdaemon.script("src/app.py", "import time\ntime.sleep(2000)\n")

    # It may have been written in two steps, and read between them.
    pmdaemon.when("app", lambda one: one["pid"] not in {before, None})
    pmdaemon.when("app", lambda one: one["last_cause"] == "files changed")


def test_what_was_given_up_shows_its_last_words(pmdaemon):
    pmdaemon.script("app.py", "raise SystemExit('the port is missing')")
    pmdaemon.run("start", "app.py", "--interpreter", sys.executable, "--max-restarts", "2")

    eventually_sync(lambda: pmdaemon.process("app")["state"] == "errored")

    assert pmdaemon.process("app")["last_words"] == ["the port is missing"]
    assert "the port is missing" in pmdaemon.run("explain", "app").out
    assert "the port is missing" in pmdaemon.run("describe", "app").out


def test_without_autostart_an_app_waits_to_be_asked_for(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app", "--no-autostart")
    assert pmdaemon.process("app")["state"] == "stopped"

    pmdaemon.run("start", "app")

    assert pmdaemon.process("app")["state"] == "online"


def test_an_app_gets_its_pid_file_its_umask_and_its_niceness(pmdaemon):
    pmdaemon.run(
        "start", "sh -c 'umask; nice; exec sleep 1000'", "--name", "app",
        "--pid", "app.pid", "--umask", "077", "--nice", "3",
    )  # fmt: skip

    out = Path(pmdaemon.process("app")["out_file"])
    eventually_sync(lambda: out.read_text().split() == ["0077", "3"])
    assert (pmdaemon.work / "app.pid").read_text() == f"{pmdaemon.pid('app')}\n"
    pmdaemon.run("stop", "app")
    assert not (pmdaemon.work / "app.pid").exists()
