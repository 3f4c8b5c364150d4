"""The logs of deployments: read, and followed to their end."""

import asyncio
from contextlib import aclosing

from aiohttp import WSCloseCode, web

from pmdaemon.core.deployments import Deployment, LogLevel, LogStream
from pmdaemon.core.selectors import Selector
from pmdaemon.engine.engine import Engine
from pmdaemon.engine.interfaces.deploying import LogQuery
from pmdaemon.server.http.dialect import encode_json, json_response
from pmdaemon.server.http.event_streams import OVER, cursor_of, event_stream
from pmdaemon.server.http.pushpaka import views
from pmdaemon.server.http.pushpaka.asking import asker_of
from pmdaemon.server.http.pushpaka.deployments import own_deployment
from pmdaemon.server.http.reading import read_choice, read_number
from pmdaemon.server.http.searching import Wanted, search
from pmdaemon.server.http.staying import staying
from pmdaemon.server.http.streams import SSE_HEADERS, sse_event
from pmdaemon.server.http.websockets import messages_of, open_websocket

MOST_LINES = 100_000

MOST_OUTPUT = 10_000

LATEST = 10**15
"""A cursor behind all that there is."""

LARGEST_MESSAGE = 4096
"""Bytes that a client may say at once, for nothing."""

NO_CONTENT = 204
"""By which a browser does not come back to an event stream that has ended (HTML, 9.2.3)."""


async def show_log(engine: Engine, request: web.Request) -> web.Response:
    """Show the lines of a log, or those that are wanted of them."""
    found = await _deployment(engine, request)
    query = LogQuery(
        levels=_chosen(request, "level", [*LogLevel]),
        streams=_chosen(request, "stream", [*LogStream]),
        since=read_number(request, "since", default=0, highest=LATEST),
        limit=read_number(request, "limit", default=MOST_LINES, highest=MOST_LINES, capped=True),
    )
    lines = await asyncio.to_thread(engine.deployments.lines, found, query)
    return json_response({"data": [views.line_view(found.id, one) for one in lines]})


async def show_output(engine: Engine, request: web.Request) -> web.Response:
    """Show the last of what the programs of a deployment print, as long as they are there."""
    found = await _deployment(engine, request)
    wanted = Wanted(read_number(request, "limit", default=200, highest=MOST_OUTPUT, capped=True))
    selectors = [Selector(name, narrow=True) for name in engine.deployments.apps_of(found)]
    snapshots = engine.processes.list(selectors) if selectors else []
    lines = (await asyncio.to_thread(search, snapshots, wanted)).lines
    return json_response({"data": [views.output_view(found.id, one) for one in lines]})


async def stream_websocket(engine: Engine, request: web.Request) -> web.StreamResponse:
    """Push the lines of a log, a frame each, and hang up when it has ended."""
    found = await _deployment(engine, request)
    since = read_number(request, "since", default=0, highest=LATEST)
    socket = await open_websocket(request, largest_message=LARGEST_MESSAGE)
    loop = asyncio.get_running_loop()
    with staying(request) as stay:
        pushing = loop.create_task(_push_frames(engine, found, since, socket), name="ws.log")
        over = loop.create_task(request.app[OVER].wait(), name="ws.over")
        unwelcome = loop.create_task(stay.over.wait(), name="ws.unwelcome")
        tasks = {pushing, over, unwelcome, loop.create_task(_listen(socket), name="ws.listen")}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if pushing.done() and not pushing.cancelled() and pushing.exception() is None:
                await socket.close(code=WSCloseCode.OK, message=pushing.result().encode())
            elif over.done():
                await socket.close(code=WSCloseCode.GOING_AWAY, message=b"the daemon makes way")
            elif unwelcome.done():
                reason = b"this token is not valid any more"
                await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=reason)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    return socket


async def stream_events(engine: Engine, request: web.Request) -> web.StreamResponse:
    """Push the lines of a log as server-sent events, and an event `end` behind them."""
    found = await _deployment(engine, request)
    cursor = cursor_of(request) or "0"
    since = int(cursor) if cursor.isdecimal() and len(cursor) < 16 else 0
    if found.is_final and since:
        left = await asyncio.to_thread(engine.deployments.lines, found, LogQuery(since=since))
        if not left:
            return web.Response(status=NO_CONTENT)
    if request.method == "HEAD":
        return web.Response(headers=SSE_HEADERS)
    async with event_stream(request, engine.clock) as stream:

        async def push() -> None:
            async with aclosing(engine.deployments.follow(found.id, since=since)) as batches:
                async for lines in batches:
                    words = [
                        sse_event(
                            None, encode_json(views.line_view(found.id, one)), str(one.number)
                        )
                        for one in lines
                    ]
                    await stream.send(b"".join(words))
            ended = await engine.deployments.get(found.id)
            await stream.send(sse_event("end", encode_json({"status": ended.status})))

        await stream.carry(push())
    return stream.response


async def _push_frames(
    engine: Engine, found: Deployment, since: int, socket: web.WebSocketResponse
) -> str:
    """Push all lines; return how it ended."""
    async with aclosing(engine.deployments.follow(found.id, since=since)) as batches:
        async for lines in batches:
            for line in lines:
                await socket.send_str(encode_json(views.line_view(found.id, line)).decode())
    ended = await engine.deployments.get(found.id)
    return f"the deployment is {ended.status}"


async def _listen(socket: web.WebSocketResponse) -> None:
    """Take note when the client goes; what it says is of no interest."""
    async for message in messages_of(socket):
        if message.type is web.WSMsgType.PING:
            await socket.pong(message.data)


async def _deployment(engine: Engine, request: web.Request) -> Deployment:
    return await own_deployment(engine, asker_of(request), request.match_info["id"])


def _chosen(request: web.Request, name: str, choices: list[str]) -> frozenset[str]:
    chosen = read_choice(request, name, choices)
    return frozenset({chosen}) if chosen is not None else frozenset()
