"""What the Pup API does: each handler reads, calls the engine once, and shows.

What is done is answered by 200 and an empty body, as the clients of Pup expect it.
"""

import asyncio

from aiohttp import web
from msgspec.structs import replace

from pmdaemon.core.access import Principal, Scope
from pmdaemon.core.errors import ProcessNotFound
from pmdaemon.core.instance_names import called, instance_name
from pmdaemon.core.notices import MessageSent
from pmdaemon.core.process import Process
from pmdaemon.core.selectors import Selector
from pmdaemon.core.wording import shown
from pmdaemon.engine.engine import Engine
from pmdaemon.server.http.dialect import json_response
from pmdaemon.server.http.guard import note, principal_of
from pmdaemon.server.http.pup import bodies, looking, views
from pmdaemon.server.http.pup.searching import find_entries
from pmdaemon.server.http.refusals import PermissionDenied

ALL = "all"


async def list_processes(engine: Engine, _request: web.Request) -> web.Response:
    """List processes and clusters, each with its declaration."""
    return json_response({"data": views.list_view(looking.shown_of(engine))})


async def show_state(engine: Engine, _request: web.Request) -> web.Response:
    """Show the daemon, the machine, and how all processes are."""
    host = await asyncio.to_thread(engine.host.read)
    return json_response({"data": looking.state_of(engine, host)})


async def start_process(engine: Engine, request: web.Request) -> web.Response:
    """Bring up what is down."""
    await engine.processes.start(_meant(engine, request))
    return web.Response()


async def stop_process(engine: Engine, request: web.Request) -> web.Response:
    """End programs, which stay down until they are started again."""
    await engine.processes.stop(_meant(engine, request))
    return web.Response()


async def restart_process(engine: Engine, request: web.Request) -> web.Response:
    """End programs, and start them anew."""
    await engine.processes.restart(_meant(engine, request))
    return web.Response()


async def block_process(engine: Engine, request: web.Request) -> web.Response:
    """Prevent every start; what runs may run on."""
    await engine.processes.block(_meant(engine, request))
    return web.Response()


async def unblock_process(engine: Engine, request: web.Request) -> web.Response:
    """Allow starts again."""
    await engine.processes.unblock(_meant(engine, request))
    return web.Response()


async def take_telemetry(engine: Engine, request: web.Request) -> web.Response:
    """Take in what a program reports of itself."""
    sender, report = await bodies.read_report(request)
    [process, *others] = called(sender, engine.processes.known)
    if others:
        names = [instance_name(one) for one in (process, *others)]
        raise ProcessNotFound(shown(sender), names)  # which of them reports?
    _refuse_others(principal_of(request), process)
    engine.telemetry.report(process, report)
    return web.Response()


async def send_message(engine: Engine, request: web.Request) -> web.Response:
    """Send something to a program, or to a consumer, that listens."""
    message = await bodies.read_message(request)
    principal = principal_of(request)
    sender = principal.about or principal.name
    engine.bus.publish(MessageSent(message.target, message.event, message.data, sender))
    return web.Response()


async def renew_token(engine: Engine, request: web.Request) -> web.Response:
    """Give a program a new token, as the one it has runs out at some time."""
    renewed = engine.children.renew(principal_of(request))
    if renewed is None:
        raise PermissionDenied("only a program that runs renews its token so")
    token, expires = renewed
    return json_response({"data": {"token": token, "expires": views.iso(expires)}})


async def take_log_line(engine: Engine, request: web.Request) -> web.Response:
    """Write down what a consumer sent; what a program sends is about it."""
    line = await bodies.read_log_line(request)
    principal = principal_of(request)
    await engine.journal.submit(
        line.message,
        severity=line.severity,
        category=f"api-{line.plugin}",
        process=principal.about,
        consumer=principal.name,
    )
    return web.Response(status=201)


async def show_log(engine: Engine, request: web.Request) -> web.Response:
    """Show the newest entries of the log that fit."""
    query = bodies.read_query(request)
    if (about := request.query.get("processId")) is not None:
        query = replace(query, processes=_names_of(engine, about))
    page = await find_entries(engine, query, cursor=request.query.get("cursor"))
    data = [views.entry_view(entry) for entry in page.entries]
    return json_response({"data": data, "cursor": page.cursor})


async def show_history(engine: Engine, request: web.Request) -> web.Response:
    """Show how processes were, and from when on."""
    query = bodies.read_state_query(request)
    if (about := request.query.get("processId")) is not None:
        query = replace(query, processes=_names_of(engine, about))
    records = await engine.states.find(query)
    return json_response({"data": [views.record_view(one) for one in records]})


async def terminate(engine: Engine, request: web.Request) -> web.Response:
    """End all programs, and then the daemon, behind the answer."""
    note(request, terminate=True)
    engine.shutdown.begin()
    return web.Response()


def _meant(engine: Engine, request: web.Request) -> list[Selector]:
    name = request.match_info["id"]
    if name == ALL:
        return [Selector.parse(ALL)]
    found = called(name, engine.processes.known)
    return [Selector(name, pm_ids=frozenset(one.pm_id for one in found))]


def _refuse_others(principal: Principal, process: Process) -> None:
    """Let programs report about themselves only."""
    names = (instance_name(process), process.name)
    if not any(principal.may(Scope.TELEMETRY, about=name) for name in names):
        raise PermissionDenied(
            f"this needs the scope {Scope.TELEMETRY}:{names[0]}, which {principal.name} has not"
        )


def _names_of(engine: Engine, about: str) -> tuple[str, ...]:
    """Say under which names entries stand; what is not there any more may have left some."""
    if about == views.CORE:
        return ("",)
    instances = [one for one in engine.processes.known if one.name == about]
    return (about, *(instance_name(one) for one in instances))
