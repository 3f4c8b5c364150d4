"""Programs in the foreground: output, signals and statuses, as a container has them."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.running import running_for
from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.posix

ORPHANS = """
trap 'echo usr1' USR1
trap 'echo int; exit 0' INT
( ( exec sleep 0.1 ) & )
( setsid sleep 0.1 & )
echo ready $$
while :; do sleep 0.05; done
"""


def may_be_pid_1():
    """Tell whether we may make pid namespaces."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return False
    tried = subprocess.run(
        [unshare, "--fork", "--pid", "--mount-proc", "true"], capture_output=True, check=False
    )
    return tried.returncode == 0


@pytest.fixture
def foreground(pmdaemon):
    """Runs `runtime`, and ends it."""
    begun = []

    def begin(*arguments, before=()):
        program = subprocess.Popen(
            [*before, *pmdaemon.command("runtime", *arguments)],
            env=pmdaemon.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        begun.append(program)
        return program

    yield begin
    for program in begun:
        program.kill()
        program.communicate()


@pytest.fixture
def apps(tmp_path):
    """Write an ecosystem file of shell commands that are run once."""

    def write(**commands):
        path = tmp_path / "apps.json"
        listed = [
            {"name": name, "script": text, "autorestart": False} for name, text in commands.items()
        ]
        path.write_text(json.dumps({"apps": listed}))
        return str(path)

    return write


@pytest.fixture
def orphans(tmp_path):
    script = tmp_path / "orphans.sh"
    script.write_text(ORPHANS)
    return str(script)


def outcome_of(program):
    out, err = program.communicate(timeout=60)
    return program.returncode, out, err


def line_of(program):
    return program.stdout.readline().decode().rstrip("\n")


def children_of(pid):
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def states_below(pid):
    """The state letters of all processes below one (proc(5))."""
    found = []
    for child in children_of(pid):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has just been reaped
            stat = Path(f"/proc/{child}/stat").read_text()
            found += [stat.rpartition(")")[2].split()[0], *states_below(child)]
    return found


def test_output_goes_byte_for_byte_where_the_program_sent_it(foreground):
    words = r"printf '\377\n\0end'; printf 'no newline' >&2"

    ended = foreground("--no-autorestart", "sh", "-c", words)

    assert outcome_of(ended) == (0, b"\xff\n\0end", b"no newline")


def test_a_lot_of_output_comes_whole_through_rotation(foreground, tmp_path):
    apps = tmp_path / "apps.json"
    script = tmp_path / "much.py"
    script.write_text("for n in range(200_000): print(n, 'x' * 20)\n")
    app = {"script": str(script), "interpreter": sys.executable, "autorestart": False}
    apps.write_text(json.dumps({"apps": [{**app, "name": "much", "log_max_size": "1M"}]}))

    status, out, _ = outcome_of(foreground(str(apps)))

    expected = "".join(f"{n} {'x' * 20}\n" for n in range(200_000)).encode()
    assert status == 0
    assert hashlib.sha256(out).digest() == hashlib.sha256(expected).digest()


def test_json_has_an_object_a_line_with_time_app_and_stream(foreground):
    ended = foreground("--json", "--name", "app", "--no-autorestart", "sh", "-c", "echo one")

    _, out, _ = outcome_of(ended)

    line = json.loads(out.splitlines()[0])
    assert (line["message"], line["app_name"], line["type"]) == ("one", "app", "out")
    assert line["timestamp"].endswith("Z")


def test_lines_can_have_their_app_in_front(foreground, apps):
    status, out, _ = outcome_of(foreground(apps(a="echo 1", b="echo 2"), "--prefix"))

    assert status == 0
    assert sorted(out.splitlines()) == [b"0|a | 1", b"1|b | 2"]


@pytest.mark.parametrize(("words", "status"), [("exit 7", 7), ("kill -9 $$", 137), ("exit 0", 0)])
def test_a_single_programs_status_is_ours(foreground, words, status):
    assert outcome_of(foreground("--no-autorestart", "sh", "-c", words))[0] == status


def test_a_program_that_is_given_up_is_a_failure_with_its_own_status(foreground):
    assert outcome_of(foreground("--max-restarts", "2", "sh", "-c", "exit 5"))[0] == 5


def test_of_several_programs_one_failure_is_enough(foreground, apps):
    assert outcome_of(foreground(apps(a="exit 0", b="exit 3")))[0] == 2


def test_one_app_of_a_file_can_be_chosen(foreground, apps):
    path = apps(a="echo a", b="exit 3")

    assert outcome_of(foreground(path, "--only", "a"))[:2] == (0, b"a\n")


def test_a_wrong_file_is_refused_with_everything_that_is_wrong(foreground, pmdaemon, tmp_path):
    path = tmp_path / "apps.json"
    path.write_text('{"apps": [{"name": "a", "script": "true", "instances": "x", "port": "y"}]}')

    status, out, err = outcome_of(foreground(str(path)))

    assert (status, out) == (2, b"")
    assert b"instances" in err
    assert b"port" in err
    assert running_for(pmdaemon.home) == []


def test_what_cannot_be_run_is_refused(foreground, tmp_path):
    assert outcome_of(foreground("no-such-program"))[0] == 2
    assert outcome_of(foreground(str(tmp_path / "no.toml")))[0] == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_a_stop_is_graceful_and_a_success(foreground, pmdaemon, number):
    words = "trap 'echo last words; exit 3' INT; echo up; while :; do sleep 0.05; done"
    running = foreground("--kill-timeout", "60s", "sh", "-c", words)
    assert line_of(running) == "up"

    running.send_signal(number)

    assert outcome_of(running)[:2] == (0, b"last words\n")
    assert running_for(pmdaemon.home) == []


def test_other_signals_are_the_programs(foreground):
    words = "trap 'echo hup' HUP; trap 'echo usr2' USR2; echo up; while :; do sleep 0.05; done"
    running = foreground("bash", "-c", words)
    assert line_of(running) == "up"

    running.send_signal(signal.SIGHUP)
    assert line_of(running) == "hup"
    running.send_signal(signal.SIGUSR2)
    assert line_of(running) == "usr2"


def test_with_no_auto_exit_it_stays_for_what_comes(foreground, pmdaemon):
    running = foreground("--no-auto-exit", "--no-autorestart", "sh", "-c", "echo first")
    assert line_of(running) == "first"

    pmdaemon.run("start", "echo second", "--name", "other", "--no-autorestart")

    assert line_of(running) == "second"
    assert running.poll() is None


def test_the_daemon_and_the_keeper_may_be_killed(foreground, pmdaemon):
    running = foreground("sh", "-c", "echo $$; trap 'echo usr1' USR1; while :; do sleep 0.05; done")
    program = line_of(running)
    daemon = pmdaemon.daemon
    keeper = children_of(running.pid)[0]

    for victim in (daemon, keeper):
        os.kill(victim, signal.SIGKILL)
    eventually_sync(lambda: pmdaemon.run("ping", status=None).status == 0)
    # It may have been answered by one that has to hand over yet.
    eventually_sync(lambda: ({*children_of(running.pid)} - {keeper}) & pmdaemon.managers())

    assert pmdaemon.run("pid", "sh").out.strip() == program
    running.send_signal(signal.SIGUSR1)
    assert line_of(running) == "usr1"
    running.terminate()
    assert outcome_of(running)[0] == 0


def test_without_a_home_nothing_is_left_behind(pmdaemon, tmp_path):
    folder = tmp_path / "tmp"
    folder.mkdir()
    environment = {**pmdaemon.environment, "TMPDIR": str(folder)}
    del environment["PMDAEMON_HOME"]

    done = subprocess.run(
        pmdaemon.command("runtime", "--no-autorestart", "sh", "-c", 'ls -d "$PMDAEMON_HOME"'),
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert done.stdout.startswith(str(folder))
    assert list(folder.iterdir()) == []


def test_a_reader_that_has_had_enough_ends_it(foreground, pmdaemon):
    running = foreground("sh", "-c", "while :; do echo line; sleep 0.01; done")
    assert line_of(running) == "line"

    running.stdout.close()

    assert running.wait(60) == 0
    assert running_for(pmdaemon.home) == []


@pytest.mark.skipif(not may_be_pid_1(), reason="may not make pid namespaces")
def test_as_pid_1_it_reaps_orphans_and_heeds_signals(foreground, pmdaemon, orphans):
    namespace = ("unshare", "--fork", "--pid", "--mount-proc", "--kill-child")
    running = foreground("--kill-timeout", "60s", "bash", orphans, before=namespace)
    word, program = line_of(running).split()
    assert word == "ready"
    first = children_of(running.pid)[0]
    inside = ["nsenter", "-t", str(first), "-p", "-m"]

    # A process whose parent has gone, as `docker exec` leaves them: it has no keeper above it.
    subprocess.run([*inside, "sh", "-c", "sleep 0.1 &"], check=True)
    eventually_sync(lambda: len(states_below(first)) == 4)  # keeper, daemon, bash, its sleep
    os.kill(first, signal.SIGUSR1)
    assert line_of(running) == "usr1"

    assert int(program) < 100
    eventually_sync(lambda: "Z" not in states_below(first))
    os.kill(first, signal.SIGTERM)
    assert outcome_of(running)[:2] == (0, b"int\n")
    assert running_for(pmdaemon.home) == []


@pytest.mark.skipif(not may_be_pid_1(), reason="may not make pid namespaces")
def test_as_pid_1_it_ends_with_the_programs_status(foreground):
    namespace = ("unshare", "--fork", "--pid", "--mount-proc", "--kill-child")

    ended = foreground("--no-autorestart", "sh", "-c", "exit 42", before=namespace)

    assert outcome_of(ended)[0] == 42
