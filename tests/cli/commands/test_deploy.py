import json
import os
import subprocess

import pytest

ENVIRONMENT = {"PATH": os.environ["PATH"]}


@pytest.fixture
def file(folder, tmp_path):
    def git(*arguments, cwd=folder):
        own = ["git", "-c", "user.email=a@b", "-c", "user.name=a"]
        subprocess.run([*own, *arguments], cwd=cwd, check=True, capture_output=True)

    section = {
        "host": "localhost", "repo": str(tmp_path / "repo"), "ref": "origin/main",
        "path": str(tmp_path / "srv"), "post-deploy": "cp file ../deployed",
    }  # fmt: skip
    (folder / "ecosystem.json").write_text(
        json.dumps({"apps": [{"script": "a"}], "deploy": {"prod": section}})
    )
    (folder / "file").write_text("1")
    git("init", "-q", "--bare", "-b", "main", str(tmp_path / "repo"), cwd=tmp_path)
    git("init", "-q", "-b", "main")
    git("remote", "add", "origin", section["repo"])
    git("add", "file")
    git("commit", "-qm", "1")
    git("push", "-qu", "origin", "main")
    return section


def test_an_environment_is_set_up_and_deployed(cli_without_daemon, file, tmp_path):
    cli = cli_without_daemon

    assert cli("deploy", "prod", "setup", **ENVIRONMENT) == 0
    assert cli("deploy", "ecosystem.json", "prod", **ENVIRONMENT) == 0
    assert cli.out == "--> update prod on localhost\n--> Success\n"
    assert (tmp_path / "srv" / "deployed").read_text() == "1"


def test_what_is_not_committed_is_not_deployed(cli_without_daemon, file, folder):
    cli = cli_without_daemon
    (folder / "file").write_text("2")

    assert cli("deploy", "prod", **ENVIRONMENT) == 1
    assert "not committed" in cli.err


def test_what_fails_is_said(cli_without_daemon, file):
    cli = cli_without_daemon

    assert cli("deploy", "prod", "curr", **ENVIRONMENT) == 1
    assert cli.err.endswith("pmdaemon: deploy failed: curr on localhost ended with 1\n")


@pytest.mark.parametrize(
    "words",
    [["nope"], ["prod", "nonsense"], ["prod", "revert", "x"], ["prod", "ref", "--x"],
     ["prod", "exec"], ["ecosystem.json"]],
)  # fmt: skip
def test_what_means_nothing_is_refused(cli_without_daemon, file, words):
    assert cli_without_daemon("deploy", *words, **ENVIRONMENT) == 2
    assert cli_without_daemon.out == ""


def test_a_folder_without_a_file_is_refused(cli_without_daemon, folder):
    assert cli_without_daemon("deploy", "prod") == 2
