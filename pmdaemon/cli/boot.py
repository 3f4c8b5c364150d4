"""What `startup` and `unstartup` have in common: whose service it is, and which manager's."""

import os
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
from msgspec import Struct

from pmdaemon.cli.context import Context
from pmdaemon.cli.errors import RootNeeded, WrongUsage
from pmdaemon.config.paths import Home
from pmdaemon.control.starter import importable
from pmdaemon.core.errors import Unsupported
from pmdaemon.core.wording import shown
from pmdaemon.install.accounts import Account, account_named, current_account
from pmdaemon.install.launchd import Launchd
from pmdaemon.install.platforms import manager_for
from pmdaemon.install.systemd import Systemd

LONGEST_NAME = 200
"""Characters in the name of a service; systemd.unit(5) allows 255, with suffixes."""

NOTHING_TO_TELL = "neither systemd nor launchd runs this system"


class Boot(Struct, frozen=True):
    """Which service the command line is about."""

    manager: Systemd | Launchd
    account: Account
    name: str
    own: bool
    """Whether it is in the user's own service manager, not in the system's."""


def boot_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command what says which service it is about."""
    for decorate in (
        click.option(
            "--dry-run", is_flag=True, help="Show what would be done, and change nothing."
        ),
        click.option(
            "--service-name", metavar="NAME", help="Name of the service; default pmdaemon-USER."
        ),
        click.option(
            "--home",
            "--hp",
            "home",
            metavar="DIR",
            help="Home of the daemon, if it is not the usual one.",
        ),
        click.option("-u", "--user", metavar="NAME", help="User who owns the daemon; default you."),
        click.option(
            "--user-unit", is_flag=True, help="Use your own service manager, which needs no root."
        ),
        click.argument("platform", required=False, metavar="[systemd|launchd]"),
    ):
        function = decorate(function)
    return function


def boot_of(
    context: Context,
    *,
    platform: str | None,
    user_unit: bool,
    user: str | None,
    service_name: str | None,
) -> Boot:
    """Read the options that `boot_options` gives.

    Raises:
        PmdaemonError: they cannot be used, or not together.

    """
    me = current_account(context.environment.get("HOME"))
    account = account_named(user) if user is not None else me
    if user_unit and account.uid != me.uid:
        raise WrongUsage(f"--user-unit is for yourself, and you are not {account.name}")
    config = context.environment.get("XDG_CONFIG_HOME", "")
    manager = manager_for(
        platform,
        account if user_unit else None,
        config=Path(config) if Path(config).is_absolute() else None,
    )
    return Boot(manager, account, _checked(service_name) or account.service_name, user_unit)


def home_of(context: Context, boot: Boot, given: str | None) -> Home:
    """Find the home that the service is for.

    Raises:
        WrongUsage: it is another user's, and nobody said where.

    """
    if given is not None:
        return Home.from_environment({**context.environment, "PMDAEMON_HOME": given})
    if boot.account.uid == os.geteuid():
        return Home.from_environment({"HOME": str(boot.account.folder), **context.environment})
    if sys.platform != "linux":
        raise WrongUsage(f"say by --home where the daemon of {boot.account.name} has its home")
    return Home.from_environment({"HOME": str(boot.account.folder)})


def check_possible(boot: Boot, again: Sequence[str], context: Context) -> None:
    """See that the service manager is there, and that we may tell it anything.

    Args:
        again: the command line that does the same as root.

    Raises:
        Unsupported: this system has another, or none.
        RootNeeded: with the line to type.

    """
    if not boot.manager.is_there:
        raise Unsupported(f"{NOTHING_TO_TELL}; in a container, use pmdaemon runtime")
    if not boot.own and os.geteuid() != 0:
        path = context.environment.get("PATH") or os.defpath
        variables = {"PATH": path, **importable({})}
        line = shlex.join(
            [
                "sudo",
                "env",
                *(f"{name}={value}" for name, value in variables.items()),
                *(sys.executable, "-P", "-m", "pmdaemon"),
                *again,
            ]
        )
        raise RootNeeded(str(boot.manager.path(boot.name)), line)


def _checked(name: str | None) -> str | None:
    if name is None:
        return None
    name = name.removesuffix(".service").removesuffix(".plist")
    if not re.fullmatch(r"[A-Za-z0-9:_.][A-Za-z0-9:_.-]*", name) or len(name) > LONGEST_NAME:
        raise WrongUsage(
            f"{shown(name)} cannot name a service: up to {LONGEST_NAME} letters, digits"
            " and any of : _ . - can"
        )
    return name
