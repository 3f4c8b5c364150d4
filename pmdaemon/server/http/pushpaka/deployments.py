"""Deployments: asked for, shown, gone back to, ended."""

from typing import Any

from aiohttp import web
from msgspec import Struct

from pmdaemon.core.accounts import Asker
from pmdaemon.core.deployments import Deployment, DeploymentNotFound
from pmdaemon.engine.engine import Engine
from pmdaemon.engine.interfaces.deploying import DeploymentQuery
from pmdaemon.server.http.dialect import json_response
from pmdaemon.server.http.guard import note
from pmdaemon.server.http.pushpaka import views
from pmdaemon.server.http.pushpaka.asking import asker_of, done, read_object, read_page

USUAL_PAGE = 20
MOST_LISTED = 100


class NewDeployment(Struct):
    """What is to be deployed; what is not said is the project's branch, and its latest commit."""

    project_id: str
    branch: str | None = None
    commit_sha: str | None = None
    commit_msg: str | None = None


async def deploy(engine: Engine, request: web.Request) -> web.Response:
    """Ask for a deployment."""
    body = await read_object(request, NewDeployment)
    asker = asker_of(request)
    project = engine.platform.projects.get(asker, body.project_id)
    deployment = await engine.deployer.request(
        project,
        user_id=asker.account,
        branch=body.branch or "",
        sha=body.commit_sha or "",
        message=body.commit_msg or "",
    )
    note(request, project=project.slug, deployment=deployment.number)
    return json_response(await _shown(engine, deployment), status=201)


async def list_deployments(engine: Engine, request: web.Request) -> web.Response:
    """List one's deployments, those of a project if one is named, the newest first."""
    asker = asker_of(request)
    limit, offset = read_page(request, default=USUAL_PAGE, highest=MOST_LISTED)
    projects = engine.platform.projects
    if requested := request.query.get("project_id"):
        mine = [projects.get(asker, requested)]
    else:
        mine = [*projects.list(asker)]
    query = DeploymentQuery(projects=frozenset(one.id for one in mine), limit=limit, offset=offset)
    found, total = await engine.deployments.find(query)
    kept = await engine.deployments.kept(found)
    shown = [_view(engine, one, kept=one.id in kept) for one in found]
    return json_response(views.page_view(shown, total=total, limit=limit, offset=offset))


async def show_deployment(engine: Engine, request: web.Request) -> web.Response:
    """Show a deployment."""
    found = await own_deployment(engine, asker_of(request), request.match_info["id"])
    return json_response(await _shown(engine, found))


async def roll_back(engine: Engine, request: web.Request) -> web.Response:
    """Have the release of a deployment run again, in place of what is live."""
    asker, found = await _asked_about(engine, request)
    asked = await engine.deployer.rollback(found.id, user_id=asker.account)
    return json_response(await _shown(engine, asked), status=201)


async def restart(engine: Engine, request: web.Request) -> web.Response:
    """Have a deployment run anew, with the variables of now and without a gap."""
    asker, found = await _asked_about(engine, request)
    asked = await engine.deployer.restart(found.id, user_id=asker.account)
    return json_response(await _shown(engine, asked), status=201)


async def promote(engine: Engine, request: web.Request) -> web.Response:
    """Have a deployment be the one that is live."""
    asker, found = await _asked_about(engine, request)
    asked = await engine.deployer.promote(found.id, user_id=asker.account)
    return json_response(await _shown(engine, asked))


async def cancel(engine: Engine, request: web.Request) -> web.Response:
    """End a deployment that waits or is built."""
    _, found = await _asked_about(engine, request)
    return json_response(await _shown(engine, await engine.deployer.cancel(found.id)))


async def stop(engine: Engine, request: web.Request) -> web.Response:
    """Stop what runs of a deployment that is live."""
    _, found = await _asked_about(engine, request)
    return json_response(await _shown(engine, await engine.deployer.stop(found.id)))


async def delete_deployment(engine: Engine, request: web.Request) -> web.Response:
    """Forget a deployment that is not live, with its log and its release."""
    _, found = await _asked_about(engine, request)
    await engine.deployer.delete(found.id)
    return done("deployment deleted")


async def own_deployment(engine: Engine, asker: Asker, deployment_id: str) -> Deployment:
    """Find a deployment of the asker's.

    Raises:
        DeploymentNotFound: there is none, or it is of somebody else's project.

    """
    found = await engine.deployments.get(deployment_id)
    project = engine.platform.projects.find(found.project_id)
    if project is None or not asker.may_have(project.user_id):
        raise DeploymentNotFound
    return found


async def _asked_about(engine: Engine, request: web.Request) -> tuple[Asker, Deployment]:
    asker = asker_of(request)
    found = await own_deployment(engine, asker, request.match_info["id"])
    note(request, deployment=found.id)
    return asker, found


async def _shown(engine: Engine, deployment: Deployment) -> dict[str, Any]:
    kept = await engine.deployments.kept([deployment])
    return _view(engine, deployment, kept=deployment.id in kept)


def _view(engine: Engine, deployment: Deployment, *, kept: bool) -> dict[str, Any]:
    return views.deployment_view(
        deployment,
        process=engine.deployments.process_of(deployment),
        live=engine.deployments.is_live(deployment),
        kept=kept,
    )
