"""Which programs take connections by now: nobody tells us, so we ask while it matters."""

from collections.abc import Callable

from pmdaemon.core.process import Identity, Process
from pmdaemon.engine.interfaces import Clock, TcpProbe

FIRST_INTERVAL = 0.02
"""Seconds between the first two looks; each wait is half as long again as the one before."""

LONGEST_INTERVAL = 1.0
"""Seconds between two looks, at which they grow no more."""


class Listening:
    """Looks at the ports of programs until they accept; what once did is not asked again.

    `changed` is called when one has begun to.
    """

    def __init__(self, *, clock: Clock, probe: TcpProbe, changed: Callable[[], None]) -> None:
        self._clock = clock
        self._probe = probe
        self._changed = changed
        self._accepting: set[tuple[Identity, int]] = set()
        self._looking: set[tuple[Identity, int]] = set()

    def accepts(self, process: Process, tcp_port: int) -> bool:
        """Tell whether a program takes connections; if not, look again until it does."""
        if process.run is None:
            return False
        key = process.run.identity, tcp_port
        if key in self._accepting:
            return True
        if key not in self._looking:
            self._looking.add(key)
            self._look(key, FIRST_INTERVAL, at_once=True)
        return key in self._accepting

    def forget_all_but(self, identities: set[Identity]) -> None:
        """Look at programs no longer that are gone, or that nobody asks about any more."""
        self._accepting = {key for key in self._accepting if key[0] in identities}
        self._looking = {key for key in self._looking if key[0] in identities}

    def _look(self, key: tuple[Identity, int], wait: float, *, at_once: bool = False) -> None:
        if key not in self._looking:
            return
        if self._probe.accepts(key[1]):
            self._looking.discard(key)
            self._accepting.add(key)
            if not at_once:
                self._changed()
            return
        longer = min(wait * 1.5, LONGEST_INTERVAL)
        self._clock.call_later(wait, lambda: self._look(key, longer))
