"""A repository is pushed here, and who pushes sees what becomes of it."""

import subprocess

import pytest
import requests

from tests.support.building import GIT_ENVIRONMENT, a_commit, a_repository
from tests.support.ports import free_ports

pytestmark = [pytest.mark.posix, pytest.mark.slow]

PAGE = {"index.html": "<h1>one</h1>"}


@pytest.fixture
def push(pmdaemon, tmp_path):
    web = free_ports(2)
    gateway = web + 1
    pmdaemon.run("web", "--port", str(web), "--detach")
    pmdaemon.run("proxy", "on", "--host", "127.0.0.1", "--http", str(gateway))
    add = pmdaemon.command("user", "add", "jane@example.com")
    subprocess.run(add, input="longenough\n", text=True, check=True, env=pmdaemon.environment)
    token = pmdaemon.run("user", "token", "jane@example.com").out.strip()
    pmdaemon.run("project", "add", "Shop", "push", "--user", "jane@example.com")
    a_repository(tmp_path / "shop", PAGE)

    def push(*words):
        url = f"http://jane:{token}@127.0.0.1:{web}/git/shop.git"
        done = subprocess.run(
            ["git", "push", *words[:-1], url, words[-1]],
            cwd=tmp_path / "shop",
            env=GIT_ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return [line.strip() for line in done.stderr.splitlines()]

    push.checkout = tmp_path / "shop"
    push.page = lambda: (
        requests.get(
            f"http://127.0.0.1:{gateway}/", headers={"Host": "shop.localhost"}, timeout=60
        ).text
    )
    return push


def test_who_pushes_sees_what_becomes_of_it_and_may_wait(push):
    sha = a_commit(push.checkout, PAGE, "First")

    waited = push("-o", "wait", "main")
    assert waited[0] == f"remote: deploying {sha[:7]} as deployment 1 of shop"
    assert waited[1].startswith("remote: its log: http://127.0.0.1:")
    assert any(line.startswith("remote: --> live at http://shop.localhost") for line in waited)
    assert push.page() == "<h1>one</h1>"

    a_commit(push.checkout, {"index.html": "<h1>two</h1>"}, "Second")
    assert push("main:dev")[0].startswith("remote: dev: not deployed")
    assert "remote: (git push -o wait shows it here, and waits for its end)" in push("main")
