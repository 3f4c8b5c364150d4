"""The verbs of the control channel that say how apps are to be."""

from collections.abc import Sequence
from typing import Any, Literal

from pmdaemon.config import app_fields, declarations
from pmdaemon.config.app_fields import Declared
from pmdaemon.config.changes import changed
from pmdaemon.control.messages.declaring import AnewBody, ApplyBody, ScaleBody, StartBody
from pmdaemon.core.errors import InvalidInput, ProcessNotFound
from pmdaemon.core.selectors import Selector, parse_each
from pmdaemon.engine.engine import Engine
from pmdaemon.engine.planner import Change, Existing, unchanged
from pmdaemon.engine.redeclaring import start_or_reload
from pmdaemon.server.control_socket import Conversation
from pmdaemon.server.control_views import (
    processes_result,
    step_view,
)


async def start(engine: Engine, body: StartBody, _: Conversation) -> dict[str, Any]:
    """Bring up what is named, or what is declared."""
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
        shown = processes_result(await engine.processes.start([Selector.parse(body["target"])]))
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
        return {**processes_result(reloaded.processes), "warnings": warnings}
    started = await engine.processes.start_apps(specs, existing=existing, down=down)
    return {**processes_result(started), "warnings": warnings}


async def apply(engine: Engine, body: ApplyBody, _: Conversation) -> dict[str, Any]:
    """Bring what is there into line with apps, and touch nothing else."""
    declared = _declared(engine, body)
    steps, reached = await engine.processes.apply(
        [one.spec for one in declared],
        whole=body.get("whole", True),
        prune=body.get("prune", False),
        dry_run=body.get("dry_run", False),
    )
    return {
        **processes_result(reached),
        "steps": [step_view(step) for step in steps],
        "warnings": [text for one in declared for text in one.warnings],
    }


async def restart(engine: Engine, body: AnewBody, _: Conversation) -> dict[str, Any]:
    """Stop processes and start them, with what is declared otherwise."""
    selectors = parse_each(body["selectors"])
    return processes_result(await engine.processes.restart(selectors, change=_change(body)))


async def reload(engine: Engine, body: AnewBody, _: Conversation) -> dict[str, Any]:
    """Put new runs in the place of those that serve."""
    parallel = body.get("parallel", 1)
    if parallel < 1:
        raise InvalidInput(f"cannot reload {parallel} instances at a time")
    reloaded = await engine.processes.reload(
        parse_each(body["selectors"]), change=_change(body), parallel=parallel
    )
    return {**processes_result(reloaded.processes), "warnings": _gaps(reloaded.restarted)}


async def scale(engine: Engine, body: ScaleBody, _: Conversation) -> dict[str, Any]:
    """Have so many instances of an app up."""
    return processes_result(await engine.processes.scale(body["name"], body["count"]))


def _declared(engine: Engine, body: StartBody | ApplyBody) -> list[Declared]:
    return app_fields.read_apps(
        body.get("apps", []),
        base=body["cwd"],
        environment=body["environment"],
        source=body.get("source", "the request"),
        interpolate=body.get("interpolate", False),
        env_name=body.get("env_name"),
        file=body.get("file"),
        existing={one.name for one in engine.processes.known},
    )


def _handed_on(body: StartBody) -> list[Declared]:
    specs = declarations.specs_of(
        body.get("declarations", []),
        source=body.get("source", "the request"),
        environment=body["environment"],
    )
    return [Declared(spec) for spec in specs]


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
