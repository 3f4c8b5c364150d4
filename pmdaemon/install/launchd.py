"""launchd: the system's domain, or that of one user."""

import sys
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from pmdaemon.install.managers import Command
from pmdaemon.install.units import Service, launchd_agent, launchd_daemon

DAEMONS = Path("/Library/LaunchDaemons")


class Launchd(Struct, frozen=True):
    """A launchd: its domain, the folder of its property lists, and what one looks like.

    It reads that folder at boot, or at login, by itself. Told to forget a service, it would end
    it, and the programs are to go on: so it is told nothing, and finds no file the next time.
    """

    domain: str
    lists: Path
    write: Callable[[Service], str]

    @property
    def is_there(self) -> bool:
        """Whether launchd runs this system."""
        return sys.platform == "darwin"

    def path(self, name: str) -> Path:
        """Say where a property list is."""
        return self.lists / f"{name}.plist"

    def text(self, service: Service) -> str:
        """Write a property list."""
        return self.write(service)

    def enabling(self, name: str, *, start: bool) -> list[Command]:
        """List the commands that have it read a property list now."""
        return [self.starting(name)] if start else []

    def starting(self, name: str) -> Command:
        """Give the command that starts a service."""
        return ("launchctl", "bootstrap", self.domain, str(self.path(name)))

    def forgetting(self, name: str) -> list[Command]:  # noqa: ARG002 - nothing has to be told
        """List no command."""
        return []

    def after_removal(self) -> list[Command]:
        """List no command."""
        return []


def system() -> Launchd:
    """Give the one whose daemons start at boot, and are root's to write."""
    return Launchd("system", DAEMONS, launchd_daemon)


def of_user(folder: Path, uid: int) -> Launchd:
    """Give a user's own, whose agents start at login.

    Args:
        folder: the user's home folder.
        uid: the user's number, by which launchd knows the domain.

    """
    return Launchd(f"gui/{uid}", folder / "Library" / "LaunchAgents", launchd_agent)
