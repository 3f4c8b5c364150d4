"""A forge says that something was pushed, and what was pushed is live."""

import json
import subprocess
from urllib.parse import urlsplit

import pytest
import requests

from tests.core.test_webhooks import signed
from tests.support.ports import free_port
from tests.support.waiting import eventually_sync


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "Procfile").write_text("web: python3 -m http.server $PORT --bind 127.0.0.1\n")
    return folder


def git(folder, *words):
    who = ("-c", "user.name=Jane", "-c", "user.email=jane@example.com")
    done = subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)
    return done.stdout.decode().strip()


def commit(folder, page):
    (folder / "index.html").write_text(page)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", f"Say {page}")
    return git(folder, "rev-parse", "HEAD")


class Forge:
    """Calls a webhook as GitHub does."""

    def __init__(self, webhook):
        self.webhook = webhook

    def push(self, sha, *, delivery, branch="main", secret=None):
        body = json.dumps({"ref": f"refs/heads/{branch}", "after": sha}).encode()
        signature = signed(body, secret or self.webhook["secret"])
        return requests.post(
            self.webhook["url"],
            data=body,
            headers={
                "X-Hub-Signature-256": f"sha256={signature}",
                "X-GitHub-Event": "push",
                "X-GitHub-Delivery": delivery,
                "Content-Type": "application/json",
            },
            timeout=60,
        )


def test_what_was_pushed_is_live_and_nothing_else(pmdaemon, repository):
    first = commit(repository, "one")
    commit(repository, "two")
    gateway = free_port()
    pmdaemon.run("web", "--port", str(free_port()), "--detach")
    pmdaemon.run("proxy", "on", "--http", str(gateway))
    pmdaemon.run("project", "create", "Shop", str(repository), "--drain", "0s")
    webhook = pmdaemon.run("project", "webhook", "add", "shop", "github", "--json").json
    forge = Forge(webhook)

    assert forge.push(first, delivery="a", secret="guessed").status_code == 401
    assert "deployment_id" not in forge.push(first, delivery="b", branch="other").json()
    answer = forge.push(first, delivery="c")
    assert (answer.status_code, "deployment_id" in answer.json()) == (200, True)
    assert forge.push(first, delivery="c").json() == {
        "ok": True,
        "message": "this was heard before",
    }

    def page():
        host = {"Host": urlsplit(f"http://shop.localhost:{gateway}").netloc}
        try:
            return requests.get(f"http://127.0.0.1:{gateway}/", headers=host, timeout=60).text
        except requests.RequestException:
            return None

    eventually_sync(lambda: page() == "one")
    pmdaemon.run("project", "remove", "shop")
    assert pmdaemon.list() == []
