"""`completion`: commands and names, in the shells themselves."""

import shlex
import shutil
import subprocess

import pytest

from tests.acceptance.conftest import FOREVER
from tests.support.machine import needs
from tests.support.waiting import eventually_sync


@pytest.fixture
def command(pmdaemon):
    """Have a `pmdaemon` in the search path, as completion scripts call it."""
    words = shlex.join(pmdaemon.command())
    script = pmdaemon.script("bin/pmdaemon", f'#!/bin/sh\nexec {words} "$@"\n', mode=0o755)
    pmdaemon.environment["PATH"] = f"{script.parent}:{pmdaemon.environment['PATH']}"


def completed_by_bash(pmdaemon, *words):
    """Complete the last of these words as bash would."""
    function = "_pmdaemon_completion"
    script = f"""
        eval "$(pmdaemon completion bash)"
        COMP_WORDS=({shlex.join(words)}); COMP_CWORD={len(words) - 1}
        {function} pmdaemon; printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = pmdaemon.execute(["bash", "--norc", "-c", script])
    assert done.err == ""
    return done.out.split()


@pytest.mark.usefixtures("command")
@needs("bash")
def test_bash_completes_commands_options_and_names(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "website", "--namespace", "webshop")

    assert {"reset", "restart"} <= {*completed_by_bash(pmdaemon, "pmdaemon", "res")}
    assert "--max-restarts" in completed_by_bash(pmdaemon, "pmdaemon", "start", "--max")
    # Nobody who types waits long for a daemon that is busy.
    names = ["webshop", "website"]
    eventually_sync(lambda: completed_by_bash(pmdaemon, "pmdaemon", "stop", "we") == names)


@pytest.mark.usefixtures("command")
@needs("bash")
def test_completing_a_name_starts_no_daemon(pmdaemon):
    assert completed_by_bash(pmdaemon, "pmdaemon", "stop", "we") == []
    assert not pmdaemon.home.exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_is_one_that_it_takes(pmdaemon, shell):
    script = pmdaemon.run("completion", shell).out

    assert "_PMDAEMON_COMPLETE" in script
    if shutil.which(shell) is not None:
        subprocess.run([shell, "-n"], input=script, text=True, timeout=60, check=True)


def test_a_completion_is_installed_for_the_shell_in_use(pmdaemon):
    installed = pmdaemon.run("completion", "install", SHELL="/usr/bin/fish")

    path = pmdaemon.work / ".config/fish/completions/pmdaemon.fish"
    assert str(path) in installed.out
    assert path.read_text().strip() == pmdaemon.run("completion", "fish").out.strip()


def test_a_shell_that_is_not_known_is_refused(pmdaemon):
    assert "--help" in pmdaemon.refused("completion", "tcsh", status=2)
    assert "bash|zsh|fish" in pmdaemon.refused("completion", "install", SHELL="/bin/tcsh", status=2)
