"""Remembers the requests that went through the gateway lately, and tells of new ones."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence

from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.process import Instant
from pmdaemon.core.request_records import RequestFilter, RequestRecord
from pmdaemon.core.wording import shown
from pmdaemon.engine.interfaces import Clock

KEPT = 1000
"""Requests that are remembered; those on their way count, too."""

Subscriber = Callable[[RequestRecord], None]


class RequestNotFound(PmdaemonError):
    """A request that is not remembered, or never was."""

    code = "request_not_found"


class RequestLog:
    """A ring of records, the youngest last.

    Subscribers are told of each request twice: when it begins, and when it has ended. They are not
    on the bus, as there may be thousands a second and nobody listening.
    """

    def __init__(self, *, clock: Clock, kept: int = KEPT) -> None:
        self._clock = clock
        self._kept = kept
        self._records: OrderedDict[str, RequestRecord] = OrderedDict()
        self._number = 0
        self._subscribers: list[Subscriber] = []
        self._answered: Counter[tuple[str, str]] = Counter()
        # The ids of one daemon do not look like those of the one before.
        self._salt = int(clock.now().wall * 1000)

    @property
    def latest(self) -> int:
        """The number of the latest request, 0 before the first."""
        return self._number

    @property
    def answered(self) -> Mapping[tuple[str, str], int]:
        """How many requests were answered, by service and class of status, as `2xx`."""
        return self._answered

    @property
    def now(self) -> Instant:
        """What time it is for records."""
        return self._clock.now()

    def identify(self) -> tuple[str, int]:
        """Give the next record its id and its number."""
        self._number += 1
        return f"{(self._salt + self._number * 0x9E3779B1) & 0xFFFFFFFFFFFF:012x}", self._number

    def add(self, record: RequestRecord) -> None:
        """Remember a request that has begun; the oldest is forgotten for it."""
        self._records[record.id] = record
        if len(self._records) > self._kept:
            self._records.popitem(last=False)
        self._tell(record)

    def ended(self, record: RequestRecord) -> None:
        """Note that a request has ended."""
        record.seconds = self._clock.now().monotonic - record.began.monotonic
        if record.service and record.status:
            self._answered[record.service, f"{record.status // 100}xx"] += 1
        self._tell(record)

    def get(self, id_: str) -> RequestRecord:
        """Find a record by its id, or by a beginning of it that no other has.

        Raises:
            RequestNotFound: there is none, or more than one.

        """
        found = self._records.get(id_)
        if found is None and len(id_) >= 4:
            matching = [one for key, one in self._records.items() if key.startswith(id_)]
            found = matching[0] if len(matching) == 1 else None
        if found is None:
            raise RequestNotFound(f"no request that is remembered has the id {shown(id_)}", id=id_)
        return found

    def list(
        self, wanted: RequestFilter, *, limit: int, before: RequestRecord | None = None
    ) -> tuple[Sequence[RequestRecord], int, int]:
        """List the latest that are wanted, or the latest `before` one, youngest first.

        Returns:
            At most `limit` of them, how many there are, and how many requests are remembered.

        """
        matching = [one for one in reversed(self._records.values()) if wanted.matches(one)]
        page = [one for one in matching if before is None or one.number < before.number]
        return page[:limit], len(matching), len(self._records)

    def since(self, number: int) -> tuple[Sequence[RequestRecord], bool]:
        """List those after a number, oldest first; and tell whether nothing was forgotten."""
        found = [one for one in self._records.values() if one.number > number]
        return found, len(found) == self._number - number

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call `subscriber` with every record as it begins and ends; the result ends it."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber)

    def _tell(self, record: RequestRecord) -> None:
        for subscriber in tuple(self._subscribers):
            subscriber(record)
