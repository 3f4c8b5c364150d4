"""The verbs of the control channel: read the body, call the engine once, show the result."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import Any, TypeVar

import msgspec

from pmdaemon import __version__
from pmdaemon.config.field_values import signal_name
from pmdaemon.control.messages import EmptyBody
from pmdaemon.control.messages.declaring import AnewBody, ApplyBody, ScaleBody, StartBody
from pmdaemon.control.messages.processes import (
    HistoryBody,
    ListBody,
    SelectBody,
    SendBody,
    SignalBody,
    TriggerBody,
)
from pmdaemon.core.errors import InvalidInput, ReloadInProgress, StoreUnavailable
from pmdaemon.core.selectors import Selector, parse_each
from pmdaemon.engine.engine import Engine
from pmdaemon.server import declaring_verbs
from pmdaemon.server.control_socket import Conversation, Verb
from pmdaemon.server.control_views import (
    explanation_view,
    processes_result,
    reply_view,
    run_view,
)
from pmdaemon.server.following import follow
from pmdaemon.server.progress import waiting_for, with_progress

MOST_RUNS = 1000
"""Runs of jobs that are listed at once."""

Body = TypeVar("Body")
Handler = Callable[[Engine, Any, Conversation], Coroutine[Any, Any, dict[str, Any]]]


def verbs(engine: Engine) -> dict[str, Verb]:
    """Bind every verb to `engine`."""
    bound = {name: _bound(engine, name, *known) for name, known in _TABLE.items()}
    for module, names in (_LATER | _OF_DEPLOYS).items():
        bound |= {name: _later(engine, module, name) for name in names.split()}
    return bound


def _later(engine: Engine, module: str, name: str) -> Verb:
    """Bind a verb that is loaded, with what deploys if need be, when somebody first uses it."""

    async def verb(raw: dict[str, Any], conversation: Conversation) -> dict[str, Any]:
        if module in _OF_DEPLOYS:
            await engine.deploys.load()
        known = import_module(module).TABLE[name]
        return await _bound(engine, name, *known)(raw, conversation)

    return verb


def _bound(
    engine: Engine,
    name: str,
    body_type: Any,  # noqa: ANN401 - a type form
    handler: Handler,
) -> Verb:
    async def verb(raw: dict[str, Any], conversation: Conversation) -> dict[str, Any]:
        try:
            body = msgspec.convert(raw, body_type)
        except msgspec.ValidationError as error:
            from pmdaemon.core.misfits import misfit  # noqa: PLC0415 - only a mistake pays for it

            raise InvalidInput(f"this request cannot be used: {misfit(error)}") from None
        work = handler(engine, body, conversation)
        if name in _TALKING:
            return await work
        return await with_progress(
            work,
            conversation,
            lambda: waiting_for(engine.processes.under_way(), engine.deploys.last_steps()),
        )

    return verb


async def _ping(engine: Engine, _body: EmptyBody, _: Conversation) -> dict[str, Any]:
    return {"pid": os.getpid(), "version": __version__, "home": engine.home}


async def _host(engine: Engine, _body: EmptyBody, _: Conversation) -> dict[str, Any]:
    host: dict[str, Any] = msgspec.to_builtins(await asyncio.to_thread(engine.host.read))
    return host


async def _list(engine: Engine, body: ListBody, _: Conversation) -> dict[str, Any]:
    selectors = parse_each(body["selectors"]) if "selectors" in body else None
    shown = processes_result(engine.processes.list(selectors), detail=body.get("detail", False))
    if (unsaved := engine.processes.unsaved) is not None:
        shown["warnings"] = [unsaved]
    return shown


async def _stop(engine: Engine, body: SelectBody, _: Conversation) -> dict[str, Any]:
    stopped = await engine.processes.stop(parse_each(body["selectors"]))
    names = {one.process.name for one in stopped if engine.triggers.will_start(one.process)}
    warnings = [
        f"{name} is stopped, and its schedule will start it again"
        f" (to prevent that: pmdaemon block {name})"
        for name in sorted(names)
    ]
    return (
        {**processes_result(stopped), "warnings": warnings}
        if warnings
        else processes_result(stopped)
    )


async def _signal(engine: Engine, body: SignalBody, _: Conversation) -> dict[str, Any]:
    name = signal_name(body["signal"])
    return processes_result(await engine.processes.send_signal(parse_each(body["selectors"]), name))


async def _send(engine: Engine, body: SendBody, _: Conversation) -> dict[str, Any]:
    return processes_result(
        engine.conversations.send_line(parse_each(body["selectors"]), body["line"])
    )


async def _trigger(engine: Engine, body: TriggerBody, _: Conversation) -> dict[str, Any]:
    replies = await engine.conversations.trigger(
        parse_each(body["selectors"]), body["action"], body.get("params")
    )
    return {"replies": [reply_view(one.process, one.value) for one in replies]}


async def _delete(engine: Engine, body: SelectBody, _: Conversation) -> dict[str, Any]:
    return processes_result(await engine.processes.delete(parse_each(body["selectors"])))


async def _reset(engine: Engine, body: SelectBody, _: Conversation) -> dict[str, Any]:
    return processes_result(await engine.processes.reset(parse_each(body["selectors"])))


async def _flush(engine: Engine, body: SelectBody, _: Conversation) -> dict[str, Any]:
    return processes_result(engine.processes.flush(parse_each(body["selectors"])))


async def _block(engine: Engine, body: SelectBody, _: Conversation) -> dict[str, Any]:
    return processes_result(await engine.processes.block(parse_each(body["selectors"])))


async def _unblock(engine: Engine, body: SelectBody, _: Conversation) -> dict[str, Any]:
    return processes_result(await engine.processes.unblock(parse_each(body["selectors"])))


async def _explain(engine: Engine, body: SelectBody, _: Conversation) -> dict[str, Any]:
    explained = engine.processes.explain(
        parse_each(body["selectors"]), engine.triggers.cron.next_due
    )
    return {"explanations": [explanation_view(*each) for each in explained]}


async def _history(engine: Engine, body: HistoryBody, _: Conversation) -> dict[str, Any]:
    limit = body.get("limit", MOST_RUNS)
    if not 0 < limit <= MOST_RUNS:
        raise InvalidInput(f"this request cannot be used: limit is 1 to {MOST_RUNS}")
    selectors = parse_each(body["selectors"]) if "selectors" in body else None
    apps = {one.process.name: one.process.spec for one in engine.processes.list(selectors)}
    jobs = [name for name, spec in apps.items() if spec.job is not None]
    if apps and selectors is not None and not jobs:
        raise InvalidInput(f"there is no history of {next(iter(apps))}: it is not a job")
    runs = await engine.history.runs(jobs, limit=limit)
    return {"runs": [run_view(run) for run in runs]}


async def _kill(engine: Engine, _body: EmptyBody, _: Conversation) -> dict[str, Any]:
    try:
        stopped = await engine.processes.stop([Selector.parse("all")])
    except StoreUnavailable as error:
        # As on SIGTERM: what cannot be written down is not to keep programs running.
        sentence = f"{error.message}; all is ended, but the next daemon starts it again"
        raise StoreUnavailable(sentence, code=error.code, **error.details) from error
    finally:
        engine.ending.ask()
    return {**processes_result(stopped), "pid": os.getpid(), "keeper": os.getppid()}


async def _update(engine: Engine, _body: EmptyBody, _: Conversation) -> dict[str, Any]:
    """Make way for a daemon of the code that is installed now; programs do not notice."""
    if engine.processes.reloading:
        raise ReloadInProgress("a reload is going on; try again when that is done")
    await engine.deploys.make_way()
    engine.ending.ask(for_good=False)
    return {"pid": os.getpid(), "version": __version__}


_TABLE: dict[str, tuple[Any, Handler]] = {
    "ping": (EmptyBody, _ping),
    "host": (EmptyBody, _host),
    "list": (ListBody, _list),
    "start": (StartBody, declaring_verbs.start),
    "apply": (ApplyBody, declaring_verbs.apply),
    "stop": (SelectBody, _stop),
    "restart": (AnewBody, declaring_verbs.restart),
    "reload": (AnewBody, declaring_verbs.reload),
    "scale": (ScaleBody, declaring_verbs.scale),
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
    "follow": (SelectBody, follow),
    "kill": (EmptyBody, _kill),
    "update": (EmptyBody, _update),
}

_LATER = {
    "pmdaemon.server.web_verbs": "web web_off token tokens rotate rotate_secret revoke",
    "pmdaemon.server.gateway_verbs": """
        gateway gateway_on gateway_off service service_remove service_mode requests request
    """,
    "pmdaemon.server.certificate_verbs": "certificates certificate_remove certificate_retry",
}
"""Verbs that few use, by the module that has them."""

_OF_DEPLOYS = {
    "pmdaemon.server.platform_verbs": """
        accounts account_add account_remove account_password account_role api_token_add
        api_tokens api_token_remove invite invitations
        invitation_remove projects project project_add project_change project_remove variables
        variables_set variable_remove rotate_sealing domains domain_add domain_verify
        domain_remove webhooks webhook_add webhook_remove
    """,
    "pmdaemon.server.deploy_verbs": """
        deploy rollback deployments deployment deployment_cancel deployment_restart
        deployment_promote deployment_stop deployment_remove deployment_log
    """,
}
"""The same of verbs for those who deploy."""

_TALKING = frozenset({"follow", "web", "requests", "deployment_log"})
"""Those that have more to say than that they are not done yet."""
