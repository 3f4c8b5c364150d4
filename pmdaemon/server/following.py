"""The verb `follow` of the control channel: what happens to processes, as it happens."""

import asyncio
from collections.abc import Sequence
from typing import Any

from pmdaemon.control.messages.processes import (
    GrowthItem,
    SelectBody,
)
from pmdaemon.core.errors import ProcessNotFound
from pmdaemon.core.logs import OutputStream
from pmdaemon.core.notices import Notice, OutputGrew, ProcessChanged
from pmdaemon.core.selectors import Selector, parse_each
from pmdaemon.core.snapshots import ProcessSnapshot
from pmdaemon.engine.engine import Engine
from pmdaemon.server.control_socket import Conversation


async def follow(engine: Engine, body: SelectBody, conversation: Conversation) -> dict[str, Any]:
    """Tell of growth and changes of the selected processes until the client, or we, go."""
    selectors = parse_each(body["selectors"])
    engine.processes.list(selectors)  # refuses what names nothing, as every verb does
    pending: dict[tuple[int, str], GrowthItem] = {}
    news = asyncio.Event()

    def heed(notice: Notice) -> None:
        # Growth that was not told yet needs no second telling: a follower that does not read
        # costs one entry a stream.
        match notice:
            case OutputGrew(pm_id, stream):
                pending[pm_id, stream] = {"pm_id": pm_id, "stream": stream}
            case ProcessChanged(after=after) if after is not None:
                pending[after.pm_id, "state"] = {
                    "pm_id": after.pm_id,
                    "name": after.name,
                    "state": after.state.kind,
                }
            case _:
                return
        news.set()

    leave_bus = engine.bus.subscribe(heed)
    leave_logs = engine.logs.follow()
    # What grew before we listened is told once, so that a reader misses nothing.
    for pm_id in _ids(engine, selectors):
        for stream in OutputStream:
            pending[pm_id, stream] = {"pm_id": pm_id, "stream": stream}
    news.set()
    loop = asyncio.get_running_loop()
    over = loop.create_task(_over(engine, conversation), name="follow.over")
    over.add_done_callback(lambda _: news.set())
    try:
        while not over.done():
            await news.wait()
            news.clear()
            items, pending = list(pending.values()), {}
            wanted = _ids(engine, selectors)
            for item in items:
                if item["pm_id"] in wanted:
                    await conversation.send({"item": dict(item)})
    finally:
        leave_logs()
        leave_bus()
        over.cancel()
    return {}


async def _over(engine: Engine, conversation: Conversation) -> None:
    """Wait until nobody is to be told anything any more."""
    loop = asyncio.get_running_loop()
    ends = {loop.create_task(conversation.closed()), loop.create_task(engine.ending.wait())}
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for end in ends:
            end.cancel()


def _ids(engine: Engine, selectors: Sequence[Selector]) -> dict[int, ProcessSnapshot]:
    try:
        return {one.process.pm_id: one for one in engine.processes.list(selectors)}
    except ProcessNotFound:
        return {}  # all that was followed has been deleted; it may come again
