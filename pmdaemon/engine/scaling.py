"""How many instances an app has: what `scale` makes of the processes that there are.

The highest instances go first, and new ones get the lowest numbers that are free: so the numbers
are always those from 0 on, and instance 0, which many programs give the work that is to be done
once, is the last that goes.
"""

import re
from collections.abc import Sequence

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.process import Process
from pmdaemon.core.wording import shown

MOST_INSTANCES = 1000
"""More of one app are a mistake on any machine."""

_SPELLING = re.compile(r"([+-]?)([0-9]{1,9})")


def wanted_count(text: str, now: int) -> int:
    """Read `4`, `+2` or `-1`, where there are `now` of them.

    Raises:
        InvalidInput: it is none of these, or there would be fewer than none, or far too many.

    """
    spelling = _SPELLING.fullmatch(text.strip())
    if spelling is None:
        raise InvalidInput(
            f"not a number of instances: {shown(text)} (as 4, +2 or -1)", value=shown(text)
        )
    sign, digits = spelling.groups()
    number = int(digits)
    count = {"": number, "+": now + number, "-": now - number}[sign]
    if not 0 <= count <= MOST_INSTANCES:
        raise InvalidInput(
            f"cannot have {count} instances: 0 to {MOST_INSTANCES} are possible",
            instances=count,
            limit=MOST_INSTANCES,
        )
    return count


def surplus(processes: Sequence[Process], count: int) -> list[Process]:
    """Pick those that are to go when `count` are to be left: the highest instances."""
    return sorted(processes, key=lambda one: one.instance)[count:]


def missing(processes: Sequence[Process], count: int) -> list[int]:
    """List the instance numbers that are to be added when there are to be `count`."""
    taken = {one.instance for one in processes}
    free = [number for number in range(count + len(taken)) if number not in taken]
    return free[: max(0, count - len(processes))]
