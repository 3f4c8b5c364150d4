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


def test_no_daemon_is_the_foreground(ran):
    assert ran("pm2", "start", "app.js", "--no-daemon") == ["runtime", "--prefix", "app.js"]


def test_what_is_for_files_only_is_refused(capsys):
    status = run(["pm2-runtime", "app.js", "--error", "x"], {"PATH": "/bin", "HOME": "/tmp"})

    assert status == 2
    assert capsys.readouterr().err == "pmdaemon: error_file is for ecosystem files here\n"
