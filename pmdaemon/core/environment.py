"""The environment a program gets."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # `jlist` takes `unique_id` from here, and is done before these are loaded
    from pmdaemon.core.process import Process
    from pmdaemon.core.spec import RunAs

_INTEGER = re.compile(r"-?[0-9]{1,18}")

TOKEN_VARIABLE = "PMDAEMON_TOKEN"  # noqa: S105 - it marks whose a program is, and opens nothing


def token_parts(token: str) -> tuple[str, int]:
    """Take a token apart: which process it is of, and, behind its last dot, of which launch."""
    owner, dot, launch = token.rpartition(".")
    return (owner, int(launch)) if dot and launch.isdecimal() else (token, 0)


def _of_user(run_as: "RunAs") -> dict[str, str]:
    """Say whose program it is, where that is not who started it."""
    found = {"USER": run_as.user, "LOGNAME": run_as.user, "HOME": run_as.home}
    return {name: value for name, value in found.items() if value is not None}


def child_environment(process: "Process") -> dict[str, str]:
    """Put together what the program of `process` is started with.

    What was declared beats what was inherited; what tells the program who it is beats both.
    """
    spec = process.spec
    environment = {"PYTHONUNBUFFERED": "1", **spec.inherited_env, **_of_user(spec.run_as)}
    environment.update(_as_with_pm2(process))
    if process.serving_port is not None:
        environment["PORT"] = str(process.serving_port)
    environment.update(spec.env)
    if spec.increment_var is not None:
        declared = spec.env.get(spec.increment_var, "")
        environment[spec.increment_var] = _incremented(declared, process.instance)
    environment.update(
        {spec.instance_var: str(process.instance)},
        PMDAEMON_ID=str(process.seat),
        PMDAEMON_INSTANCE=str(process.instance),
        PMDAEMON_NAME=spec.name,
        PMDAEMON_NAMESPACE=spec.namespace,
        pm_id=str(process.seat),
    )
    return environment


def unique_id(created: float, pm_id: int) -> str:
    """Make what tells a process from all others of its home, in PM2's form.

    Args:
        created: when it was, in seconds since the epoch.
        pm_id: its id.

    """
    digits = f"{round(created * 1_000_000):016x}{pm_id:016x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _as_with_pm2(process: "Process") -> dict[str, str]:
    """Say what programs that were written for PM2 look for; what was declared beats it."""
    spec = process.spec
    return {
        "name": spec.name,
        "namespace": spec.namespace,
        "exec_mode": f"{spec.exec_mode}_mode",
        "instances": str(spec.instances),
        "pm_cwd": spec.cwd,
        "restart_time": str(process.restarts),
        "status": "launching",
        "unique_id": unique_id(process.created.wall, process.seat),
        "created_at": str(round(process.created.wall * 1000)),
    }


def _incremented(declared: str, instance: int) -> str:
    """Count on from what was declared, or from 0 where that is no number."""
    found = _INTEGER.fullmatch(declared.strip())
    return str((int(found[0]) if found is not None else 0) + instance)
