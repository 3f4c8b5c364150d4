"""The verbs of the control channel: read the body, call the engine once, show the result."""

import asyncio
import os
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Literal, TypeVar

import msgspec

from pmdaemon import __version__
from pmdaemon.config import app_fields, declarations
from pmdaemon.config.app_fields import Declared
from pmdaemon.config.changes import changed
from pmdaemon.config.field_values import signal_name
from pmdaemon.control.messages import EmptyBody
from pmdaemon.control.messages.declaring import AnewBody, ApplyBody, ScaleBody, StartBody
from pmdaemon.control.messages.gateway import (
    CertificateBody,
    CertificatesBody,
    GatewayBody,
    RequestBody,
    RequestsBody,
    ServiceBody,
    ServiceModeBody,
    ServiceRemoveBody,
)
from pmdaemon.control.messages.processes import (
    GrowthItem,
    HistoryBody,
    ListBody,
    SelectBody,
    SendBody,
    SignalBody,
    TriggerBody,
)
from pmdaemon.control.messages.web import (
    RevokeBody,
    RotateBody,
    RotateSecretBody,
    TokenBody,
    WebBody,
)
from pmdaemon.core.errors import InvalidInput, ProcessNotFound, ReloadInProgress
from pmdaemon.core.logs import OutputStream
from pmdaemon.core.notices import Notice, OutputGrew, ProcessChanged
from pmdaemon.core.selectors import Selector
from pmdaemon.core.snapshots import ProcessSnapshot
from pmdaemon.engine.declaring import Change, Existing, unchanged
from pmdaemon.engine.engine import Engine
from pmdaemon.engine.redeclaring import start_or_reload
from pmdaemon.server import (
    certificate_verbs,
    deploy_verbs,
    gateway_verbs,
    platform_verbs,
    web_verbs,
)
from pmdaemon.server.control_socket import Conversation, Verb
from pmdaemon.server.control_views import (
    explanation_view,
    process_view,
    reply_view,
    run_view,
    step_view,
)
from pmdaemon.server.progress import waiting_for, with_progress

MOST_RUNS = 1000
"""Runs of jobs that are listed at once."""

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
        if handler in {_follow, web_verbs.turn_on, gateway_verbs.requests, deploy_verbs.log}:
            return await work  # these have more to say than that they are not done yet
        return await with_progress(
            work, conversation, lambda: waiting_for(engine.processes.under_way())
        )

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
    if "apps" in body or "declarations" in body:
        return await _start_declared(
            engine,
            [*_declared(engine, body), *_handed_on(body)],
            body.get("existing", "restart"),
            down=body.get("down", False),
        )
    if "target" not in body:
        raise InvalidInput("this request cannot be used: neither target nor apps is there")
    if not body["target"].strip():
        raise InvalidInput("nothing to start: its command, script or name is empty")
    try:
        shown = _shown(await engine.processes.start([Selector.parse(body["target"])]))
    except ProcessNotFound as unknown:
        declared = _declared_program(body, unknown.suggestion)
        return await _start_declared(engine, [declared], body.get("existing", "refuse"))
    if body.get("options"):
        shown["warnings"] = [
            f"{body['target']} is there already, and keeps its options: delete it to change them"
        ]
    return shown


def _declared_program(body: StartBody, suggestion: str | None) -> Declared:
    """Read the program that is to be started; when it is none, an app may have been meant."""
    try:
        return app_fields.read_app(
            {**body.get("options", {}), "script": body["target"]},
            base=body["cwd"],
            environment=body["environment"],
        )
    except InvalidInput as error:
        if error.code != "script_not_found" or suggestion is None:
            raise
        message = f"{error.message}; did you mean {suggestion}?"
        raise InvalidInput(message, code=error.code, **error.details) from None


async def _start_declared(
    engine: Engine,
    declared: Sequence[Declared],
    existing: Existing | Literal["reload"],
    *,
    down: bool = False,
) -> dict[str, Any]:
    specs = [one.spec for one in declared]
    warnings = [text for one in declared for text in one.warnings]
    if existing == "reload":
        reloaded = await start_or_reload(engine.processes, specs)
        warnings += _gaps(reloaded.restarted)
        return {**_shown(reloaded.processes), "warnings": warnings}
    started = await engine.processes.start_apps(specs, existing=existing, down=down)
    return {**_shown(started), "warnings": warnings}


