"""Processes as the daemon words them."""

from typing import Any


def a_view(name: str = "app", *, detail: bool = False, **changes: Any) -> dict[str, Any]:
    """Word a process that is online, but for `changes`; those of the declaration need `detail`."""
    declaration = {
        "args": [],
        "interpreter": None,
        "interpreter_args": [],
        "argv": ["/usr/bin/node", "/srv/app.js"],
        "cwd": "/srv",
        "env": {"MODE": "test"},
        "inherited_env": {"PATH": "/usr/bin", "HOME": "/root"},
        "instances": 1,
        "port": None,
        "max_memory": None,
        "autorestart": True,
        "max_restarts": 16,
        "min_uptime": 1.0,
        "restart_delay": 0.0,
        "stop_exit_codes": [],
        "stop_signal": "SIGINT",
        "grace": 1.6,
        "log_max_size": 10485760,
        "log_keep": 10,
        "log_max_age": 2592000.0,
        "log_compress": True,
    }
    view = {
        "pm_id": 0,
        "name": name,
        "namespace": "default",
        "instance": 0,
        "script": "app.js",
        "state": "online",
        "wish": "up",
        "pid": 1234,
        "tcp_port": None,
        "cpu": 1.25,
        "memory": 47395635,
        "uptime": 130.5,
        "restarts": 0,
        "started": 1700000000.25,
        "created": 1699999999.0,
        "last_exit": None,
        "last_cause": None,
        "reason": None,
        "out_file": f"/logs/{name}-0.out",
        "error_file": f"/logs/{name}-0.err",
    }
    unknown = changes.keys() - view.keys() - declaration.keys()
    if unknown:
        raise ValueError(f"no such fields: {unknown}")
    view |= {key: value for key, value in changes.items() if key in view}
    if detail:
        view["declaration"] = declaration | {
            key: value for key, value in changes.items() if key in declaration
        }
    return view
