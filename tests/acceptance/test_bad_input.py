"""What cannot be: one sentence, a status, and nothing half done.

All of these are tried beside a program that runs, in one home, and must leave both as they are.
"""

import os
import shlex
from collections.abc import Iterator

import pytest

from tests.acceptance.conftest import FOREVER
from tests.support.cli import CommandLine, a_home, an_ordinary_users_home
from tests.support.running import command_line
from tests.support.waiting import eventually_sync


@pytest.fixture(scope="module")
def pmdaemon(tmp_path_factory) -> Iterator[CommandLine]:
    with a_home(tmp_path_factory.mktemp("bad")) as pmdaemon:
        pmdaemon.run("start", FOREVER, "--name", "witness")
        pmdaemon.script("plain.txt", "no program")
        pmdaemon.script("folder/app.py", "")
        pmdaemon.script("broken.json", '{"apps": [')
        pmdaemon.script("broken.toml", "[[apps]\nname =")
        pmdaemon.script("five.json", '{"apps": 5}')
        pmdaemon.script("binary.json", "").write_bytes(b"\xff\xfe\0")
        pmdaemon.script("deep.json", "[" * 100_000)
        pmdaemon.script(
            "twins.json", '[{"name": "a", "script": "sleep 9"}, {"name": "a", "script": "sleep 9"}]'
        )
        pmdaemon.script("typed.json", '[{"name": 5, "script": "sleep 9"}]')
        pmdaemon.script("bomb.yaml", BOMB)
        with pmdaemon.script("huge.toml", "").open("wb") as file:
            file.truncate(100 * 1024**2)
        pmdaemon.script("endless.yaml", "apps: &a [*a]")
        pmdaemon.script(
            "ports.toml",
            "".join(f"[[apps]]\nname='{name}'\nscript='sleep 9'\nport=3999\n" for name in "ab"),
        )
        pmdaemon.script("object.yaml", "apps:\n- script: sleep 9\n  env: {A: {b: c}}\n")
        pmdaemon.script("circle.yaml", "- {name: a, script: sleep 9, depends_on: a}\n")
        pmdaemon.script("unset.toml", "script = 'sleep'\nargs = ['${NO_SUCH_VARIABLE}']\n")
        pmdaemon.script("throws.config.cjs", "throw new Error('no luck')")
        before = facts(pmdaemon)
        yield pmdaemon
        assert facts(pmdaemon) == before


def facts(pmdaemon):
    listed = [(one["name"], one["pid"], one["restarts"]) for one in pmdaemon.list()]
    files = {path.name for path in pmdaemon.home.rglob("*") if path.is_file()}
    # The lock of who is to be the next daemon, and the key for a web side that others can reach:
    # both are made once, and stay for the next time.
    return listed, files - {"daemon.next", "api-key"}


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "\n".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)

USAGE = 2
NOT_FOUND = 3

