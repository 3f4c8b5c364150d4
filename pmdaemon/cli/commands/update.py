"""`update`."""

from pmdaemon.cli.context import Context, say_json
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option


@command_named("update")
@json_option
def command(context: Context, *, json: bool) -> None:
    """Switch the daemon to the version that is installed now.

    Programs keep running, with the same pids. Other commands wait for a moment and are answered by
    the new daemon. Builds in progress start over; deployments past that point are waited for.
    """
    before, now = context.client().update()
    if json:
        say_json({"before": before, "now": now})
    else:
        print(
            f"updated the daemon: {before['version']} (pid {before['pid']})"
            f" -> {now['version']} (pid {now['pid']})"
        )
