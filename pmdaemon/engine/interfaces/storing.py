"""What is remembered."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from msgspec import Struct

from pmdaemon.core.access import Token
from pmdaemon.core.job_runs import JobRun
from pmdaemon.core.journal import Entry, EntryQuery
from pmdaemon.core.process import Process
from pmdaemon.core.services import ServiceSpec
from pmdaemon.core.state_history import StateQuery, StateRecord
from pmdaemon.engine.interfaces.serving import GatewaySettings, WebSettings

Record = TypeVar("Record")
Query_contra = TypeVar("Query_contra", contravariant=True)


class Stored(Struct, frozen=True):
    """All that the store holds of what is supervised, and whether somebody `deploys`."""

    processes: Sequence[Process]
    next_pm_id: int
    boot_id: str | None
    web: WebSettings | None
    tokens: Sequence[Token] = ()
    gateway: GatewaySettings | None = None
    services: Sequence[ServiceSpec] = ()
    deploys: bool = False


class Changes(Struct, frozen=True, kw_only=True):
    """What one action changes in the store; it is written whole or not at all.

    `urgent` changes are on disk, power cut or not, before they are acknowledged; the others
    survive the death of the daemon.
    """

    written: Sequence[Process] = ()
    removed: Sequence[int] = ()
    next_pm_id: int | None = None
    boot_id: str | None = None
    web: WebSettings | None = None
    web_off: bool = False
    tokens_written: Sequence[Token] = ()
    tokens_removed: Sequence[str] = ()
    gateway: GatewaySettings | None = None
    gateway_off: bool = False
    services_written: Sequence[ServiceSpec] = ()
    services_removed: Sequence[str] = ()
    urgent: bool = False


class Store(Protocol):
    """Remembers."""

    async def load(self) -> Stored:
        """Read everything.

        Raises:
            StoreUnavailable: it cannot be read, is damaged, or was written by a newer release.

        """

    async def commit(self, changes: Changes) -> None:
        """Write one action.

        Raises:
            StoreUnavailable: nothing was written.

        """


class RunHistory(Protocol):
    """Remembers the runs of jobs, apart from what the processes are."""

    async def record(self, run: JobRun, *, keep: int) -> None:
        """Write a run down, in place of what was written of it before; the `keep` latest stay.

        Raises:
            StoreUnavailable: nothing was written.

        """

    async def runs(self, apps: Sequence[str], *, limit: int) -> Sequence[JobRun]:
        """List the latest runs of these apps, the youngest first.

        Raises:
            StoreUnavailable: it cannot be read.

        """

    async def unfinished(self) -> Sequence[JobRun]:
        """List the runs whose end was not written down.

        Raises:
            StoreUnavailable: it cannot be read.

        """

    async def forget(self, app: str) -> None:
        """Remove all runs of an app.

        Raises:
            StoreUnavailable: nothing was removed.

        """


class RecordStore(Protocol[Record, Query_contra]):
    """Remembers the newest records of a kind, as many as there is room for."""

    async def write(self, records: Sequence[Record], /) -> None:
        """Write records down, all or none.

        Raises:
            StoreUnavailable: nothing was written.

        """

    async def find(self, query: Query_contra, /) -> Sequence[Record]:
        """List what fits, oldest first; of what came at the same time, what was written first.

        Raises:
            StoreUnavailable: it cannot be read.

        """


JournalStore = RecordStore[Entry, EntryQuery]
"""Remembers entries of the journal."""

StateStore = RecordStore[StateRecord, StateQuery]
"""Remembers how processes were."""


class AuditLog(Protocol):
    """The record of changes that were made over the network."""

    def write(self, entry: Mapping[str, object]) -> None:
        """Add an entry; a record that cannot be kept is no reason not to do what was asked."""
