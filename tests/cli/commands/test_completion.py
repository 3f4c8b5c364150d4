import subprocess

import pytest

from tests.support.machine import needs
from tests.support.views import a_view


@pytest.fixture
def completed(cli, monkeypatch):
    """Do what bash does at a tab: the words go through the environment."""

    def complete(words, index):
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", index)
        assert cli(_PMDAEMON_COMPLETE="bash_complete") == 0
        return [line.partition(",")[2] for line in cli.out.splitlines()]

    return complete


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(cli, shell):
    assert cli("completion", shell) == 0
    assert "_PMDAEMON_COMPLETE" in cli.out


@needs("bash")
def test_the_script_for_bash_is_good_bash(cli):
    cli("completion", "bash")

    subprocess.run(["bash", "-n"], input=cli.out, text=True, check=True)


def test_commands_are_completed(completed):
    assert completed("pmdaemon re", "1") == [
        "restart", "reload", "requests", "reset", "resurrect", "reloadLogs", "report",
    ]  # fmt: skip


def test_names_are_completed(cli, completed):
    cli.lists(a_view("web"), a_view("worker"))

    assert completed("pmdaemon stop w", "2") == ["web", "worker"]


def test_the_list_is_not_printed_instead(completed):
    assert completed("pmdaemon list", "1") == ["list"]


def test_an_unknown_shell_is_refused(cli):
    assert cli("completion", "csh") == 2
    assert cli("completion", "bash", "zsh") == 2


def test_it_is_installed_for_the_shell_in_use(cli, tmp_path):
    assert cli("completion", "install", SHELL="/usr/bin/fish", HOME=str(tmp_path)) == 0

    path = tmp_path / ".config/fish/completions/pmdaemon.fish"
    assert "_PMDAEMON_COMPLETE" in path.read_text()
    assert str(path) in cli.out


def test_it_is_installed_where_bash_looks(cli, tmp_path):
    data = tmp_path / "data"

    assert cli("completion", "install", "bash", XDG_DATA_HOME=str(data)) == 0

    assert (data / "bash-completion/completions/pmdaemon").exists()


def test_a_link_that_leads_nowhere_is_replaced(cli, tmp_path):
    path = tmp_path / "bash-completion/completions/pmdaemon"
    path.parent.mkdir(parents=True)
    path.symlink_to(tmp_path / "gone/pmdaemon")

    assert cli("completion", "install", "bash", XDG_DATA_HOME=str(tmp_path)) == 0

    assert "_PMDAEMON_COMPLETE" in path.read_text()


def test_it_is_installed_for_zsh_once(cli, tmp_path):
    (tmp_path / ".zshrc").write_text("alias x=y")

    for _ in range(2):
        assert cli("completion", "install", "zsh", HOME=str(tmp_path)) == 0

    alias, line = (tmp_path / ".zshrc").read_text().splitlines()
    assert alias == "alias x=y"
    assert line.endswith('eval "$(pmdaemon completion zsh)"')


@needs("zsh")
def test_it_works_in_a_zsh_that_completes_nothing_else(cli, tmp_path):
    cli("completion", "install", "zsh", ZDOTDIR=str(tmp_path))
    cli("completion", "zsh")
    (tmp_path / "pmdaemon").write_text(f"#!/bin/sh\ncat <<'END'\n{cli.out}\nEND\n")
    (tmp_path / "pmdaemon").chmod(0o755)

    shell = subprocess.run(
        ["zsh", "-ic", "echo $_comps[pmdaemon]"],
        env={"ZDOTDIR": str(tmp_path), "HOME": str(tmp_path), "PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert (shell.stdout, shell.stderr) == ("_pmdaemon_completion\n", "")


def test_bash_without_bash_completion_is_thought_of(cli, tmp_path):
    cli("completion", "install", "bash", XDG_DATA_HOME=str(tmp_path))

    assert 'eval "$(pmdaemon completion bash)"' in cli.out


def test_without_a_shell_that_is_known_it_asks(cli):
    assert cli("completion", "install", SHELL="/bin/csh") == 2
    assert "completion install bash|zsh|fish" in cli.err


def test_a_folder_that_cannot_be_written_is_said(cli, tmp_path):
    (tmp_path / "file").touch()

    assert cli("completion", "install", "bash", XDG_DATA_HOME=str(tmp_path / "file")) == 1
    assert cli.err.startswith("pmdaemon: cannot write ")


def test_zsh_is_set_up_in_a_file_of_any_encoding(cli, tmp_path):
    file = tmp_path / ".zshrc"
    file.write_bytes(b"# caf\xe9")

    assert cli("completion", "install", "zsh", ZDOTDIR=str(tmp_path)) == 0
    written = file.read_bytes()
    assert cli("completion", "install", "zsh", ZDOTDIR=str(tmp_path)) == 0

    assert written.startswith(b"# caf\xe9\n((")
    assert file.read_bytes() == written  # the line is not added twice
