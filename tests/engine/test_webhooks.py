import json

import pytest

from pmdaemon.core.accounts import Asker
from pmdaemon.core.deployments import Deployment, Origin
from pmdaemon.core.errors import InvalidInput, StoreUnavailable
from pmdaemon.core.platform_errors import (
    LimitReached,
    ProjectNotFound,
    SignatureWrong,
    WebhookNotFound,
)
from pmdaemon.core.projects import WebhookProvider
from pmdaemon.core.webhooks import MOST_WEBHOOKS
from tests.core.test_webhooks import signed
from tests.support.platform import PlatformOnFakes

JANE, JOE = Asker("jane"), Asker("joe")
SHA = "a" * 40


class Scene:
    def __init__(self):
        self.parts = PlatformOnFakes()
        self.webhooks = self.parts.platform.webhooks
        self.projects = self.parts.platform.projects
        self.requested = self.parts.follower.requested

    async def project(self, asker=JANE, **fields):
        given = {"name": "Shop", "repo_url": "https://example.com/shop", **fields}
        return await self.projects.create(asker, given)

    async def webhook(self, **how):
        project = await self.project()
        return await self.webhooks.create(JANE, project.id, WebhookProvider.GITHUB, **how)

    async def call(self, webhook, secret, *, event="push", delivery="d1", **said):
        body = json.dumps({"ref": "refs/heads/main", "after": SHA, **said}).encode()
        headers = {
            "X-Hub-Signature-256": f"sha256={signed(body, secret)}",
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": delivery,
        }
        return await self.webhooks.receive(webhook.id, headers, body)


@pytest.fixture
def scene():
    return Scene()


async def test_what_was_pushed_is_deployed_and_that_very_commit(scene):
    webhook, secret = await scene.webhook()
    head = {"id": SHA, "message": "Fix it"}

    deployment = await scene.call(webhook, secret, head_commit=head)

    assert isinstance(deployment, Deployment)
    (asked,) = scene.requested
    assert (asked.branch, asked.commit_sha, asked.commit_msg) == ("main", SHA, "Fix it")
    assert (asked.user_id, asked.origin) == ("jane", Origin.WEBHOOK)


async def test_who_has_not_the_secret_deploys_nothing(scene):
    webhook, secret = await scene.webhook()

    for wrong in ("", secret[:-1], webhook.id):
        with pytest.raises(SignatureWrong):
            await scene.call(webhook, wrong)

    assert scene.requested == []


async def test_a_call_that_is_repeated_deploys_once(scene):
    webhook, secret = await scene.webhook()

    await scene.call(webhook, secret)
    assert await scene.call(webhook, secret) == "this was heard before"
    await scene.call(webhook, secret, delivery="d2")

    assert len(scene.requested) == 2


async def test_a_call_that_failed_may_be_repeated(scene):
    webhook, secret = await scene.webhook()
    scene.parts.follower.failure = StoreUnavailable("disk full")
    with pytest.raises(StoreUnavailable):
        await scene.call(webhook, secret)
    scene.parts.follower.failure = None

    assert isinstance(await scene.call(webhook, secret), Deployment)


@pytest.mark.parametrize(
    "said",
    [
        {"event": "ping"},
        {"ref": "refs/heads/other"},
        {"ref": "refs/tags/main"},
        {"after": "0" * 40},
    ],
)
async def test_what_is_not_to_be_deployed_is_well_received(scene, said):
    webhook, secret = await scene.webhook()

    assert isinstance(await scene.call(webhook, secret, **said), str)
    assert scene.requested == []


async def test_a_webhook_may_be_of_another_branch_than_its_project(scene):
    webhook, secret = await scene.webhook(branch="staging")

    assert isinstance(await scene.call(webhook, secret), str)
    await scene.call(webhook, secret, ref="refs/heads/staging")

    assert [one.branch for one in scene.requested] == ["staging"]


async def test_what_cannot_be_understood_is_refused(scene):
    webhook, secret = await scene.webhook()

    with pytest.raises(InvalidInput):
        await scene.call(webhook, secret, after="--upload-pack=x")
    with pytest.raises(InvalidInput):
        await scene.webhook(branch="--x")


async def test_the_secret_is_kept_sealed_and_bound_to_its_webhook(scene):
    webhook, secret = await scene.webhook()

    assert secret not in repr(webhook.sealed.hex())
    assert scene.parts.sealer.open(webhook.sealed, about=f"webhook/{webhook.id}") == secret


async def test_what_is_somebody_elses_is_not_there(scene):
    webhook, _ = await scene.webhook()

    assert scene.webhooks.list(JOE) == []
    with pytest.raises(WebhookNotFound):
        await scene.webhooks.remove(JOE, webhook.id)
    with pytest.raises(ProjectNotFound):
        await scene.webhooks.create(JOE, webhook.project_id, WebhookProvider.GITHUB)


async def test_what_was_removed_is_called_in_vain(scene):
    webhook, secret = await scene.webhook()

    await scene.webhooks.remove(JANE, webhook.id)

    for _ in range(2):
        with pytest.raises(WebhookNotFound):
            await scene.call(webhook, secret)


async def test_a_project_takes_its_webhooks_along(scene):
    webhook, secret = await scene.webhook()

    await scene.projects.delete(JANE, webhook.project_id)

    assert scene.webhooks.list(JANE) == []
    with pytest.raises(WebhookNotFound):
        await scene.call(webhook, secret)


async def test_a_project_has_so_many(scene):
    project = await scene.project()
    for _ in range(MOST_WEBHOOKS):
        await scene.webhooks.create(JANE, project.id, WebhookProvider.GITEA)

    with pytest.raises(LimitReached):
        await scene.webhooks.create(JANE, project.id, WebhookProvider.GITEA)
