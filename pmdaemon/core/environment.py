"""The environment a program gets."""

from pmdaemon.core.process import Process

TOKEN_VARIABLE = "PMDAEMON_TOKEN"  # noqa: S105 - it marks whose a program is, and opens nothing


def token_owner(token: str) -> str:
    """Say which process a token is of, whatever the launch, whose number is behind its last dot."""
    owner, dot, launch = token.rpartition(".")
    return owner if dot and launch.isdecimal() else token


def child_environment(process: Process) -> dict[str, str]:
    """Put together what the program of `process` is started with.

    What was declared beats what was inherited; what tells the program who it is beats both.
    """
    spec = process.spec
    environment = {"PYTHONUNBUFFERED": "1", **spec.inherited_env}
    if process.tcp_port is not None:
        environment["PORT"] = str(process.tcp_port)
    environment.update(spec.env)
    environment.update(
        PMDAEMON_ID=str(process.pm_id),
        PMDAEMON_INSTANCE=str(process.instance),
        PMDAEMON_NAME=spec.name,
        PMDAEMON_NAMESPACE=spec.namespace,
        NODE_APP_INSTANCE=str(process.instance),
        pm_id=str(process.pm_id),
    )
    return environment
