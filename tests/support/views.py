"""Processes and runs of jobs as the daemon words them."""

from typing import Any

import msgspec

from pmdaemon.core.spec import AppSpec, Command

DECLARED = AppSpec(
    name="app",
    command=Command("app.js", (), None, ("/usr/bin/node", "/srv/app.js")),
    cwd="/srv",
    env={"MODE": "test"},
    inherited_env={"PATH": "/usr/bin", "HOME": "/root"},
)


def a_view(
    name: str = "app", *, detail: bool = False, spec: AppSpec = DECLARED, **changes: Any
) -> dict[str, Any]:
    """Word a process that is online, but for `changes`; with `detail`, as declared by `spec`."""
    view = {
        "pm_id": 0,
        "name": name,
        "called": name,
        "namespace": "default",
        "instance": 0,
        "script": "app.js",
        "state": "online",
        "ready": True,
        "wish": "up",
        "pid": 1234,
        "tcp_port": None,
        "ports": str(spec.tcp_ports) if spec.tcp_ports else None,
        "cpu": 1.25,
        "memory": 47395635,
        "uptime": 130.5,
        "restarts": 0,
        "started": 1700000000.25,
        "created": 1699999999.0,
        "last_exit": None,
        "last_cause": None,
        "reason": None,
        "last_words": [],
        "health": None,
        "out_file": f"/logs/{name}-0.out",
        "error_file": f"/logs/{name}-0.err",
    }
    unknown = changes.keys() - view.keys()
    if unknown:
        raise ValueError(f"no such fields: {unknown}")
    view |= changes
    if detail:
        view["declaration"] = msgspec.json.decode(msgspec.json.encode(spec))
        view["added_env"] = {"PMDAEMON_NAME": name}
    return view


def a_run(**changes: Any) -> dict[str, Any]:
    """Word a run of a job that went well, but for `changes`."""
    return {
        "app": "report",
        "pm_id": 3,
        "due": 1700000000.0,
        "began": 1700000000.0,
        "ended": 1700000004.2,
        "outcome": "succeeded",
        "exit": {"code": 0, "signal": None},
        "out": {"start": 10, "end": 2058},
        "err": {"start": 0, "end": 0},
        **changes,
    }
