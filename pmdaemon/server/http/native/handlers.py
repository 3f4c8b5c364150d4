"""What the PMDaemon API does: each handler reads, calls the engine once, and shows."""

import asyncio

import msgspec
from aiohttp import web

from pmdaemon import __version__
from pmdaemon.core.errors import Unsupported
from pmdaemon.core.logs import OutputStream
from pmdaemon.core.selectors import Selector
from pmdaemon.core.wording import shown
from pmdaemon.engine.engine import Engine
from pmdaemon.server.http.dialect import json_response
from pmdaemon.server.http.native import views
from pmdaemon.server.http.native.frames import event_view
from pmdaemon.server.http.output import read_output
from pmdaemon.server.http.reading import read_body, read_choice, read_number

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


class RestartBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be asked for with a restart."""

    port: str | int | None = None


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


async def create_process(_engine: Engine, _request: web.Request) -> web.Response:
    """Create nothing: no caller has the scope for it yet."""
    raise Unsupported("cannot create processes over the network in this release")


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
    """End a program, and start it anew."""
    body = await read_body(request, RestartBody, default=RestartBody())
    if body.port is not None:
        raise Unsupported(
            f"cannot restart {shown(request.match_info['id'])} on another port:"
            " in this release a process keeps the port it has"
        )
    await engine.processes.restart(_meant(request))
    return json_response(views.action_view("restarted"))


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


def _meant(request: web.Request) -> list[Selector]:
    """Read `{id}`: an app's name, or a process's id."""
    return [Selector(request.match_info["id"], narrow=True)]
