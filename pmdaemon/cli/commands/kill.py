"""`kill`."""

from pmdaemon.cli.context import Context, say, say_json
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option
from pmdaemon.core.errors import DaemonNotRunning


@command_named("kill")
@json_option
def command(context: Context, *, json: bool) -> None:
    """Stop all programs, and then the daemon.

    The list is kept, with everything in it stopped, for the next daemon.
    """
    try:
        result = context.client(start=False).kill()
    except DaemonNotRunning:
        if json:
            say_json({"pid": None, "processes": []})
        else:
            print("no daemon is running")
        return
    say(result, f"stopped the daemon (pid {result['pid']}) and all programs", json=json)
