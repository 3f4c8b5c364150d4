"""The verbs of the control channel: read the body, call the engine once, show the result."""

import asyncio
import os
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

import msgspec

from pmdaemon import __version__
from pmdaemon.config import app_fields
from pmdaemon.config.app_fields import Declared
from pmdaemon.control.messages import (
    EmptyBody,
    GrowthItem,
    ListBody,
    SelectBody,
    StartBody,
    WebBody,
)
from pmdaemon.core.errors import InvalidInput, ProcessNotFound
from pmdaemon.core.logs import OutputStream
from pmdaemon.core.notices import Notice, OutputGrew, ProcessChanged
from pmdaemon.core.selectors import Selector
from pmdaemon.core.snapshots import ProcessSnapshot
from pmdaemon.engine.engine import Engine
from pmdaemon.engine.interfaces import WebSettings
from pmdaemon.engine.processes import Existing
from pmdaemon.server.control_socket import Conversation, Verb
from pmdaemon.server.control_views import process_view
from pmdaemon.server.progress import waiting_for, with_progress

Body = TypeVar("Body")
Handler = Callable[[Engine, Any, Conversation], Coroutine[Any, Any, dict[str, Any]]]


def verbs(engine: Engine) -> dict[str, Verb]:
    """Bind every verb to `engine`."""
    return {name: _bound(engine, body, handler) for name, (body, handler) in _TABLE.items()}


def _bound(engine: Engine, body_type: Any, handler: Handler) -> Verb:  # noqa: ANN401 - a type form
    async def verb(raw: dict[str, Any], conversation: Conversation) -> dict[str, Any]:
        try:
            body = msgspec.convert(raw, body_type)
        except msgspec.ValidationError as error:
            raise InvalidInput(f"this request cannot be used: {error}") from None
        work = handler(engine, body, conversation)
        if handler in {_follow, _web}:
            return await work  # these have more to say than that they are not done yet
        return await with_progress(work, conversation, lambda: waiting_for(engine.processes.list()))

    return verb


async def _ping(engine: Engine, _body: EmptyBody, _: Conversation) -> dict[str, Any]:
    return {"pid": os.getpid(), "version": __version__, "home": engine.home}


async def _host(engine: Engine, _body: EmptyBody, _: Conversation) -> dict[str, Any]:
    host: dict[str, Any] = msgspec.to_builtins(await asyncio.to_thread(engine.host.read))
    return host


async def _list(engine: Engine, body: ListBody, _: Conversation) -> dict[str, Any]:
    selectors = _selectors(body["selectors"]) if "selectors" in body else None
    shown = _shown(engine.processes.list(selectors), detail=body.get("detail", False))
    if (unsaved := engine.processes.unsaved) is not None:
        shown["warnings"] = [unsaved]
    return shown


async def _start(engine: Engine, body: StartBody, _: Conversation) -> dict[str, Any]:
    if "apps" in body:
        declared = app_fields.read_apps(
            body["apps"],
            base=body["cwd"],
            environment=body["environment"],
            source=body.get("source", "the request"),
        )
        return await _start_declared(
            engine, declared, body.get("existing", "restart"), down=body.get("down", False)
        )
    if "target" not in body:
        raise InvalidInput("this request cannot be used: neither target nor apps is there")
    try:
        shown = _shown(await engine.processes.start([Selector.parse(body["target"])]))
    except ProcessNotFound:
        declared = [
            app_fields.read_app(
                {**body.get("options", {}), "script": body["target"]},
                base=body["cwd"],
                environment=body["environment"],
            )
        ]
        return await _start_declared(engine, declared, body.get("existing", "refuse"))
    if body.get("options"):
        shown["warnings"] = [
            f"{body['target']} is there already, and keeps its options: delete it to change them"
        ]
    return shown


