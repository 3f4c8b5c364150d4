"""Whether all is well, for whoever asks."""

from aiohttp import web

from pmdaemon import __version__
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.engine.engine import Engine
from pmdaemon.server.http.dialect import json_response

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


async def _database(engine: Engine) -> bool:
    try:
        await engine.platform.store.check()
    except PmdaemonError:
        return False
    return True
