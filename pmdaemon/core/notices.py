"""Facts that are published to whoever subscribed."""

from collections.abc import Mapping, Sequence
from functools import cached_property

from msgspec import Struct

from pmdaemon.core.events import ProcessEvent, events_between
from pmdaemon.core.health import Health
from pmdaemon.core.journal import Entry
from pmdaemon.core.logs import OutputStream
from pmdaemon.core.metrics import Sample
from pmdaemon.core.process import Instant, Process


class ProcessChanged(Struct, frozen=True, dict=True):
    """A process is not as it was; without `before` it is new, without `after` it is gone."""

    before: Process | None
    after: Process | None

    @cached_property
    def events(self) -> Sequence[ProcessEvent]:
        """What people call that; several ask."""
        return events_between(self.before, self.after)


class FormerRunGone(Struct, frozen=True):
    """Nothing is left of a run of this app that another had taken the place of, or was to."""

    name: str


class EventLogged(Struct, frozen=True):
    """Something happened to a process; the `number` grows by one with each event of a daemon."""

    number: int
    at: Instant
    event: ProcessEvent


class Sampled(Struct, frozen=True):
    """What is up was measured, by pm_id."""

    samples: Mapping[int, Sample]


class HealthChecked(Struct, frozen=True):
    """A probe has looked at a process; `before` is what was thought of it until then."""

    process: Process
    before: Health
    after: Health


class OutputGrew(Struct, frozen=True):
    """There is more in an output file than there was."""

    pm_id: int
    stream: OutputStream


class MessageReceived(Struct, frozen=True):
    """A program sent a message over its channel (`process.send`)."""

    process: Process
    message: object


class TelemetryReceived(Struct, frozen=True):
    """A program reported figures about itself, in a shape of its own."""

    process: Process
    telemetry: Mapping[str, object]


class MessageSent(Struct, frozen=True):
    """Somebody sent an `event` to a program, or to a consumer of the web API, by its name."""

    target: str
    event: str
    data: object
    sender: str


class EntryWritten(Struct, frozen=True):
    """There is something new in the journal."""

    entry: Entry


class AccessChanged(Struct, frozen=True):
    """Somebody who was let in may not be any more: a key was revoked, say, or has expired."""


class EndingBegan(Struct, frozen=True):
    """All programs are being ended, and then the daemon ends, within so many seconds."""

    deadline: float


Notice = (
    ProcessChanged
    | FormerRunGone
    | EventLogged
    | Sampled
    | HealthChecked
    | OutputGrew
    | MessageReceived
    | TelemetryReceived
    | MessageSent
    | EntryWritten
    | AccessChanged
    | EndingBegan
)
