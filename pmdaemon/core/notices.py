"""Facts that are published to whoever subscribed."""

from msgspec import Struct

from pmdaemon.core.logs import OutputStream
from pmdaemon.core.process import Process


class ProcessChanged(Struct, frozen=True):
    """A process is not as it was; without `before` it is new, without `after` it is gone."""

    before: Process | None
    after: Process | None


class OutputGrew(Struct, frozen=True):
    """There is more in an output file than there was."""

    pm_id: int
    stream: OutputStream


class MessageReceived(Struct, frozen=True):
    """A program sent a message over its channel (`process.send`)."""

    pm_id: int
    message: object


Notice = ProcessChanged | OutputGrew | MessageReceived