COMMAND_LINES = [
    ("strat app", USAGE, "no such command: strat; did you mean start?"),
    ("xyzzy", USAGE, "no such command: xyzzy; see pmdaemon --help"),
    ("--frob", USAGE, "no such option: --frob"),
    ("stop", USAGE, "missing argument 'SELECTOR...'; see pmdaemon stop --help"),
    ("start sleep --nmae x", USAGE, "no such option: --nmae; did you mean --name?"),
    ("start sleep --name", USAGE, "'--name' requires an argument"),
    ("list extra", USAGE, "extra"),
    ("logs --lines x", USAGE, "--lines"),
    ("stop wittness", NOT_FOUND, "did you mean witness?"),
    ("restart 99", NOT_FOUND, "is called 99"),
    ("delete witness:7", NOT_FOUND, "is called witness:7"),
    ("stop -- -1", NOT_FOUND, "is called -1"),
    ("stop /nothing-like-it/", NOT_FOUND, "/nothing-like-it/"),
    ("stop /(/", USAGE, "not a usable regular expression"),
    ("stop /(a+)+b/", USAGE, "it repeats too much"),
    ("start nowhere.py", USAGE, "cannot run nowhere.py: no such file or program"),
    ("start ./plain.txt", USAGE, "cannot run ./plain.txt: it is not executable"),
    ("start ./folder", USAGE, "cannot run ./folder: it is a folder"),
    ("start nowhere.toml", USAGE, "no such file: nowhere.toml"),
    ("start broken.json", USAGE, "cannot use broken.json: "),
    ("start broken.toml", USAGE, "cannot use broken.toml: "),
    ("start five.json", USAGE, "a list of apps was expected"),
    ("start binary.json", USAGE, "cannot use binary.json: "),
    ("start deep.json", USAGE, "cannot use deep.json: "),
    ("start twins.json", USAGE, "is already the name of apps[0]"),
    ("start typed.json", USAGE, "cannot use typed.json: apps[0].name: "),
    ("start bomb.yaml", USAGE, "cannot use bomb.yaml: there are more than 250000 values in it"),
    ("start endless.yaml", USAGE, "cannot use endless.yaml: found unconstructable recursive node"),
    ("start huge.toml", USAGE, "cannot use huge.toml: it is larger than 10 MB"),
    ("start ports.toml", USAGE, "apps[1].port: 3999 is already a TCP port of apps[0] (a)"),
    ("start object.yaml", USAGE, "apps[0].env: A is not text, a number or a boolean"),
    ("start circle.yaml", USAGE, "apps[0].depends_on: a circle: a needs a"),
    ("start unset.toml", USAGE, "apps[0].args: NO_SUCH_VARIABLE is not set, and has no default"),
    ("apply nowhere.toml", USAGE, "no such file: nowhere.toml"),
    ("apply twins.json --only a --prune", USAGE, "--prune needs the whole file"),
    ("validate five.json", USAGE, "a list of apps was expected"),
    ("stop twins.json --only b", USAGE, "there is no app b in twins.json (but a, a)"),
    ("restart witness --env production", USAGE, "--env is for ecosystem files"),
    ("delete witness --only a", USAGE, "--only is for ecosystem files"),
    ("init wrong", USAGE, "init takes the word simple, or nothing, not wrong"),
    ("start folder/app.py --only a", USAGE, "--only is for ecosystem files"),
    ("start five.json --name x", USAGE, "--name cannot be used with an ecosystem file"),
    ("start sleep --cwd nowhere", USAGE, "no such folder"),
    ("start sleep --cwd plain.txt", USAGE, "it is not a folder"),
    ("start sleep --port 99999", USAGE, "not a TCP port: 99999 (1 to 65535)"),
    ("start sleep --port 0", USAGE, "not a TCP port: 0"),
    ("start sleep --port http", USAGE, "not a TCP port: http"),
    ("start sleep --port 20-10", USAGE, "20-10"),
    ("start sleep --max-memory 1X", USAGE, "not a size: 1X"),
    ("start sleep --max-memory -1M", USAGE, "not a size: -1M"),
    ("start sleep --instances two", USAGE, "not a number of instances"),
    ("start sleep --instances 100000", USAGE, "at most 1000"),
    ("start sleep --restart-delay soon", USAGE, "not a duration: soon"),
    ("start sleep --kill-timeout -3", USAGE, "not a duration: -3"),
    ("start sleep --stop-signal SIGFROB", USAGE, "not a signal"),
    ("start sleep --max-restarts many", USAGE, "not a whole number"),
    ("start sleep --interpreter nowhere", USAGE, "no such interpreter: nowhere"),
    ("start sleep --env =x", USAGE, "--env wants KEY=VALUE"),
    ("web --port 99999", USAGE, "--port"),
    (
        "web --api-key a --api-key-file b",
        USAGE,
        "only one of --api-key and --api-key-file can be used",
    ),
    ("web --api-key-file nowhere --detach", USAGE, "cannot read the key in nowhere"),
    ("web --host 999.1.1.1 --detach", 1, "cannot listen on 999.1.1.1"),
    ("completion powershell", USAGE, "powershell"),
    (f"list {'x' * 5000}", USAGE, f"argument ({'x' * 79}…; see pmdaemon list --help"),
    (f"serve {'x' * 5000}", USAGE, "file name too long"),
    ("import supervisor --from ~nobody-of-that-name", USAGE, "~nobody-of-that-name: no "),
]


@pytest.mark.parametrize(
    ("line", "status", "expected"), COMMAND_LINES, ids=[line[:60] for line, *_ in COMMAND_LINES]
)
def test_a_wrong_command_line_is_told_what_is_wrong(pmdaemon, line, status, expected):
    assert expected in pmdaemon.refused(*line.split(" "), status=status)


