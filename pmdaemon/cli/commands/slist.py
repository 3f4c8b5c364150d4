"""`slist`."""

import time

from pmdaemon.cli.context import Context, say_json
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option
from pmdaemon.client.blocking import Client
from pmdaemon.control.messages.daemon import HostResult

INTERVAL = 0.2
"""Seconds over which the use of the CPU is measured."""


@command_named("slist")
@json_option
def command(context: Context, *, json: bool) -> None:
    """Print what the machine has and uses, in PM2's format.

    With --json in our own: sizes in bytes, CPU in percent of all cores, uptime in seconds.
    """
    client = context.client()
    say_json(_asked_twice(client) if json else measured(client))


def measured(client: Client) -> dict[str, object]:
    """Measure what the machine uses, in PM2's words."""
    return metrics_of(_asked_twice(client))


def _asked_twice(client: Client) -> HostResult:
    client.host()
    # The use of the CPU is that since somebody asked before, which may be hours.
    time.sleep(INTERVAL)
    return client.host()


def metrics_of(host: HostResult) -> dict[str, object]:
    """Word what the machine uses by the names that PM2 has for it."""
    memory, disk = host["memory"], host["disk"]
    return {
        "CPU Usage": _metric(host["cpu"], "%"),
        "Load Average": _metric(host["load_average"][0], ""),
        "RAM Usage": _metric(_share(memory["used"], memory["total"]), "%"),
        "RAM Total": _metric(memory["total"] // 1024**2, "mb"),
        "RAM Free": _metric(memory["free"] // 1024**2, "mb"),
        "fs:use:/": _metric(_share(disk["used"], disk["total"]), "%"),
        "Uptime": _metric(int(host["uptime"]), "s"),
    }


def _metric(value: float, unit: str) -> dict[str, object]:
    return {"value": value, "type": "metric", "unit": unit, "historic": True}


def _share(used: int, total: int) -> float:
    return round(100 * used / total, 1) if total else 0.0
