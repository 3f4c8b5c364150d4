"""What the PMDaemon API does: each handler reads, calls the engine once, and shows."""

import asyncio
from typing import Any
from urllib.parse import quote

from aiohttp import web

from pmdaemon import __version__
from pmdaemon.core.errors import AppAlreadyExists
from pmdaemon.core.logs import OutputStream
from pmdaemon.core.masking import hide_passwords
from pmdaemon.core.selectors import Selector
from pmdaemon.core.wording import shown
from pmdaemon.engine.engine import Engine
from pmdaemon.engine.planner import Change
from pmdaemon.server.http.dialect import json_response
from pmdaemon.server.http.guard import note
from pmdaemon.server.http.native import views
from pmdaemon.server.http.native.declaring import (
    PortBody,
    ScaleBody,
    onto_ports,
    read_declaration,
)
from pmdaemon.server.http.native.frames import event_view
from pmdaemon.server.http.output import read_output
from pmdaemon.server.http.reading import read_body, read_choice, read_number
from pmdaemon.server.http.refusals import InvalidRequest

DEFAULT_LINES = 20
MOST_LINES = 1000
"""Lines of output in one answer; a line has up to 64 KiB, and all of it passes through memory."""

MOST_EVENTS = 100
"""Events of one process in one answer: the latest."""

STREAMS = {
    "all": (OutputStream.OUT, OutputStream.ERR),
    "out": (OutputStream.OUT,),
    "error": (OutputStream.ERR,),
}


async def show_root(_engine: Engine, _request: web.Request) -> web.Response:
    """Tell anybody what answers here."""
    return json_response(views.root_view(__version__))


async def show_status(engine: Engine, _request: web.Request) -> web.Response:
    """Tell load balancers that we are there."""
    return json_response(views.status_view(__version__, engine.clock.now().wall))


async def show_system(engine: Engine, _request: web.Request) -> web.Response:
    """Show the machine."""
    host = await asyncio.to_thread(engine.host.read)
    return json_response(views.system_view(host, engine.processes.list()))


async def list_processes(engine: Engine, request: web.Request) -> web.Response:
    """List processes, all or those of a status or a name."""
    status = read_choice(request, "status", sorted(set(views.STATUS_WORDS.values())))
    name = request.query.get("name")
    return json_response(
        [
            views.process_view(one)
            for one in engine.processes.list()
            if status in {None, views.status_word(one.process)} and name in {None, one.process.name}
        ]
    )


async def create_process(engine: Engine, request: web.Request) -> web.Response:
    """Declare a new app, and start it."""
    body: dict[str, Any] = await read_body(request, dict[str, Any], default={})
    environment = engine.environment
    declared = read_declaration(body, base=environment.get("HOME", "/"), environment=environment)
    spec = declared.spec
    note(request, app=spec.name, script=hide_passwords(spec.command.script))
    if any(one.name == spec.name for one in engine.processes.known):
        raise AppAlreadyExists(spec.name)
    started = await engine.processes.start_apps([spec], existing="refuse")
    response = json_response(
        {
            **views.action_view("started"),
            "process": views.detail_view(started),
            "warnings": list(declared.warnings),
        },
        status=201,
    )
    response.headers["Location"] = f"/api/processes/{quote(spec.name, safe='')}"
    return response


async def show_process(engine: Engine, request: web.Request) -> web.Response:
    """Show one process in full."""
    snapshots = engine.processes.list(_meant(request))
    events = engine.events.of(snapshots[0].process.pm_id)[-MOST_EVENTS:]
    return json_response(
        {
            **views.detail_view(snapshots),
            "events": [event_view(one, f"{engine.events.life}.{one.number}") for one in events],
        }
    )


async def start_process(engine: Engine, request: web.Request) -> web.Response:
    """Bring up what is down."""
    await engine.processes.start(_meant(request))
    return json_response(views.action_view("started"))


async def stop_process(engine: Engine, request: web.Request) -> web.Response:
    """End a program and all that it started."""
    await engine.processes.stop(_meant(request))
    return json_response(views.action_view("stopped"))


async def restart_process(engine: Engine, request: web.Request) -> web.Response:
    """End a program, and start it anew, on other ports if that is asked for."""
    change = await _change(request)
    await engine.processes.restart(_meant(request), change=change)
    return json_response(views.action_view("restarted"))


async def reload_process(engine: Engine, request: web.Request) -> web.Response:
    """Put new runs in the place of those that serve, which goes on all the while."""
    change = await _change(request)
    reloaded = await engine.processes.reload(_meant(request), change=change)
    return json_response({**views.action_view("reloaded"), "restarted": list(reloaded.restarted)})


async def scale_process(engine: Engine, request: web.Request) -> web.Response:
    """Have so many instances of an app up."""
    body = await read_body(request, ScaleBody, default=ScaleBody())
    if body.instances is None:
        raise InvalidRequest('say how many instances there should be: {"instances": 4}')
    note(request, instances=shown(body.instances))
    await engine.processes.scale(request.match_info["id"], str(body.instances))
    return json_response(views.action_view("scaled"))


async def delete_process(engine: Engine, request: web.Request) -> web.Response:
    """End a program, and forget it."""
    await engine.processes.delete(_meant(request))
    return json_response(views.action_view("deleted"))


async def show_logs(engine: Engine, request: web.Request) -> web.Response:
    """Show the last lines that a program wrote."""
    lines = read_number(request, "lines", default=DEFAULT_LINES, highest=MOST_LINES)
    streams = STREAMS[read_choice(request, "type", list(STREAMS)) or "all"]
    snapshots = engine.processes.list(_meant(request))
    output = await asyncio.to_thread(read_output, snapshots, streams, lines)
    return json_response(views.output_view(output))


async def _change(request: web.Request) -> Change:
    body = await read_body(request, PortBody, default=PortBody())
    if body.port is not None:
        note(request, port=shown(body.port))
    return onto_ports(body)


def _meant(request: web.Request) -> list[Selector]:
    """Read `{id}`: an app's name, or a process's id."""
    return [Selector(request.match_info["id"], narrow=True)]
