"""Most of it with a real server, and git between."""

import os
import shutil

import pytest

from pmdaemon.adapters.git import GitRepositories
from pmdaemon.adapters.git_ssh import complaint, ssh_command
from pmdaemon.core.deploy_limits import DeployLimits
from pmdaemon.engine.interfaces.deploying import FetchFailed, FetchOrder
from tests.support.building import a_commit, a_repository, building
from tests.support.sshd import an_ssh_server, make_key

pytestmark = [pytest.mark.posix, pytest.mark.slow]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with an_ssh_server(tmp_path_factory.mktemp("ssh") / "server") as server:
        yield server


@pytest.fixture
async def repositories(tmp_path):
    async with building() as commands:
        where = {"PATH": os.environ["PATH"]}
        yield GitRepositories(tmp_path / "projects", commands, where, DeployLimits)


@pytest.fixture
def origin(tmp_path):
    folder = tmp_path / "origin"
    a_repository(folder, {"a.txt": "one"})
    return folder


def an_order(url):
    return FetchOrder(project_id="p1", name="build-1", repo_url=url, branch="main", trusted=True)


KEY = "projects/p1/deploy_key"


def test_ssh_asks_nothing_and_uses_no_key_but_that_of_the_project(tmp_path):
    theirs = ssh_command(tmp_path, trusted=False)

    assert "BatchMode=yes" in theirs
    assert "-F none" in theirs
    assert f"IdentitiesOnly=yes -o IdentityAgent=none -i '{tmp_path}/deploy_key'" in theirs
    assert "IdentitiesOnly" not in ssh_command(tmp_path, trusted=True)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (["ssh: Could not resolve hostname x: Name or service not known", "fatal: no"],
         "Could not resolve hostname x: name or service not known"),
        (["git@h: Permission denied (publickey).", "fatal: no"],
         f"the server lets in nobody without a key (put one at {KEY} below the home)"),
        (['Load key "/k": error in libcrypto', "git@h: Permission denied (publickey)."],
         f"{KEY} below the home is no private key that could be read"),
        (["fatal: repository not found"], None),
    ],
)  # fmt: skip
def test_what_ssh_says_is_told_as_what_to_do_about_it(tmp_path, said, reason):
    assert complaint(tmp_path / "p1", said) == reason


async def give_key(repositories, key):
    folder = (await repositories.prepare("p1")).parent
    shutil.copy(key, folder / "deploy_key")
    (folder / "deploy_key").chmod(0o600)
    return folder


async def test_the_key_of_a_project_opens_its_repository(repositories, server, origin):
    folder = await give_key(repositories, server.user_key)

    commit = await repositories.fetch(an_order(server.url(origin)), lambda _: None)

    assert commit.message == "First"
    assert f"[127.0.0.1]:{server.port} " in (folder / "known_hosts").read_text()
    latest = a_commit(origin, {"a.txt": "two"}, "Second")
    again = await repositories.fetch(an_order(server.url(origin)), lambda _: None)
    assert again.sha == latest


async def test_another_key_does_not_and_that_is_said(repositories, server, origin, tmp_path):
    await give_key(repositories, make_key(tmp_path / "other"))

    with pytest.raises(FetchFailed) as failed:
        await repositories.fetch(an_order(server.url(origin)), lambda _: None)

    assert failed.value.message == (
        f"cannot fetch {server.url(origin)}: the server does not let in who has this key"
        " (projects/p1/deploy_key below the home)"
    )


async def test_a_key_that_others_may_read_is_said_to_be_one(repositories, server, origin):
    folder = await give_key(repositories, server.user_key)
    (folder / "deploy_key").chmod(0o644)

    with pytest.raises(FetchFailed, match="projects/p1/deploy_key below the home may be read"):
        await repositories.fetch(an_order(server.url(origin)), lambda _: None)


async def test_a_server_that_is_another_than_before_is_not_believed(repositories, server, origin):
    await give_key(repositories, server.user_key)
    await repositories.fetch(an_order(server.url(origin)), lambda _: None)
    server.start()

    with pytest.raises(FetchFailed) as failed:
        await repositories.fetch(an_order(server.url(origin)), lambda _: None)

    assert "its host key is another than it was" in failed.value.message
    assert "projects/p1/known_hosts" in failed.value.message


async def test_where_nobody_listens_that_is_said(repositories, server, origin):
    await give_key(repositories, server.user_key)
    url = server.url(origin).replace(f":{server.port}", ":1")

    with pytest.raises(FetchFailed, match="connection refused"):
        await repositories.fetch(an_order(url), lambda _: None)