async def _apply(engine: Engine, body: ApplyBody, _: Conversation) -> dict[str, Any]:
    declared = _declared(engine, body)
    steps, reached = await engine.processes.apply(
        [one.spec for one in declared],
        whole=body.get("whole", True),
        prune=body.get("prune", False),
        dry_run=body.get("dry_run", False),
    )
    return {
        **_shown(reached),
        "steps": [step_view(step) for step in steps],
        "warnings": [text for one in declared for text in one.warnings],
    }


def _declared(engine: Engine, body: StartBody | ApplyBody) -> list[Declared]:
    return app_fields.read_apps(
        body.get("apps", []),
        base=body["cwd"],
        environment=body["environment"],
        source=body.get("source", "the request"),
        interpolate=body.get("interpolate", False),
        env_name=body.get("env_name"),
        file=body.get("file"),
        existing={one.process.name for one in engine.processes.list()},
    )


def _handed_on(body: StartBody) -> list[Declared]:
    specs = declarations.specs_of(
        body.get("declarations", []),
        source=body.get("source", "the request"),
        environment=body["environment"],
    )
    return [Declared(spec) for spec in specs]


async def _stop(engine: Engine, body: SelectBody, _: Conversation) -> dict[str, Any]:
    stopped = await engine.processes.stop(_selectors(body["selectors"]))
    names = {one.process.name for one in stopped if engine.triggers.will_start(one.process)}
    warnings = [
        f"{name} is stopped, and its schedule will start it again"
        f" (to prevent that: pmdaemon block {name})"
        for name in sorted(names)
    ]
    return {**_shown(stopped), "warnings": warnings} if warnings else _shown(stopped)


async def _restart(engine: Engine, body: AnewBody, _: Conversation) -> dict[str, Any]:
    selectors = _selectors(body["selectors"])
    return _shown(await engine.processes.restart(selectors, change=_change(body)))


async def _reload(engine: Engine, body: AnewBody, _: Conversation) -> dict[str, Any]:
    parallel = body.get("parallel", 1)
    if parallel < 1:
        raise InvalidInput(f"cannot reload {parallel} instances at a time")
    reloaded = await engine.processes.reload(
        _selectors(body["selectors"]), change=_change(body), parallel=parallel
    )
    return {**_shown(reloaded.processes), "warnings": _gaps(reloaded.restarted)}


def _gaps(restarted: Sequence[str]) -> list[str]:
    return [
        f"{name} cannot run beside itself, so it was restarted: it is no cluster,"
        " and has no other TCP port to go to"
        for name in restarted
    ]


def _change(body: AnewBody) -> Change:
    options, environment = body.get("options", {}), body.get("environment")
    if not options and environment is None:
        return unchanged
    return lambda spec: changed(spec, options, environment)


async def _scale(engine: Engine, body: ScaleBody, _: Conversation) -> dict[str, Any]:
    return _shown(await engine.processes.scale(body["name"], body["count"]))


async def _signal(engine: Engine, body: SignalBody, _: Conversation) -> dict[str, Any]:
    name = signal_name(body["signal"])
    return _shown(await engine.processes.send_signal(_selectors(body["selectors"]), name))


async def _send(engine: Engine, body: SendBody, _: Conversation) -> dict[str, Any]:
    return _shown(engine.conversations.send_line(_selectors(body["selectors"]), body["line"]))


async def _trigger(engine: Engine, body: TriggerBody, _: Conversation) -> dict[str, Any]:
    replies = await engine.conversations.trigger(
        _selectors(body["selectors"]), body["action"], body.get("params")
    )
    return {"replies": [reply_view(one.process, one.value) for one in replies]}


async def _delete(engine: Engine, body: SelectBody, _: Conversation) -> dict[str, Any]:
    return _shown(await engine.processes.delete(_selectors(body["selectors"])))


async def _reset(engine: Engine, body: SelectBody, _: Conversation) -> dict[str, Any]:
    return _shown(await engine.processes.reset(_selectors(body["selectors"])))


async def _flush(engine: Engine, body: SelectBody, _: Conversation) -> dict[str, Any]:
    return _shown(engine.processes.flush(_selectors(body["selectors"])))


async def _block(engine: Engine, body: SelectBody, _: Conversation) -> dict[str, Any]:
    return _shown(await engine.processes.block(_selectors(body["selectors"])))


