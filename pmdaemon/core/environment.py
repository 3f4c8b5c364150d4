"""The environment a program gets."""

from pmdaemon.core.process import Process

TOKEN_VARIABLE = "PMDAEMON_TOKEN"  # noqa: S105 - it marks whose a program is, and opens nothing


def token_parts(token: str) -> tuple[str, int]:
    """Take a token apart: which process it is of, and, behind its last dot, of which launch."""
    owner, dot, launch = token.rpartition(".")
    return (owner, int(launch)) if dot and launch.isdecimal() else (token, 0)


def child_environment(process: Process) -> dict[str, str]:
    """Put together what the program of `process` is started with.

    What was declared beats what was inherited; what tells the program who it is beats both.
    """
    spec = process.spec
    environment = {"PYTHONUNBUFFERED": "1", **spec.inherited_env}
    port = process.tcp_port or spec.shared_port
    if port is not None:
        environment["PORT"] = str(port)
    environment.update(spec.env)
    if spec.increment_var is not None:
        first = spec.env.get(spec.increment_var, "0")
        number = int(first) if first.isdecimal() else 0
        environment[spec.increment_var] = str(number + process.instance)
    environment.update(
        {spec.instance_var: str(process.instance)},
        PMDAEMON_ID=str(process.seat),
        PMDAEMON_INSTANCE=str(process.instance),
        PMDAEMON_NAME=spec.name,
        PMDAEMON_NAMESPACE=spec.namespace,
        pm_id=str(process.seat),
    )
    return environment
