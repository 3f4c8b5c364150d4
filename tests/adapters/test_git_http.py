import os
import signal

import pytest

from pmdaemon.adapters import git_http
from pmdaemon.adapters.git import GitRepositories
from pmdaemon.adapters.git_http import GitBackend
from pmdaemon.core.deploy_limits import DeployLimits
from pmdaemon.core.errors import OperationFailed
from pmdaemon.engine.interfaces.deploying import CodeRequest
from tests.support.building import building

pytestmark = pytest.mark.posix


@pytest.fixture
async def repositories(tmp_path):
    async with building() as commands:
        yield GitRepositories(tmp_path, commands, {"PATH": os.environ["PATH"]}, DeployLimits)


def a_backend(repositories, largest=1000):
    return GitBackend(repositories, os.environ["PATH"], lambda: largest)


async def sends(*pieces):
    for piece in pieces:
        yield piece


def a_request(service="info/refs", **changes):
    given = {
        "project_id": "p1",
        "service": service,
        "method": "GET",
        "query": "service=git-receive-pack",
    }
    return CodeRequest(**{**given, **changes})


async def test_git_says_what_there_is(repositories):
    answer = await a_backend(repositories).answer(a_request(), sends())

    assert answer.status == 200
    assert ("Content-Type", "application/x-git-receive-pack-advertisement") in answer.headers
    text = b"".join([piece async for piece in answer.body])
    assert text.startswith(b"001f# service=git-receive-pack\n")


async def test_what_git_refuses_has_its_status(repositories):
    request = a_request("git-receive-pack", method="POST", query="", content_type="text/plain")

    answer = await a_backend(repositories).answer(request, sends(b"x"))

    assert answer.status == 415
    assert b"Expected POST" in b"".join([piece async for piece in answer.body])


async def test_without_git_that_is_said(repositories, tmp_path):
    await repositories.prepare("p1")
    backend = GitBackend(repositories, str(tmp_path), lambda: 10)

    with pytest.raises(OperationFailed, match="cannot run git"):
        await backend.answer(a_request(), sends())


async def test_who_goes_before_git_has_ended_leaves_no_process_behind(
    repositories, tmp_path, monkeypatch
):
    await repositories.prepare("p1")
    begun = []
    popen = git_http.subprocess.Popen

    def started(*arguments, **options):
        begun.append(popen(*arguments, **options))
        return begun[-1]

    monkeypatch.setattr(git_http.subprocess, "Popen", started)
    slow = tmp_path / "git"
    slow.write_text("#!/bin/sh\nprintf 'Content-Type: text/plain\r\n\r\n'\nexec sleep 600\n")
    slow.chmod(0o700)
    backend = GitBackend(repositories, f"{tmp_path}:{os.environ['PATH']}", lambda: 10)

    answer = await backend.answer(a_request(), sends())
    await answer.body.aclose()

    (process,) = begun
    try:
        assert process.returncode == -signal.SIGKILL
    finally:
        process.kill()
