import json
from pathlib import Path

import pytest

from pmdaemon.cli.main import run
from pmdaemon.config.paths import Home
from tests.support.scripted_daemon import Answered, ScriptedDaemon


class CommandLine(Answered):
    """Runs commands against a scripted daemon, and keeps what they printed."""

    def __init__(self, home, daemon, capsys):
        self.home = home
        self.daemon = daemon
        self.environment = {"PMDAEMON_HOME": home.path, "PATH": "/usr/bin", "HOME": home.path}
        self._capsys = capsys
        self.out = ""
        self.err = ""

    def __call__(self, *arguments, **environment):
        status = run(arguments, {**self.environment, **environment})
        self.out, self.err = self._capsys.readouterr()
        return status

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return Home(str(folder))


@pytest.fixture
def daemon(home):
    with ScriptedDaemon(home.socket) as scripted:
        yield scripted


@pytest.fixture
def cli(home, daemon, capsys):
    return CommandLine(home, daemon, capsys)


@pytest.fixture
def cli_without_daemon(home, capsys):
    return CommandLine(home, None, capsys)


@pytest.fixture
def cli_that_keeps(cli_without_daemon):
    """A home in which two values are kept by name."""
    cli_without_daemon("multiset", "plain 1 other 2")
    return cli_without_daemon


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A current directory of the test's own."""
    path = Path(tmp_path, "work")
    path.mkdir()
    monkeypatch.chdir(path)
    return path


@pytest.fixture
def file(folder):
    """A file that declares two apps."""
    path = folder / "eco.json"
    path.write_text('[{"name": "web", "script": "a.js"}, {"name": "api", "script": "b.js"}]')
    return str(path)
