"""What the API of prox does: each handler reads, calls the engine once, and shows."""

import asyncio
from collections.abc import Sequence

from aiohttp import web

from pmdaemon import __version__
from pmdaemon.core.errors import ProcessAlreadyRunning, ProcessNotRunning, ShutdownInProgress
from pmdaemon.core.instance_names import called
from pmdaemon.core.process import Errored, Exited, Online, Process, Starting, Stopped, Wish
from pmdaemon.core.selectors import Selector
from pmdaemon.engine.engine import Engine
from pmdaemon.server.http.dialect import json_response
from pmdaemon.server.http.patterns import Matches, matcher
from pmdaemon.server.http.prox import views
from pmdaemon.server.http.reading import read_number, read_switch
from pmdaemon.server.http.searching import LARGEST_ANSWER, Wanted, search

DEFAULT_LINES = 100
MOST_LINES = 10_000

PATIENCE = 5.0
"""Seconds that a search for a pattern may take."""

EVERYBODY: Sequence[Selector] = (Selector("all"),)

SUCCESS = {"success": True}


async def show_health(_engine: Engine, _request: web.Request) -> web.Response:
    """Tell anybody that we are there, in one word."""
    return web.Response(text="ok")


async def show_status(engine: Engine, _request: web.Request) -> web.Response:
    """Show the supervisor."""
    settings = engine.gateway.settings
    sources = [one.process.spec.source for one in engine.processes.under_way()]
    return json_response(
        views.status_view(
            ending=engine.processes.is_ending,
            uptime=engine.clock.now().monotonic - engine.begun.monotonic,
            sources=[*dict.fromkeys(source for source in sources if source is not None)],
            version=__version__,
            proxy=views.proxy_view(
                engine.gateway.addresses,
                on=settings is not None,
                captures=settings is not None and settings.capture > 0,
            ),
        )
    )


async def list_processes(engine: Engine, _request: web.Request) -> web.Response:
    """List all processes."""
    return json_response(views.list_view(engine.processes.list()))


async def show_process(engine: Engine, request: web.Request) -> web.Response:
    """Show one process in full."""
    return json_response(views.detail_view(engine.processes.list(_meant(engine, request))))


async def start_process(engine: Engine, request: web.Request) -> web.Response:
    """Bring up what is down; what is up is refused."""
    meant = _meant(engine, request)
    there = [one.process for one in engine.processes.list(meant)]
    _refuse_when_ending(engine)
    if all(_is_up(process) for process in there):
        raise ProcessAlreadyRunning(there[0].name)
    await engine.processes.start(meant)
    return json_response(SUCCESS)


async def stop_process(engine: Engine, request: web.Request) -> web.Response:
    """End a program and all that it started; what is down is refused."""
    meant = _meant(engine, request)
    there = [one.process for one in engine.processes.list(meant)]
    _refuse_when_ending(engine)
    if all(_is_down(process) for process in there):
        raise ProcessNotRunning(there[0].name)
    await engine.processes.stop(meant)
    return json_response(SUCCESS)


async def restart_process(engine: Engine, request: web.Request) -> web.Response:
    """End a program if it runs, and start it anew."""
    await engine.processes.restart(_meant(engine, request))
    return json_response(SUCCESS)


async def show_logs(engine: Engine, request: web.Request) -> web.Response:
    """Show the last lines that programs wrote, and say how many there are."""
    by_size = "bytes" in request.query and "lines" not in request.query
    deadline = engine.clock.now().monotonic + PATIENCE
    wanted = Wanted(
        lines=read_number(
            request,
            "lines",
            default=MOST_LINES if by_size else DEFAULT_LINES,
            highest=MOST_LINES,
            capped=True,
        ),
        size=read_number(
            request, "bytes", default=LARGEST_ANSWER, highest=LARGEST_ANSWER, capped=True
        ),
        matches=read_pattern(request),
        too_late=lambda: engine.clock.now().monotonic > deadline,
    )
    snapshots = engine.processes.list(read_processes(engine, request))
    found = await asyncio.to_thread(search, snapshots, wanted)
    return json_response(views.logs_view(found))


async def shut_down(engine: Engine, request: web.Request) -> web.Response:
    """End everything, programs first; to be told how that went, wait for it."""
    view: dict[str, object] = dict(SUCCESS)
    if read_switch(request, "wait"):
        view = views.ended_view(await engine.shutdown.finished())
    else:
        engine.shutdown.begin()
    response = json_response(view)
    response.force_close()  # as we are about to end
    return response


def read_processes(engine: Engine, request: web.Request) -> Sequence[Selector]:
    """Read which processes are meant: their names with commas between them, or else all.

    Raises:
        ProcessNotFound: there is none of one of these names.

    """
    names = [name.strip() for name in request.query.get("process", "").split(",")]
    return [_selector(engine, name) for name in names if name] or EVERYBODY


def read_pattern(request: web.Request) -> Matches | None:
    """Read what lines are picked by; None where all are wanted.

    Raises:
        InvalidPattern: none can be picked by it.

    """
    regex = read_switch(request, "regex")
    pattern = request.query.get("pattern", "")
    return matcher(pattern, regex=regex) if pattern else None


def _meant(engine: Engine, request: web.Request) -> list[Selector]:
    """Read `{name}`: that of an app, or of one of its instances."""
    return [_selector(engine, request.match_info["name"])]


def _selector(engine: Engine, name: str) -> Selector:
    found = called(name, engine.processes.known)
    if found[0].name == name:
        return Selector(name, narrow=True)  # instances that come later as well
    return Selector(name, pm_ids=frozenset(one.pm_id for one in found))


def _refuse_when_ending(engine: Engine) -> None:
    if engine.processes.is_ending:
        raise ShutdownInProgress


def _is_up(process: Process) -> bool:
    return process.wish is Wish.UP and isinstance(process.state, Starting | Online)


def _is_down(process: Process) -> bool:
    return isinstance(process.state, Stopped | Exited | Errored)
