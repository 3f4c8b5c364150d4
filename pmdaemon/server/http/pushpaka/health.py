"""Whether all is well, for whoever asks."""

from aiohttp import web

from pmdaemon import __version__
from pmdaemon.core.accounts import THE_OPERATOR
from pmdaemon.core.deployments import DeploymentStatus
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.engine.engine import Engine
from pmdaemon.engine.interfaces.deploying import DeploymentQuery
from pmdaemon.server.http.dialect import json_response

LATEST = 200
"""Deployments that are looked through for the latest of each project."""

REDIS = False
"""There is none, and none is needed; the API that this is of has the field."""


async def show_health(engine: Engine, _request: web.Request) -> web.Response:
    """Look at the store and the queue."""
    database, queue = await _database(engine), engine.platform.projects.follower.is_working
    well = database and queue
    view = {
        "status": "ok" if well else "degraded",
        "version": __version__,
        "checks": {"database": database, "queue": queue, "redis": REDIS},
    }
    return json_response(view, status=200 if well else 503)


async def show_ready(engine: Engine, _request: web.Request) -> web.Response:
    """Say whether requests can be answered."""
    ready = await _database(engine) and not engine.processes.is_ending
    view = {"status": "ready" if ready else "not ready"}
    return json_response(view, status=200 if ready else 503)


async def show_metrics(engine: Engine, request: web.Request) -> web.Response:
    """Show projects and deployments to Prometheus."""
    # Three megabytes for whoever never scrapes, otherwise.
    from pmdaemon.server.http.pushpaka.exposition import (  # noqa: PLC0415
        Reading,
        expose,
    )

    projects = engine.platform.projects
    counted = {
        status: (
            await engine.deployments.find(DeploymentQuery(statuses=frozenset({status}), limit=1))
        )[1]
        for status in DeploymentStatus
    }
    latest, _ = await engine.deployments.find(DeploymentQuery(limit=LATEST))
    reading = Reading(
        projects={one: projects.follower.status(one.id) for one in projects.list(THE_OPERATOR)},
        deployments=counted,
        latest=[one for one in latest if one.is_final],
        requests=engine.gateway.requests.answered,
        accounts=len(engine.platform.accounts.list()),
    )
    body, content_type = expose(reading, request.headers.get("Accept", ""))
    return web.Response(body=body, headers={"Content-Type": content_type})


async def _database(engine: Engine) -> bool:
    try:
        await engine.platform.store.check()
    except PmdaemonError:
        return False
    return True
