"""The verbs about deployments: whoever has the machine may use them on all projects."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from pmdaemon.control.messages.deploying import (
    DeployBody,
    DeploymentBody,
    DeploymentLogBody,
    DeploymentsBody,
    DeploymentView,
    LineView,
    RollbackBody,
)
from pmdaemon.core.accounts import OPERATOR, THE_OPERATOR
from pmdaemon.core.deployments import (
    Deployment,
    DeploymentConflict,
    DeploymentLine,
    DeploymentNotFound,
    Origin,
)
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.projects import Project
from pmdaemon.engine.checkouts import project_of
from pmdaemon.engine.engine import Engine
from pmdaemon.engine.interfaces.deploying import DeploymentQuery
from pmdaemon.server.control_socket import Conversation

MOST_LISTED = 1000


async def deploy(engine: Engine, body: DeployBody, _: Conversation) -> dict[str, Any]:
    """Ask for a deployment of a project, or of the checkout that somebody stands in."""
    branch = body.get("branch", "")
    if "project" in body:
        project = engine.platform.projects.get(THE_OPERATOR, body["project"])
    elif "checkout" in body:
        checkout = body["checkout"]
        project = await project_of(
            engine.platform.projects,
            checkout["path"],
            checkout["name"],
            checkout.get("origin", ""),
        )
        is_here = project.repo_url.removeprefix("file://") == checkout["path"]
        branch = branch or (checkout.get("branch", "") if is_here else "")
    else:
        raise InvalidInput("this request cannot be used: neither project nor checkout is there")
    deployment = await engine.deployer.request(
        project,
        user_id=OPERATOR,
        branch=branch,
        sha=body.get("commit", ""),
        origin=Origin.CLI,
    )
    return {"deployment": await _shown(engine, deployment)}


async def rollback(engine: Engine, body: RollbackBody, _: Conversation) -> dict[str, Any]:
    """Ask for the release of an earlier deployment to be run again."""
    project = engine.platform.projects.get(THE_OPERATOR, body["project"])
    if "number" in body:
        former = await _numbered(engine, project, body["number"])
    else:
        former = await _before(engine, project)
    asked = await engine.deployer.rollback(former.id, user_id=OPERATOR, origin=Origin.CLI)
    return {"deployment": await _shown(engine, asked)}


async def deployments(engine: Engine, body: DeploymentsBody, _: Conversation) -> dict[str, Any]:
    """List deployments, the youngest first."""
    limit = body.get("limit", 20)
    if not 0 < limit <= MOST_LISTED:
        raise InvalidInput(f"this request cannot be used: limit is 1 to {MOST_LISTED}")
    projects = None
    if "project" in body:
        projects = frozenset({engine.platform.projects.get(THE_OPERATOR, body["project"]).id})
    query = DeploymentQuery(projects=projects, limit=limit)
    found, total = await engine.deployments.find(query)
    kept = await engine.deployments.kept(found)
    views = [_view(engine, one, kept=one.id in kept) for one in found]
    return {"deployments": views, "total": total}


async def deployment(engine: Engine, body: DeploymentBody, _: Conversation) -> dict[str, Any]:
    """Show one deployment."""
    return {"deployment": await _shown(engine, await _asked_for(engine, body))}


async def cancel(engine: Engine, body: DeploymentBody, _: Conversation) -> dict[str, Any]:
    """End a deployment that waits or is built."""
    found = await _asked_for(engine, body)
    return {"deployment": await _shown(engine, await engine.deployer.cancel(found.id))}


async def restart(engine: Engine, body: DeploymentBody, _: Conversation) -> dict[str, Any]:
    """Have a deployment run anew, with the variables of now."""
    found = await _asked_for(engine, body)
    asked = await engine.deployer.restart(found.id, user_id=OPERATOR)
    return {"deployment": await _shown(engine, asked)}


async def promote(engine: Engine, body: DeploymentBody, _: Conversation) -> dict[str, Any]:
    """Have a deployment be the one that is live."""
    found = await _asked_for(engine, body)
    asked = await engine.deployer.promote(found.id, user_id=OPERATOR)
    return {"deployment": await _shown(engine, asked)}


async def stop(engine: Engine, body: DeploymentBody, _: Conversation) -> dict[str, Any]:
    """Stop what runs of a deployment that is live."""
    found = await _asked_for(engine, body)
    return {"deployment": await _shown(engine, await engine.deployer.stop(found.id))}


async def remove(engine: Engine, body: DeploymentBody, _: Conversation) -> dict[str, Any]:
    """Forget a deployment that is not live, with its log and its release."""
    found = await _asked_for(engine, body)
    return {"deployment": await _shown(engine, await engine.deployer.delete(found.id))}


async def log(
    engine: Engine, body: DeploymentLogBody, conversation: Conversation
) -> dict[str, Any]:
    """Tell the lines of a log as they come, until it has ended or the client goes."""
    loop = asyncio.get_running_loop()
    telling = loop.create_task(_tell(engine, body, conversation), name="deployment.log")
    gone = loop.create_task(conversation.closed())
    try:
        await asyncio.wait({telling, gone}, return_when=asyncio.FIRST_COMPLETED)
        if telling.done():
            telling.result()
    finally:
        telling.cancel()
        gone.cancel()
    return {}


async def _tell(engine: Engine, body: DeploymentLogBody, conversation: Conversation) -> None:
    async for lines in engine.deployments.follow(body["id"], since=body.get("since", 0)):
        await conversation.send({"item": {"lines": [_line(one) for one in lines]}})
    found = await engine.deployments.get(body["id"])
    await conversation.send({"item": {"deployment": await _shown(engine, found)}})


async def _asked_for(engine: Engine, body: DeploymentBody) -> Deployment:
    if "id" in body:
        return await engine.deployments.get(body["id"])
    if "project" not in body:
        raise InvalidInput("this request cannot be used: neither project nor id is there")
    project = engine.platform.projects.get(THE_OPERATOR, body["project"])
    if "number" in body:
        return await _numbered(engine, project, body["number"])
    latest = DeploymentQuery(projects=frozenset({project.id}), limit=1)
    found, _ = await engine.deployments.find(latest)
    if not found:
        raise DeploymentNotFound(f"{project.slug} has no deployment yet")
    return await engine.deployments.get(found[0].id)


async def _numbered(engine: Engine, project: Project, number: int) -> Deployment:
    for one in await _all_of(engine, project):
        if one.number == number:
            return await engine.deployments.get(one.id)
    raise DeploymentNotFound(f"{project.slug} has no deployment {number}")


async def _before(engine: Engine, project: Project) -> Deployment:
    """Find what was live before: the youngest that was, of another release that is kept."""
    live = engine.deployments.live(project.id)
    for one in await _all_of(engine, project):
        is_older = live is None or (one.number < live.number and one.release != live.release)
        if is_older and one.app and await engine.deployments.release_of(one) is not None:
            return one
    raise DeploymentConflict(f"there is no earlier release of {project.slug} to roll back to")


async def _all_of(engine: Engine, project: Project) -> Sequence[Deployment]:
    found, _ = await engine.deployments.find(DeploymentQuery(projects=frozenset({project.id})))
    return found


async def _shown(engine: Engine, one: Deployment) -> DeploymentView:
    return _view(engine, one, kept=one.id in await engine.deployments.kept([one]))


def _view(engine: Engine, one: Deployment, *, kept: bool) -> DeploymentView:
    project = engine.platform.projects.find(one.project_id)
    return {
        "id": one.id,
        "project": project.slug if project is not None else one.project_id,
        "number": one.number,
        "status": one.status,
        "phase": one.phase,
        "phases": dict(one.phases),
        "origin": one.origin,
        "branch": one.branch,
        "commit": one.commit_sha,
        "message": one.commit_msg,
        "rollback_of": one.rollback_of,
        "release": one.release,
        "url": one.url,
        "error": one.error_msg,
        "app": one.app,
        "live": engine.deployments.is_live(one),
        "kept": kept,
        "created": one.created,
        "started": one.started,
        "finished": one.finished,
    }


def _line(line: DeploymentLine) -> LineView:
    return {
        "number": line.number,
        "level": line.level,
        "stream": line.stream,
        "message": line.message,
        "time": line.at,
    }


TABLE: Mapping[str, tuple[Any, Callable[..., Coroutine[Any, Any, dict[str, Any]]]]] = {
    "deploy": (DeployBody, deploy),
    "rollback": (RollbackBody, rollback),
    "deployments": (DeploymentsBody, deployments),
    "deployment": (DeploymentBody, deployment),
    "deployment_cancel": (DeploymentBody, cancel),
    "deployment_restart": (DeploymentBody, restart),
    "deployment_promote": (DeploymentBody, promote),
    "deployment_stop": (DeploymentBody, stop),
    "deployment_remove": (DeploymentBody, remove),
    "deployment_log": (DeploymentLogBody, log),
}
