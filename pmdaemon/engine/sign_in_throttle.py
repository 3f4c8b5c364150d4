"""How often somebody may be wrong about a password.

Wrong tries are counted by where they come from and for which account, together: whoever guesses
from somewhere locks out nobody who signs in from elsewhere.
"""

import math
from collections import OrderedDict

from pmdaemon.core.platform_errors import TooManyAttempts
from pmdaemon.engine.interfaces import Clock

FREE_TRIES = 5
"""Wrong tries before somebody has to wait."""

FIRST_WAIT = 30.0
LONGEST_WAIT = 900.0
"""Seconds; each further try that is wrong doubles the wait, up to this."""

FORGOTTEN = 3600.0
"""Seconds after which wrong tries count no more."""

MOST_REMEMBERED = 4096
"""Of whom wrong tries are known; beyond that those of the longest ago are forgotten."""


class SignInThrottle:
    """Remembers wrong tries: how many, and when the latest was."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wrong: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()

    def check(self, origin: str, account: str) -> None:
        """Let a try through, or not.

        Raises:
            TooManyAttempts: there were too many wrong ones.

        """
        tries, latest = self._tries(origin, account)
        if tries < FREE_TRIES:
            return
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(tries - FREE_TRIES, 10))
        left = latest + wait - self._clock.now().monotonic
        if left > 0:
            raise TooManyAttempts(math.ceil(left))

    def wrong(self, origin: str, account: str) -> None:
        """Count a wrong try."""
        tries, _ = self._tries(origin, account)
        key = (origin, account)
        self._wrong[key] = (tries + 1, self._clock.now().monotonic)
        self._wrong.move_to_end(key)
        if len(self._wrong) > MOST_REMEMBERED:
            self._wrong.popitem(last=False)

    def right(self, origin: str, account: str) -> None:
        """Forget wrong tries, as this one was right."""
        self._wrong.pop((origin, account), None)

    def _tries(self, origin: str, account: str) -> tuple[int, float]:
        tries, latest = self._wrong.get((origin, account), (0, 0.0))
        if self._clock.now().monotonic - latest > FORGOTTEN:
            return 0, 0.0
        return tries, latest
