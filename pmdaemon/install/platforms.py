"""Which service manager is meant, by its own name or by that of a system that has it."""

import sys
from pathlib import Path

from pmdaemon.core.errors import InvalidInput, Unsupported
from pmdaemon.core.wording import shown
from pmdaemon.install import launchd, systemd
from pmdaemon.install.accounts import Account
from pmdaemon.install.launchd import Launchd
from pmdaemon.install.systemd import Systemd

SYSTEMD = frozenset({"systemd", "ubuntu", "centos", "redhat", "arch", "oracle", "debian", "fedora"})
LAUNCHD = frozenset({"launchd", "darwin", "macos"})
OTHERS = frozenset(
    {
        "amazon", "centos6", "freebsd", "openbsd", "openrc", "rcd", "rcd-openbsd", "smf", "solaris",
        "sunos", "systemv", "ubuntu12", "ubuntu14", "upstart",
    }
)  # fmt: skip
"""Names that PM2 takes, of service managers that we write nothing for."""


def manager_for(
    platform: str | None, owner: Account | None, *, config: Path | None = None
) -> Systemd | Launchd:
    """Choose a service manager: the one named, or the one that is usual here.

    Args:
        platform: what was typed.
        owner: the user whose own service manager is meant; None for the system's.
        config: that user's folder of configuration, where it is not `~/.config`.

    Raises:
        Unsupported: we know it, and write nothing for it.
        InvalidInput: nobody knows it.

    """
    name = (platform or ("launchd" if sys.platform == "darwin" else "systemd")).lower()
    if name in SYSTEMD:
        if owner is None:
            return systemd.system()
        return systemd.of_user(config or owner.folder / ".config")
    if name in LAUNCHD:
        return launchd.system() if owner is None else launchd.of_user(owner.folder, owner.uid)
    if name in OTHERS:
        raise Unsupported(f"units are written for systemd and launchd, not for {name}")
    raise InvalidInput(f"no such service manager: {shown(name)}; there are systemd and launchd")