async def _start_declared(
    engine: Engine, declared: Sequence[Declared], existing: Existing, *, down: bool = False
) -> dict[str, Any]:
    specs = [one.spec for one in declared]
    started = await engine.processes.start_apps(specs, existing=existing, down=down)
    return {**_shown(started), "warnings": [text for one in declared for text in one.warnings]}


async def _stop(engine: Engine, body: SelectBody, _: Conversation) -> dict[str, Any]:
    return _shown(await engine.processes.stop(_selectors(body["selectors"])))


async def _restart(engine: Engine, body: SelectBody, _: Conversation) -> dict[str, Any]:
    return _shown(await engine.processes.restart(_selectors(body["selectors"])))


async def _delete(engine: Engine, body: SelectBody, _: Conversation) -> dict[str, Any]:
    return _shown(await engine.processes.delete(_selectors(body["selectors"])))


async def _reset(engine: Engine, body: SelectBody, _: Conversation) -> dict[str, Any]:
    return _shown(await engine.processes.reset(_selectors(body["selectors"])))


async def _flush(engine: Engine, body: SelectBody, _: Conversation) -> dict[str, Any]:
    return _shown(engine.processes.flush(_selectors(body["selectors"])))


async def _kill(engine: Engine, _body: EmptyBody, _: Conversation) -> dict[str, Any]:
    try:
        stopped = await engine.processes.stop([Selector.parse("all")])
    finally:
        engine.ending.ask()
    return {**_shown(stopped), "pid": os.getpid(), "keeper": os.getppid()}


async def _update(engine: Engine, _body: EmptyBody, _: Conversation) -> dict[str, Any]:
    """Make way for a daemon of the code that is installed now; programs do not notice."""
    engine.ending.ask(for_good=False)
    return {"pid": os.getpid(), "version": __version__}


async def _follow(engine: Engine, body: SelectBody, conversation: Conversation) -> dict[str, Any]:
    """Tell of growth and changes of the selected processes until the client, or we, go."""
    selectors = _selectors(body["selectors"])
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
            case ProcessChanged():
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


async def _web(engine: Engine, body: WebBody, conversation: Conversation) -> dict[str, Any]:
    """Turn the web side on: for good, or for as long as this client stays."""
    from pmdaemon.server import keys  # noqa: PLC0415 - OpenSSL, and 3 MB, for the web side alone

    key, generated = keys.api_key_for(body["host"], body.get("api_key"))
    settings = WebSettings(
        host=body["host"],
        tcp_port=body["port"],
        api_key_digest=keys.digest_of(key) if key is not None else None,
    )
    url = await engine.web.turn_on(settings, remember=body["detach"])
    shown: dict[str, Any] = {"url": url, "protected": key is not None}
    if generated:
        shown["generated_key"] = key
    if body["detach"]:
        return shown
    try:
        await conversation.send({"item": shown})
        await conversation.closed()
    finally:
        await engine.web.let_go(settings)
    return {}


async def _web_off(engine: Engine, _body: EmptyBody, _: Conversation) -> dict[str, Any]:
    address = engine.web.address
    await engine.web.turn_off()
    return {"url": address}


def _selectors(texts: Sequence[str]) -> list[Selector]:
    return [Selector.parse(text) for text in texts]


def _shown(snapshots: Sequence[ProcessSnapshot], *, detail: bool = False) -> dict[str, Any]:
    return {"processes": [process_view(one, detail=detail) for one in snapshots]}


_TABLE: dict[str, tuple[Any, Handler]] = {
    "ping": (EmptyBody, _ping),
    "host": (EmptyBody, _host),
    "list": (ListBody, _list),
    "start": (StartBody, _start),
    "stop": (SelectBody, _stop),
    "restart": (SelectBody, _restart),
    "delete": (SelectBody, _delete),
    "reset": (SelectBody, _reset),
    "flush": (SelectBody, _flush),
    "follow": (SelectBody, _follow),
    "web": (WebBody, _web),
    "web_off": (EmptyBody, _web_off),
    "kill": (EmptyBody, _kill),
    "update": (EmptyBody, _update),
}
