"""How often an address may ask."""

import re
from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.quantities import parse_duration
from pmdaemon.core.wording import shown

MOST_REQUESTS = 1_000_000
"""In one limit: it keeps the time of each."""

_RATE = re.compile(r"([0-9]{1,7})/([0-9.]+ ?(?:ms|s|m|h|d))", re.IGNORECASE)


class RateLimit(Struct, frozen=True):
    """How many requests one address may make within how many seconds."""

    requests: int
    seconds: float


class RateKind(StrEnum):
    """What has limits of its own: deploying over HTTP, and to sign in or register for that."""

    DEPLOY = "deploy"
    SIGN_IN = "sign_in"


Rates = Mapping[RateKind, tuple[RateLimit, ...]]

RATES: Rates = {
    RateKind.DEPLOY: (RateLimit(300, 60.0),),
    RateKind.SIGN_IN: (RateLimit(20, 60.0),),
}
"""What holds where nobody says otherwise; several at once are as good as one after another."""


def parse_rate_limit(text: str) -> RateLimit:
    """Read a limit, as `100/60s`.

    Raises:
        InvalidInput: it is none.

    """
    found = _RATE.fullmatch(text.strip())
    limit = RateLimit(int(found[1]), parse_duration(found[2])) if found is not None else None
    if limit is None or not 1 <= limit.requests <= MOST_REQUESTS or not limit.seconds:
        raise InvalidInput(
            f"not a limit: {shown(text)} (examples: 100/60s, 20/10s)", code="invalid_rate_limit"
        )
    return limit
