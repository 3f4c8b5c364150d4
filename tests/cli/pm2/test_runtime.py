import pytest

from pmdaemon.cli import parser
from pmdaemon.cli.main import run


@pytest.fixture
def ran(monkeypatch):
    """What our own `runtime` was called with."""
    calls = []

    def parse_and_run(arguments, context):
        calls.append(arguments)
        return 0

    monkeypatch.setattr(parser, "parse_and_run", parse_and_run)

    def call(*arguments):
        run(arguments, {"PATH": "/usr/bin", "HOME": "/tmp"})
        return calls[-1]

    return call


@pytest.mark.parametrize(
    ("typed", "ours"),
    [
        (["app.js"], ["runtime", "app.js"]),
        (["start", "app.js"], ["runtime", "app.js"]),
        (["app.js", "-i", "2"], ["runtime", "--instances", "2", "app.js"]),
        (["app.js", "--name", "x"], ["runtime", "--name", "x", "app.js"]),
        (["e.json", "--env", "p", "--only", "a"],
         ["runtime", "--env", "p", "--only", "a", "e.json"]),
        (["--json", "app.js", "--no-auto-exit"], ["runtime", "--json", "--no-auto-exit", "app.js"]),
        (["--format", "app.js"], ["runtime", "--prefix", "app.js"]),
        (["app.js", "--secret", "s", "--public", "p"], ["runtime", "app.js"]),
        (["app.js", "--no-autorestart", "--", "-x"],
         ["runtime", "--no-autorestart", "app.js", "--", "-x"]),
        (["app.js", "--watch"], ["runtime", "--watch=.", "app.js"]),
    ],
)  # fmt: skip
def test_options_of_pm2_runtime_are_those_of_runtime(ran, typed, ours):
    normal = [
        {"-n": "--name", "-i": "--instances"}.get(word, word) for word in ran("pm2-runtime", *typed)
    ]

    assert normal == ours


@pytest.mark.parametrize(
    ("typed", "ours"),
    [
        (["app.js"], ["--prefix", "--no-auto-exit"]),
        (["start", "app.js", "--raw", "--auto-exit"], ["--raw"]),
        (["app.js", "--timestamp", "--test-mode"], ["--prefix", "--no-auto-exit"]),
    ],
)
def test_pm2_dev_starts_a_program_anew_when_a_file_changes(ran, typed, ours):
    anew = ["--restart-delay", "1000", "--watch=."]

    words = ran("pm2-dev", *typed)

    assert (words[: len(ours) + 1], words[-1]) == (["runtime", *ours], "app.js")
    assert sorted(words[len(ours) + 1 : -1], key=words.index) in (anew, [anew[2], *anew[:2]])


def test_pm2_dev_leaves_alone_what_it_is_told_to(ran):
    words = ran("pm2-dev", "app.js", "--ignore", "*.log,tmp", "--", "--ignore", "x")

    assert [words[i + 1] for i, one in enumerate(words) if one == "--ignore-watch"] == [
        "*.log",
        "tmp",
    ]
    assert words[-4:] == ["app.js", "--", "--ignore", "x"]


def test_pm2_dev_of_a_file_is_dev(ran):
    assert ran("pm2-dev", "start", "e.json", "--env", "p") == ["dev", "--env", "p", "e.json"]


def test_what_pm2_dev_would_run_after_a_restart_is_a_hook(capsys):
    status = run(["pm2-dev", "app.js", "--post-exec", "x"], {"PATH": "/bin", "HOME": "/tmp"})

    assert status == 2
    assert "declare hooks" in capsys.readouterr().err


def test_no_daemon_is_the_foreground(ran):
    assert ran("pm2", "start", "app.js", "--no-daemon") == ["runtime", "--prefix", "app.js"]


def test_what_is_for_files_only_is_refused(capsys):
    status = run(["pm2-runtime", "app.js", "--filter-env", "X"], {"PATH": "/bin", "HOME": "/tmp"})

    assert status == 2
    assert capsys.readouterr().err == "pmdaemon: filter_env is for ecosystem files here\n"
