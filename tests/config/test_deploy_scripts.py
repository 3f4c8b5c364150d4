import subprocess

import pytest
from msgspec.structs import replace

from pmdaemon.config import deploy_scripts as scripts
from pmdaemon.config.deploy_section import Destination


@pytest.fixture
def git(tmp_path):
    work = tmp_path / "work"

    def call(*arguments):
        command = ["git", "-c", "user.email=a@b", "-c", "user.name=a", *arguments]
        return subprocess.run(command, cwd=work, check=True, capture_output=True, text=True).stdout

    work.mkdir()
    call("init", "-q", "-b", "main")
    return call


@pytest.fixture
def to(tmp_path, git):
    work = tmp_path / "work"
    for text in ("1", "2"):
        (work / "file").write_text(text)
        git("add", "file")
        git("commit", "-qm", text)
    return Destination("prod", ("localhost",), str(work), str(tmp_path / "a b"), "origin/main")


def run(script, status=0):
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == status, done
    return done.stdout.strip() if status == 0 else done.stderr.strip().splitlines()[-1]


def test_a_deploy_has_the_files_of_a_commit_and_runs_what_comes_after(to, git, tmp_path):
    to = replace(to, env={"MODE": "it's"}, hooks={"post_setup": "pwd", "pre_deploy": "echo before"})

    assert run(scripts.setup(to, "")) == f"{to.path}/source"
    assert run(scripts.update(to, 'cat file; echo " $MODE"')) == "before\n2 it's"

    (tmp_path / "work" / "file").write_text("3")
    git("commit", "-qam", "3")
    assert run(scripts.update(to, "cat file")) == "before\n3"
    assert run(scripts.execute(to, "cat ../current/file")) == "3"


def test_a_path_may_be_in_the_home_of_the_user_there(to, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    to = replace(to, path="~/it's here")

    run(scripts.setup(to, ""))

    assert run(scripts.execute(to, "pwd")) == f"{tmp_path}/it's here/source"


def test_going_back_and_what_was_deployed(to, git, tmp_path):
    run(scripts.setup(to, ""))
    run(scripts.update(to, ":"))
    (tmp_path / "work" / "file").write_text("3")
    git("commit", "-qam", "3")
    run(scripts.update(to, ":"))
    first, second = run(scripts.tell(to, "list")).splitlines()

    assert run(scripts.tell(to, "curr")) == second
    assert run(scripts.tell(to, "prev")) == first
    assert run(scripts.revert(to, "cat file", 1)) == "2"
    assert run(scripts.tell(to, "curr")) == first
    assert run(scripts.revert(to, ":", 9), status=1) == "there are not 9 deploys before this one"


def test_a_commit_of_its_own(to):
    run(scripts.setup(replace(to, shallow=True), ""))

    assert run(scripts.update(to, "cat file", ref="origin/main~1")) == "1"


def test_what_is_not_set_up_or_is_set_up_twice_is_refused(to):
    assert "run deploy setup first" in run(scripts.update(to, ""), status=1)

    run(scripts.setup(to, ""))
    assert run(scripts.setup(to, ""), status=1).endswith("/source is there already")


def test_a_hook_that_fails_ends_it(to):
    run(scripts.setup(to, ""))

    run(scripts.update(replace(to, hooks={"pre_deploy": "echo no >&2; false"}), ":"), status=1)