NAMES = [
    "../../etc/passwd", "..", ".", "/etc", "a/", "a\nb", "a\tb", "\x1b[31mred", "\x7f",
    "x" * 10_000, "", " ", " a", "all", "-v", "\u202ecod.exe", os.fsdecode(b"\xff"),
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=[ascii(name[:20]) for name in NAMES])
def test_a_name_that_cannot_be_is_refused(pmdaemon, name):
    sentence = pmdaemon.refused("start", FOREVER, f"--name={name}", status=USAGE)

    assert sentence.startswith("not a usable name: ")
    assert sentence.isprintable()
    assert len(sentence) < 200


def test_a_namespace_is_named_by_the_same_rules(pmdaemon):
    sentence = pmdaemon.refused("start", FOREVER, "--namespace", "../x", status=USAGE)

    assert sentence.startswith("not a usable namespace: ../x ")


NAMES_THAT_WORK = ["a/b", "a..b", "..a", "🚀", "日本", "%2e%2e", "a b", "~", "x" * 128, "é" * 128]


def test_unusual_names_work_and_stay_within_the_logs_folder(tmp_path):
    with a_home(tmp_path) as pmdaemon:
        for name in NAMES_THAT_WORK:
            pmdaemon.run("start", "echo hello; exec sleep 1000", "--name", name)

        listed = pmdaemon.list()
        files = {one["out_file"] for one in listed}
        assert [one["name"] for one in listed] == NAMES_THAT_WORK
        assert {os.path.dirname(file) for file in files} == {str(pmdaemon.home / "logs")}
        assert len(files) == len(NAMES_THAT_WORK)
        for name in NAMES_THAT_WORK:
            pmdaemon.run("delete", name)


def test_an_empty_command_is_refused(pmdaemon):
    sentence = "nothing to start: its command, script or name is empty"
    assert pmdaemon.refused("start", "", status=USAGE) == sentence
    assert pmdaemon.refused("start", "sleep 'one", status=USAGE).startswith("cannot read the com")
    assert "nothing is named" in pmdaemon.refused("start", status=USAGE)


def test_a_selector_may_be_as_long_as_one_likes(pmdaemon):
    sentence = pmdaemon.refused("stop", "x" * 100_000, status=NOT_FOUND)

    assert len(sentence) < 200


def test_the_help_is_shown_for_no_command_and_is_a_mistake(pmdaemon):
    outcome = pmdaemon.run(status=USAGE)

    assert outcome.out == ""
    assert outcome.err.startswith("Usage: pmdaemon ")
    assert pmdaemon.run("--help").out == outcome.err


def test_a_folder_that_may_not_be_read_is_refused(tmp_path):
    with an_ordinary_users_home(tmp_path) as pmdaemon:
        folder = pmdaemon.work / "secret"
        folder.mkdir(mode=0o000)

        sentence = pmdaemon.refused("start", FOREVER, "--cwd", "secret", status=USAGE)

        folder.chmod(0o700)
        assert sentence.startswith("cannot run in /")
        assert sentence.endswith(": permission denied")
        assert pmdaemon.list() == []


def test_a_folder_that_is_gone_is_no_place_to_start_from(pmdaemon):
    words = shlex.join(pmdaemon.command("start", FOREVER))

    done = pmdaemon.execute(
        ["sh", "-c", f"mkdir gone; cd gone; rmdir ../gone; {words}"], status=USAGE
    )

    assert done.err == "pmdaemon: cannot use the current directory: no such file or directory\n"


def test_a_program_that_has_vanished_is_missed_when_it_is_to_start_again(tmp_path):
    with a_home(tmp_path) as pmdaemon:
        script = pmdaemon.script("app", "#!/bin/sh\nexec sleep 1000\n", mode=0o755)
        pmdaemon.run("start", "./app")
        # By then the shell has read it.
        eventually_sync(lambda: command_line(pmdaemon.pid("app")) == ["sleep", "1000"])
        script.unlink()

        sentence = pmdaemon.refused("restart", "app", status=1)

        assert sentence.startswith(f"cannot start app: cannot run {script}: ")
        assert pmdaemon.process("app")["state"] == "errored"
        assert pmdaemon.process("app")["reason"] in sentence
