import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.views import a_view
from tests.support.waiting import eventually_sync

PUP = {
    "processes": [
        {"id": "web", "cmd": "sleep 5", "autostart": True, "env": {"KEY": "s3cret"}},
        {"id": "night", "cmd": "sleep 1", "cron": "0 3 * * *"},
    ],
    "plugins": [],
}
PROX = "processes:\n  web: sleep 5\n  api: sleep 6\n"


@pytest.fixture
def pup(folder):
    (folder / "pup.json").write_text(json.dumps(PUP))
    notes = folder / ".pup" / "pup.json-tmp"
    notes.mkdir(parents=True)
    return notes / ".main.port"


@pytest.fixture
def prox(folder):
    (folder / "prox.yaml").write_text(PROX)
    (folder / ".prox").mkdir()
    return folder / ".prox" / "prox.state"


def started(cli):
    return [
        ([app["name"] for app in body["apps"]], body["existing"], body["down"])
        for body in cli.daemon.asked("start")
    ]


def does(cli):
    cli.lists()
    cli.does("start", a_view("web"))


def test_what_pup_does_not_run_is_started(cli, pup):
    does(cli)

    assert cli("import", "pup") == 0
    assert started(cli) == [(["web", "night"], "keep", False)]
    assert cli.out.startswith("web: sleep 5\nnight: sleep 1\n")
    assert "pup terminate" not in cli.out
    assert "plugins: not acted on" in cli.err


def test_what_pup_runs_is_listed_and_it_is_told_what_to_type(cli, pup, folder):
    does(cli)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        pup.write_text(f"{listener.getsockname()[1]}\n")

        assert cli("import", "pup", "--from", str(folder)) == 0

    assert started(cli) == [(["web", "night"], "keep", True)]
    assert f"    pup terminate --config {folder / 'pup.json'}\n    pmdaemon start web\n" in cli.out


@pytest.mark.parametrize("note", ["", "x", "99999", "1", "0"])
def test_a_note_that_pup_left_behind_means_nothing(cli, pup, note):
    does(cli)
    pup.write_text(note)

    assert cli("import", "pup") == 0
    assert [down for *_, down in started(cli)] == [False]


def test_pup_prefers_the_file_with_comments_and_so_do_we(cli_without_daemon, pup, folder):
    (folder / "pup.jsonc").write_text('{ "processes": [ { "id": "a", "cmd": "true" } ] } // yes')

    assert cli_without_daemon("import", "pup", "--dry-run", "--json") == 0
    assert [one["name"] for one in cli_without_daemon.json["apps"]] == ["a"]


def test_a_dry_run_starts_nothing_and_shows_no_secret(cli_without_daemon, pup):
    cli = cli_without_daemon

    assert cli("import", "pup", "--dry-run", "--json") == 0
    assert cli.json["running"] is False
    assert [one["name"] for one in cli.json["apps"]] == ["web", "night"]
    assert "s3cret" not in cli.out


@pytest.mark.parametrize(
    ("note", "down"),
    [
        ('{"pid": OURS, "port": 5555}', True),
        ('{"pid": 999999999}', False),
        ('{"pid": "1"}', False),
        ("[]", False),
        ("{", False),
        (None, False),
    ],
)
def test_what_prox_runs_is_listed_and_not_started(cli, prox, folder, note, down):
    does(cli)
    if note is not None:
        prox.write_text(note.replace("OURS", str(os.getpid())))

    assert cli("import", "prox") == 0
    assert started(cli) == [(["web", "api"], "keep", down)]
    assert (f"    (cd {folder} && prox down)\n    pmdaemon start web api\n" in cli.out) == down


def test_a_file_may_be_named(cli_without_daemon, prox, folder):
    (folder / "prox.yaml").rename(folder / "other.yaml")

    assert cli_without_daemon("import", "prox", "--from", "other.yaml", "--dry-run") == 0
    assert cli_without_daemon.out.startswith("web: sleep 5\n")
    assert "to do it, run:\n    pmdaemon import prox --from other.yaml\n" in cli_without_daemon.out


def test_where_there_is_no_file_of_theirs_it_is_said_what_was_looked_for(
    cli_without_daemon, folder
):
    assert cli_without_daemon("import", "pup") == 2
    assert "no pup.jsonc and no pup.json (say where it is: --from FILE)" in cli_without_daemon.err


@pytest.fixture
def supervisor(folder):
    text = "[program:web]\ncommand=sleep 5\n[program:rare]\ncommand=sleep 6\nautostart=false\n"
    (folder / "supervisord.conf").write_text(f"{text}priority=7\n")
    return folder / "supervisord.pid"


def test_what_supervisor_does_not_run_is_started(cli, supervisor):
    does(cli)

    assert cli("import", "supervisor") == 0
    assert started(cli) == [(["web", "rare"], "keep", False)]
    assert "rare: priority is not used" in cli.err
    assert "shutdown" not in cli.out


def test_what_supervisor_runs_is_listed_and_it_is_told_what_to_type(cli, supervisor, folder):
    does(cli)
    daemon = [sys.executable, "-c", "import signal; signal.pause()", "supervisord"]
    with subprocess.Popen(daemon) as process:
        try:
            supervisor.write_text(f"{process.pid}\n")
            argv = Path(f"/proc/{process.pid}/cmdline")
            eventually_sync(lambda: b"supervisord" in argv.read_bytes())

            assert cli("import", "supervisor", "--from", str(folder)) == 0
        finally:
            process.kill()

    assert started(cli) == [(["web", "rare"], "keep", True)]
    conf = folder / "supervisord.conf"
    assert f"    supervisorctl -c {conf} shutdown\n    pmdaemon start web\n" in cli.out


@pytest.mark.parametrize("note", ["", "x", "99999999999", "1", "a test's"])
def test_a_pid_that_supervisor_left_behind_means_nothing(cli, supervisor, note):
    does(cli)
    supervisor.write_text(str(os.getpid()) if note == "a test's" else note)

    assert cli("import", "supervisor") == 0
    assert started(cli)[0][2] is False