async def _unblock(engine: Engine, body: SelectBody, _: Conversation) -> dict[str, Any]:
    return _shown(await engine.processes.unblock(_selectors(body["selectors"])))


async def _explain(engine: Engine, body: SelectBody, _: Conversation) -> dict[str, Any]:
    explained = engine.processes.explain(
        _selectors(body["selectors"]), engine.triggers.cron.next_due
    )
    return {"explanations": [explanation_view(*each) for each in explained]}


async def _history(engine: Engine, body: HistoryBody, _: Conversation) -> dict[str, Any]:
    limit = body.get("limit", MOST_RUNS)
    if not 0 < limit <= MOST_RUNS:
        raise InvalidInput(f"this request cannot be used: limit is 1 to {MOST_RUNS}")
    selectors = _selectors(body["selectors"]) if "selectors" in body else None
    apps = {one.process.name: one.process.spec for one in engine.processes.list(selectors)}
    jobs = [name for name, spec in apps.items() if spec.job is not None]
    if selectors is not None and not jobs:
        raise InvalidInput(f"there is no history of {next(iter(apps))}: it is not a job")
    runs = await engine.history.runs(jobs, limit=limit)
    return {"runs": [run_view(run) for run in runs]}


async def _kill(engine: Engine, _body: EmptyBody, _: Conversation) -> dict[str, Any]:
    try:
        stopped = await engine.processes.stop([Selector.parse("all")])
    finally:
        engine.ending.ask()
    return {**_shown(stopped), "pid": os.getpid(), "keeper": os.getppid()}


async def _update(engine: Engine, _body: EmptyBody, _: Conversation) -> dict[str, Any]:
    """Make way for a daemon of the code that is installed now; programs do not notice."""
    if engine.processes.reloading:
        raise ReloadInProgress("a reload is going on; try again when that is done")
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


def _selectors(texts: Sequence[str]) -> list[Selector]:
    return [Selector.parse(text) for text in texts]


def _shown(snapshots: Sequence[ProcessSnapshot], *, detail: bool = False) -> dict[str, Any]:
    return {"processes": [process_view(one, detail=detail) for one in snapshots]}


_TABLE: dict[str, tuple[Any, Handler]] = {
    "ping": (EmptyBody, _ping),
    "host": (EmptyBody, _host),
    "list": (ListBody, _list),
    "start": (StartBody, _start),
    "apply": (ApplyBody, _apply),
    "stop": (SelectBody, _stop),
    "restart": (AnewBody, _restart),
    "reload": (AnewBody, _reload),
    "scale": (ScaleBody, _scale),
    "signal": (SignalBody, _signal),
    "send": (SendBody, _send),
    "trigger": (TriggerBody, _trigger),
    "delete": (SelectBody, _delete),
    "reset": (SelectBody, _reset),
    "flush": (SelectBody, _flush),
    "block": (SelectBody, _block),
    "unblock": (SelectBody, _unblock),
    "explain": (SelectBody, _explain),
    "history": (HistoryBody, _history),
    "follow": (SelectBody, _follow),
    "web": (WebBody, web_verbs.turn_on),
    "web_off": (EmptyBody, web_verbs.turn_off),
    "token": (TokenBody, web_verbs.make_token),
    "tokens": (EmptyBody, web_verbs.list_tokens),
    "rotate": (RotateBody, web_verbs.rotate_token),
    "rotate_secret": (RotateSecretBody, web_verbs.rotate_secret),
    "revoke": (RevokeBody, web_verbs.revoke_token),
    "gateway": (EmptyBody, gateway_verbs.status),
    "gateway_on": (GatewayBody, gateway_verbs.turn_on),
    "gateway_off": (EmptyBody, gateway_verbs.turn_off),
    "service": (ServiceBody, gateway_verbs.put),
    "service_remove": (ServiceRemoveBody, gateway_verbs.remove),
    "service_mode": (ServiceModeBody, gateway_verbs.set_mode),
    "certificates": (CertificatesBody, certificate_verbs.certificates),
    "certificate_remove": (CertificateBody, certificate_verbs.remove),
    "requests": (RequestsBody, gateway_verbs.requests),
    "request": (RequestBody, gateway_verbs.request),
    **platform_verbs.TABLE,
    **deploy_verbs.TABLE,
    "kill": (EmptyBody, _kill),
    "update": (EmptyBody, _update),
}
