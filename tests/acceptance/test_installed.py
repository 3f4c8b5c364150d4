"""The package as it is installed: the wheel, the command, and what it needs of its files."""

import shutil
import site
import subprocess
import sys
import sysconfig
import venv
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.acceptance.conftest import FOREVER
from tests.support.cli import ROOT, CommandLine
from tests.support.running import command_line, environment_of

SOURCES = ("pmdaemon", "share", "setup.cfg", "pyproject.toml", "README.md", "LICENSE")


class Installed(CommandLine):
    """The command that an installation put into a folder of programs."""

    def __init__(self, home, work, program):
        super().__init__(home, work)
        self.program = program
        del self.environment["PYTHONPATH"]

    def command(self, *arguments):
        return [str(self.program), *arguments]


@pytest.fixture
def installed(tmp_path):
    """Install a wheel into an environment of its own, which borrows what we depend on."""
    if find_spec("pip") is None:
        pytest.skip("pip is not there")
    source = tmp_path / "source"
    source.mkdir()
    for name in SOURCES:
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(path, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif path.exists():
            shutil.copy(path, source)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-cache-dir"]
    wheels = tmp_path / "wheels"
    if "Could not find" in (said := run([*pip, "wheel", "--no-deps", "-w", wheels, source])):
        pytest.skip(f"what builds a wheel cannot be had here: {said}")
    [wheel] = wheels.iterdir()
    environment = tmp_path / "venv"
    venv.create(environment, symlinks=True)
    python = environment / "bin" / "python"
    run([*pip, "--python", python, "install", "--no-deps", "--no-index", wheel])
    borrowed = "\n".join({sysconfig.get_path("purelib"), *site.getsitepackages()})
    [packages] = environment.glob("lib/python*/site-packages")
    (packages / "borrowed.pth").write_text(borrowed + "\n")
    work = tmp_path / "work"
    work.mkdir()
    pmdaemon = Installed(tmp_path / "home", work, environment / "bin" / "pmdaemon")
    try:
        yield pmdaemon
    finally:
        pmdaemon.close()


def run(words):
    """Run a command, and return what it complained of; only want of the network may fail it."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0 or "Could not find" in done.stderr, done.stderr
    return done.stderr


INSTALLED_BESIDE = (
    "man/man1/pmdaemon.1",
    "bash-completion/completions/pmdaemon",
    "zsh/site-functions/_pmdaemon",
    "fish/vendor_completions.d/pmdaemon.fish",
)
"""What `man` and shells look for, below `share`."""


def test_the_installed_command_works(installed):
    share = installed.program.parents[1] / "share"
    assert [name for name in INSTALLED_BESIDE if not (share / name).exists()] == []
    version = installed.run("--version").out.strip()

    installed.run("start", FOREVER, "--name", "app")
    # A module of the user's with the name of one of the library's is not what the daemon loads.
    installed.script("json.py", "raise SystemExit('not me')\n")
    installed.kill_daemon()
    installed.run("update")

    assert version == installed.run("ping", "--json").json["version"]
    assert command_line(installed.pid("app"))[1] == "1000"
    assert Path(command_line(installed.keeper)[0]).parent == installed.program.parent
    assert "PYTHONPATH" not in environment_of(installed.daemon)
