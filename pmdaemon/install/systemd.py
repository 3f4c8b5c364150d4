"""systemd: the system's manager, or that of one user."""

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from pmdaemon.install.managers import Command
from pmdaemon.install.units import Service, system_unit, user_unit

BOOTED = Path("/run/systemd/system")
"""Is there when systemd runs the system (sd_booted(3))."""

SYSTEM_UNITS = Path("/etc/systemd/system")


class Systemd(Struct, frozen=True):
    """A systemd: how it is called, the folder of its units, and what one looks like."""

    systemctl: tuple[str, ...]
    units: Path
    write: Callable[[Service], str]

    @property
    def is_there(self) -> bool:
        """Whether systemd runs this system."""
        return BOOTED.is_dir()

    def path(self, name: str) -> Path:
        """Say where a unit is."""
        return self.units / f"{name}.service"

    def text(self, service: Service) -> str:
        """Write a unit."""
        return self.write(service)

    def enabling(self, name: str, *, start: bool) -> list[Command]:
        """List the commands that enable a unit."""
        now = ("--now",) if start else ()
        return [
            (*self.systemctl, "daemon-reload"),
            (*self.systemctl, "enable", *now, f"{name}.service"),
        ]

    def starting(self, name: str) -> Command:
        """Give the command that starts a unit."""
        return (*self.systemctl, "start", f"{name}.service")

    def forgetting(self, name: str) -> list[Command]:
        """List the commands that disable a unit, without stopping it."""
        return [(*self.systemctl, "disable", f"{name}.service")]

    def after_removal(self) -> list[Command]:
        """List the commands after which systemd knows that a unit is gone."""
        return [(*self.systemctl, "daemon-reload")]


def system() -> Systemd:
    """Give the one whose units start at boot, and are root's to write."""
    return Systemd(("systemctl",), SYSTEM_UNITS, system_unit)


def of_user(config: Path) -> Systemd:
    """Give a user's own, which needs no special rights.

    Args:
        config: the user's folder of configuration, `~/.config` for most.

    """
    return Systemd(("systemctl", "--user"), config / "systemd" / "user", user_unit)
