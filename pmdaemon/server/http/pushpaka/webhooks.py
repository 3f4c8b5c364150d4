"""Webhooks: made, listed, removed, and called by forges."""

from typing import Any

from aiohttp import web
from msgspec import Struct

from pmdaemon.core.deployments import Deployment
from pmdaemon.core.projects import Webhook, WebhookProvider
from pmdaemon.engine.engine import Engine
from pmdaemon.server.http.dialect import json_response
from pmdaemon.server.http.guard import note
from pmdaemon.server.http.pushpaka import views
from pmdaemon.server.http.pushpaka.asking import asker_of, done, here, listed, read_object
from pmdaemon.server.http.reading import read_bytes

RECEIVE = "/api/v1/webhooks/{id}/receive"


class NewWebhook(Struct):
    """For which project, by which forge and, unless it is the project's, of which branch."""

    project_id: str
    provider: WebhookProvider
    branch: str = ""


async def create_webhook(engine: Engine, request: web.Request) -> web.Response:
    """Make a webhook, whose secret is shown this once."""
    body = await read_object(request, NewWebhook)
    webhook, secret = await engine.platform.webhooks.create(
        asker_of(request), body.project_id, body.provider, body.branch
    )
    return json_response({**_view(request, webhook), "secret": secret}, status=201)


async def list_webhooks(engine: Engine, request: web.Request) -> web.Response:
    """List one's webhooks, those of a project if one is named."""
    asker = asker_of(request)
    webhooks = engine.platform.webhooks.list(asker)
    if requested := request.query.get("project_id"):
        project = engine.platform.projects.get(asker, requested)
        webhooks = [one for one in webhooks if one.project_id == project.id]
    return listed(request, [_view(request, one) for one in webhooks])


async def remove_webhook(engine: Engine, request: web.Request) -> web.Response:
    """Have a webhook no more."""
    await engine.platform.webhooks.remove(asker_of(request), request.match_info["id"])
    return done("webhook deleted")


async def receive(engine: Engine, request: web.Request) -> web.Response:
    """Take the call of a forge; what is none of ours is well received all the same."""
    body = await read_bytes(request)
    outcome = await engine.platform.webhooks.receive(
        request.match_info["id"], request.headers, body
    )
    if isinstance(outcome, Deployment):
        note(request, deployment=outcome.id)
        return json_response({"ok": True, "deployment_id": outcome.id})
    return json_response({"ok": True, "message": outcome})


def _view(request: web.Request, webhook: Webhook) -> dict[str, Any]:
    return views.webhook_view(webhook, here(request) + RECEIVE.format(id=webhook.id))
