"""Whom the settings of the home let in no more, whatever they show."""

from collections.abc import Collection

from pmdaemon.core.notices import AccessChanged
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.interfaces import Revocations


class Revoked:
    """The names that the settings revoke; that they are others is noticed when one is asked for."""

    def __init__(self, *, settings: Revocations, bus: Bus) -> None:
        self._settings = settings
        self._bus = bus
        self._names: Collection[str] = settings.names()

    def __contains__(self, name: str) -> bool:
        """Whether tokens of this name let nobody in."""
        names = self._settings.names()
        if names != self._names:
            self._names = names
            self._bus.publish(AccessChanged())
        return name.strip().lower() in names
