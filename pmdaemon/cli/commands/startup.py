"""`startup`."""

import os
import shlex
import sys

import click

from pmdaemon import KEEPER_COMMAND
from pmdaemon.cli.boot import (
    NOTHING_TO_TELL,
    Boot,
    boot_of,
    boot_options,
    check_possible,
    home_of,
)
from pmdaemon.cli.context import Context
from pmdaemon.cli.options import command as command_named
from pmdaemon.client.blocking import Client
from pmdaemon.config.paths import Home
from pmdaemon.control.starter import importable
from pmdaemon.core.errors import DaemonNotRunning
from pmdaemon.install.managers import install
from pmdaemon.install.systemd import Systemd
from pmdaemon.install.units import Service

LEAST_STOP_PATIENCE = 90
"""Seconds that a service manager gives the keeper to end all programs, at the least."""

BEYOND_GRACE = 30
"""Seconds on top of the longest grace: for SIGKILL to show, and for the daemon's own end."""


@command_named("startup")
@boot_options
@click.option("--wait-ip", is_flag=True, help="Wait at boot until the network is up.")
def command(
    context: Context,
    *,
    platform: str | None,
    user_unit: bool,
    user: str | None,
    home: str | None,
    service_name: str | None,
    wait_ip: bool,
    dry_run: bool,
) -> None:
    """Start the daemon, and the programs that were up, at boot.

    A unit for systemd or launchd is written and enabled; if no daemon runs, one is started. There
    is nothing to save: what was up is up again. With --user-unit your own service manager starts
    the daemon at login, or at boot if you linger.
    """
    boot = boot_of(
        context, platform=platform, user_unit=user_unit, user=user, service_name=service_name
    )
    place = home_of(context, boot, home)
    if not dry_run:
        check_possible(boot, _again(boot, place, wait_ip=wait_ip), context)
    running, grace = _daemon_in(place)
    service = Service(
        name=boot.name,
        user=boot.account.name,
        argv=[
            *(sys.executable, *KEEPER_COMMAND),
            *("--home", place.path, "--take-over", "yes"),
        ],
        environment=_environment(context, place),
        stop_patience=max(LEAST_STOP_PATIENCE, int(grace) + BEYOND_GRACE),
        wait_for_ip=wait_ip,
    )
    if dry_run:
        print(boot.manager.text(service), end="")
        _say_what_would_be(boot, start=running is None)
        return
    written = install(boot.manager, service, start=running is None)
    print(f"wrote {written}")
    if running is None:
        print("the daemon has been started, and starts at boot from now on")
        return
    line = shlex.join(boot.manager.starting(boot.name))
    print(f"the running daemon (pid {running}) continues; this starts it from the next boot on")
    print(f"to hand it over at once, without stopping programs: {line}")


def _again(boot: Boot, home: Home, *, wait_ip: bool) -> list[str]:
    platform = "systemd" if isinstance(boot.manager, Systemd) else "launchd"
    named = boot.name != boot.account.service_name
    return [
        *("startup", platform, "-u", boot.account.name, "--home", home.path),
        *(("--service-name", boot.name) if named else ()),
        *(("--wait-ip",) if wait_ip else ()),
    ]


def _daemon_in(home: Home) -> tuple[int | None, float]:
    """Find out who runs there, and how long the longest grace is, in seconds."""
    client = Client(home, start=False)
    try:
        running = client.ping()["pid"]
    except DaemonNotRunning:
        return None, 0.0
    views = client.list(detail=True)
    return running, max((view["declaration"]["stop"]["grace"] for view in views), default=0.0)


def _environment(context: Context, home: Home) -> dict[str, str]:
    path = context.environment.get("PATH") or os.defpath
    return {"PATH": path, "PMDAEMON_HOME": home.path, **importable({})}


def _say_what_would_be(boot: Boot, *, start: bool) -> None:
    print(f"would be written to {boot.manager.path(boot.name)}", file=sys.stderr)
    for line in boot.manager.enabling(boot.name, start=start):
        print(f"would be run: {shlex.join(line)}", file=sys.stderr)
    if not boot.manager.is_there:
        print(f"here that would be refused: {NOTHING_TO_TELL}", file=sys.stderr)
