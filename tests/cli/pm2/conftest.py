import re
from pathlib import Path

import pytest

from pmdaemon.cli.main import run
from pmdaemon.cli.pm2.places import Pm2Home
from tests.support.scripted_daemon import Answered, ScriptedDaemon
from tests.support.views import a_view


class Pm2(Answered):
    """Runs commands of PM2's against a scripted daemon, and keeps what they printed."""

    def __init__(self, folder, daemon, capsys):
        self.folder = folder
        self.daemon = daemon
        self._capsys = capsys
        self.out = ""
        self.err = ""

    def __call__(self, *arguments, **environment):
        variables = {"PM2_HOME": str(self.folder), "PATH": "/usr/bin", "HOME": str(self.folder)}
        status = run(["pm2", *arguments], {**variables, **environment})
        self.out, self.err = self._capsys.readouterr()
        return status

    @property
    def said(self):
        """The status lines, without the table."""
        return [line for line in self.out.splitlines() if not re.match("[│┌├└]", line)]


@pytest.fixture
def pm2_folder(tmp_path):
    return tmp_path / "pm2"


@pytest.fixture
def daemon(pm2_folder):
    home = Pm2Home(str(pm2_folder))
    Path(home.path).mkdir(mode=0o700, parents=True)
    with ScriptedDaemon(home.socket) as scripted:
        yield scripted


@pytest.fixture
def pm2(pm2_folder, daemon, capsys):
    return Pm2(pm2_folder, daemon, capsys)


@pytest.fixture
def pm2_without_daemon(pm2_folder, capsys):
    return Pm2(pm2_folder, None, capsys)


@pytest.fixture
def web():
    return a_view("web", detail=True)
