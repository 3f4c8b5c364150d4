import base64
import os
import subprocess

import pytest

from pmdaemon.adapters import git as module
from pmdaemon.adapters.git import GitRepositories
from pmdaemon.core.deploy_limits import DeployLimits
from pmdaemon.engine.interfaces.deploying import CannotRelease, FetchFailed, FetchOrder
from tests.support.building import GIT_ENVIRONMENT, a_commit, a_repository, building, git
from tests.support.serving import a_server

pytestmark = pytest.mark.posix


@pytest.fixture
def limits():
    return {}


@pytest.fixture
async def repositories(tmp_path, limits):
    async with building() as commands:
        where = {"PATH": os.environ["PATH"]}
        yield GitRepositories(
            tmp_path / "projects", commands, where, lambda: DeployLimits(**limits)
        )


@pytest.fixture
def origin(tmp_path):
    folder = tmp_path / "origin"
    a_repository(folder, {"a.txt": "one"})
    return folder


def an_order(origin, **changes):
    given = {
        "project_id": "p1",
        "name": "build-1",
        "repo_url": f"file://{origin}",
        "branch": "main",
        "trusted": True,
    }
    return FetchOrder(**{**given, **changes})


def said(line):
    del line


async def test_the_latest_of_a_branch_is_fetched(repositories, origin):
    latest = a_commit(origin, {"a.txt": "two"}, "Second: more")
    lines = []

    commit = await repositories.fetch(an_order(origin), lines.append)

    assert (commit.sha, commit.message) == (latest, "Second: more")
    assert lines == []  # what git says about itself is not worth telling


async def test_what_is_new_is_fetched_the_next_time(repositories, origin):
    await repositories.fetch(an_order(origin), said)
    latest = a_commit(origin, {"a.txt": "two"}, "Second")

    assert (await repositories.fetch(an_order(origin), said)).sha == latest


async def test_a_branch_that_was_rewritten_is_taken_as_it_is(repositories, origin):
    await repositories.fetch(an_order(origin), said)
    git(origin, "commit", "--quiet", "--amend", "--message", "Other")

    assert (await repositories.fetch(an_order(origin), said)).message == "Other"


async def test_a_commit_by_a_short_name(repositories, origin):
    first = git(origin, "rev-parse", "HEAD")
    a_commit(origin, {"a.txt": "two"}, "Second")
    await repositories.fetch(an_order(origin), said)

    assert (await repositories.fetch(an_order(origin, sha=first[:7]), said)).sha == first


async def test_a_commit_that_is_here_needs_no_network(repositories, origin):
    first = (await repositories.fetch(an_order(origin), said)).sha
    origin.rename(origin.with_name("gone"))

    assert (await repositories.fetch(an_order(origin, sha=first), said)).sha == first


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"branch": "nothing"}, "couldn't find remote ref refs/heads/nothing"),
        ({"sha": "abcdef1"}, "there is no commit abcdef1"),
        ({"repo_url": "file:///nonexistent/repo"}, "does not appear to be a git repository"),
        ({"trusted": False}, "transport 'file' not allowed"),
    ],
)
async def test_what_cannot_be_fetched_says_why(repositories, origin, changes, reason):
    with pytest.raises(FetchFailed) as failed:
        await repositories.fetch(an_order(origin, **changes), said)

    assert reason in failed.value.message


@pytest.mark.parametrize(
    "url", ["ext::sh -c touch% /tmp/x", "git://127.0.0.1/x", "--upload-pack=touch x", "fd::17"]
)
async def test_git_itself_refuses_what_should_never_get_to_it(repositories, origin, url):
    with pytest.raises(FetchFailed):
        await repositories.fetch(an_order(origin, repo_url=url), said)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x", "https://localhost:1/x", "ssh://[::1]/x"])
async def test_who_is_not_trusted_does_not_reach_this_machine(repositories, origin, url):
    with pytest.raises(FetchFailed, match="at an address of this machine alone"):
        await repositories.fetch(an_order(origin, repo_url=url, trusted=False), said)


async def test_a_repository_that_is_too_large_is_not_kept(repositories, origin, limits):
    limits.update(repository=10)

    with pytest.raises(FetchFailed, match="it is larger than 10 B"):
        await repositories.fetch(an_order(origin), said)

    assert not repositories.path("p1").exists()


async def test_files_are_written_into_a_folder_of_their_own(repositories, origin, tmp_path):
    sha = a_commit(origin, {"run.sh": "#!/bin/sh\n", "deep/er/x": "y"}, "More")
    os.chmod(origin / "run.sh", 0o755)
    sha = a_commit(origin, {}, "Mode")
    await repositories.fetch(an_order(origin), said)
    folder = tmp_path / "releases" / "1"

    await repositories.check_out("p1", sha, str(folder), said, name="build-1")

    assert (folder / "deep" / "er" / "x").read_text() == "y"
    assert os.access(folder / "run.sh", os.X_OK)
    assert sorted(os.listdir(folder)) == ["a.txt", "deep", "run.sh"]


