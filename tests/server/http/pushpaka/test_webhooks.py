import json

from pmdaemon.server.http import connections
from tests.core.test_webhooks import SHA, signed


async def test_a_call_of_github_deploys_what_was_pushed(api):
    asked = {"project_id": api.names["shop"], "provider": "github"}
    made = (await api.ask("POST", "/webhooks", asked, by="jane")).json
    body = json.dumps({"ref": "refs/heads/main", "after": SHA})
    headers = [
        f"X-Hub-Signature-256: sha256={signed(body.encode(), made['secret'])}",
        "X-GitHub-Event: push",
        "X-GitHub-Delivery: one",
        "Content-Type: application/json",
    ]
    path = made["webhook_url"].partition("/api/v1")[2]

    answer = await api.ask("POST", path, body, headers=headers)

    assert answer.json == {"ok": True, "deployment_id": "deployment-1"}
    assert [one.commit_sha for one in api.parts.platform.follower.requested] == [SHA]


async def test_a_call_of_more_than_a_mebibyte_is_not_read(api, monkeypatch):
    monkeypatch.setattr(connections, "LINGER_SECONDS", 60.0)
    assert await api.status("POST", "/webhooks/x/receive", "x" * 1_048_577) == 413


async def test_a_secret_is_shown_once(api):
    asked = {"project_id": api.names["shop"], "provider": "gitea"}
    made = (await api.ask("POST", "/webhooks", asked, by="jane")).json

    listed = await api.ask("GET", "/webhooks", by="jane")

    assert made["secret"].encode() not in listed.body
