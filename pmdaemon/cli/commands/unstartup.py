"""`unstartup`."""

import shlex

from pmdaemon.cli.boot import Boot, boot_of, boot_options, check_possible
from pmdaemon.cli.context import Context
from pmdaemon.cli.options import command as command_named
from pmdaemon.install.managers import uninstall
from pmdaemon.install.systemd import Systemd


@command_named("unstartup")
@boot_options
def command(
    context: Context,
    *,
    platform: str | None,
    user_unit: bool,
    user: str | None,
    home: str | None,  # noqa: ARG001 - taken, so that both commands may be typed alike
    service_name: str | None,
    dry_run: bool,
) -> None:
    """Undo `startup`: nothing is started at boot any more.

    The daemon and the programs go on running; `pmdaemon kill` ends them.
    """
    boot = boot_of(
        context, platform=platform, user_unit=user_unit, user=user, service_name=service_name
    )
    path = boot.manager.path(boot.name)
    if dry_run:
        for line in boot.manager.forgetting(boot.name):
            print(f"would be run: {shlex.join(line)}")
        print(f"would be removed: {path}")
        for line in boot.manager.after_removal():
            print(f"would be run: {shlex.join(line)}")
        return
    check_possible(boot, _again(boot), context)
    if uninstall(boot.manager, boot.name) is None:
        print(f"there is nothing to undo: no file {path}")
    else:
        print(f"removed {path}; everything that is running continues")


def _again(boot: Boot) -> list[str]:
    platform = "systemd" if isinstance(boot.manager, Systemd) else "launchd"
    named = boot.name != boot.account.service_name
    return [
        *("unstartup", platform, "-u", boot.account.name),
        *(("--service-name", boot.name) if named else ()),
    ]