async def test_several_commits_can_be_checked_out(repositories, origin, tmp_path):
    first = (await repositories.fetch(an_order(origin), said)).sha
    a_commit(origin, {"a.txt": "two"}, "Second")
    second = (await repositories.fetch(an_order(origin), said)).sha
    for number, sha in enumerate((first, second)):
        await repositories.check_out("p1", sha, str(tmp_path / str(number)), said, name="b")

    assert [(tmp_path / n / "a.txt").read_text() for n in "01"] == ["one", "two"]


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../x", "inside/../../out"])
async def test_a_link_that_leads_out_is_refused(repositories, origin, tmp_path, target):
    (origin / "inside").mkdir()
    (origin / "link").symlink_to(target)
    sha = a_commit(origin, {"inside/x": "y"}, "Link")
    await repositories.fetch(an_order(origin), said)

    with pytest.raises(CannotRelease, match="its symbolic link link leads out"):
        await repositories.check_out("p1", sha, str(tmp_path / "r" / "1"), said, name="b")


async def test_a_link_within_is_a_link(repositories, origin, tmp_path):
    (origin / "link").symlink_to("a.txt")
    sha = a_commit(origin, {}, "Link")
    await repositories.fetch(an_order(origin), said)

    await repositories.check_out("p1", sha, str(tmp_path / "1"), said, name="b")

    assert os.readlink(tmp_path / "1" / "link") == "a.txt"


async def test_submodules_are_not_fetched_and_that_is_said(repositories, origin, tmp_path):
    inner = tmp_path / "inner"
    a_repository(inner, {"x": "y"})
    git(origin, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "s")
    sha = a_commit(origin, {}, "Submodule")
    await repositories.fetch(an_order(origin), said)
    lines = []

    await repositories.check_out("p1", sha, str(tmp_path / "1"), lines.append, name="b")

    assert lines == ["it has 1 submodules, which are not fetched"]
    assert os.listdir(tmp_path / "1" / "s") == []


async def test_a_tree_that_is_too_large_is_refused_before_it_is_written(
    repositories, origin, tmp_path, limits
):
    limits.update(files=2)
    sha = (await repositories.fetch(an_order(origin), said)).sha

    with pytest.raises(CannotRelease, match="its files are larger than 2 B"):
        await repositories.check_out("p1", sha, str(tmp_path / "1"), said, name="b")

    assert not (tmp_path / "1").exists()


async def test_a_tree_of_too_many_files_is_refused(repositories, origin, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_FILES", 3)
    sha = a_commit(origin, {f"{n}": "" for n in range(9)}, "Many")
    await repositories.fetch(an_order(origin), said)

    with pytest.raises(CannotRelease, match="it has more than 3 files"):
        await repositories.check_out("p1", sha, str(tmp_path / "1"), said, name="b")


async def test_nothing_of_the_users_configuration_counts(
    repositories, origin, tmp_path, monkeypatch
):
    evil = tmp_path / "home"
    evil.mkdir()
    (evil / ".gitconfig").write_text('[core]\n\tsshCommand = touch x\n[url "x:"]\n\tinsteadOf = f')
    monkeypatch.setenv("HOME", str(evil))
    monkeypatch.setenv("GIT_DIR", "/nonexistent")

    assert (await repositories.fetch(an_order(origin), said)).message == "First"


async def test_hooks_and_filters_of_a_repository_are_not_run(repositories, origin, tmp_path):
    ran = tmp_path / "ran"
    sha = a_commit(origin, {".gitattributes": "* filter=evil\n"}, "Filter")
    await repositories.fetch(an_order(origin), said)
    hook = repositories.path("p1") / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {ran}\n")
    hook.chmod(0o755)

    await repositories.check_out("p1", sha, str(tmp_path / "1"), said, name="b")

    assert not ran.exists()


async def test_what_was_pushed_is_here(repositories, origin):
    path = await repositories.prepare("p1")
    subprocess.run(
        ["git", "-C", origin, "push", "-q", path, "main"], env=GIT_ENVIRONMENT, check=True
    )
    head = git(origin, "rev-parse", "HEAD")
    order = an_order(origin, repo_url="push")

    assert await repositories.branches("p1") == {"main": head}
    assert (await repositories.fetch(order, said)).sha == head
    with pytest.raises(FetchFailed, match="there is no branch dev: nobody has pushed it yet"):
        await repositories.fetch(an_order(origin, repo_url="push", branch="dev"), said)


async def test_a_redirect_is_not_followed(repositories, origin):
    asked = []

    async def redirect(reader, writer):
        asked.append(await reader.readline())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest\r\n"
            b"Content-Length: 0\r\nConnection: close\r\n\r\n"
        )

    async with a_server(redirect) as port:
        with pytest.raises(FetchFailed, match="returned error: 302"):
            await repositories.fetch(
                an_order(origin, repo_url=f"http://127.0.0.1:{port}/x.git"), said
            )

    assert len(asked) == 1


TOKEN = "t0ken  * \\\\n $HOME"
"""What a shell would make something else of."""


async def test_a_password_is_given_where_it_is_asked_for_and_shown_to_nobody(repositories, origin):
    seen, lines = [], []

    async def ask(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        seen.extend(line for line in head.splitlines() if line.startswith("Authorization"))
        writer.write(
            b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\n"
            b"Content-Length: 0\r\nConnection: close\r\n\r\n"
        )

    async with a_server(ask) as port:
        url = f"http://127.0.0.1:{port}/x.git"
        with pytest.raises(FetchFailed) as failed:
            await repositories.fetch(an_order(origin, repo_url=url, token=TOKEN), lines.append)

    credentials = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
    assert seen == [f"Authorization: Basic {credentials}"]
    assert TOKEN not in failed.value.message + "".join(lines)
