import pytest

from pmdaemon.cli.checkout import checkout_here
from pmdaemon.cli.errors import WrongUsage
from tests.support.building import a_repository, git


@pytest.fixture
def folder(tmp_path, monkeypatch):
    a_repository(tmp_path / "shop", {"deep/a.txt": "one"})
    monkeypatch.chdir(tmp_path / "shop" / "deep")
    return tmp_path / "shop"


def test_the_checkout_around_is_found(folder):
    git(folder, "remote", "add", "origin", "https://git.test/shop")

    assert checkout_here() == {
        "path": str(folder),
        "name": "shop",
        "origin": "https://git.test/shop",
        "branch": "main",
    }


def test_one_without_a_remote_and_a_branch_is_one_as_well(folder):
    git(folder, "checkout", "--quiet", "--detach")

    assert checkout_here() == {"path": str(folder), "name": "shop"}


def test_what_is_not_committed_is_warned_of(folder, capsys):
    (folder / "deep" / "a.txt").write_text("two")

    checkout_here()

    assert "uncommitted changes are not deployed" in capsys.readouterr().err


def test_where_there_is_none_that_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(WrongUsage, match="this is not a checkout of a git repository"):
        checkout_here()


def test_without_git_that_is_said(folder, monkeypatch):
    monkeypatch.setenv("PATH", str(folder))

    with pytest.raises(WrongUsage, match="cannot run git: no such file"):
        checkout_here()
