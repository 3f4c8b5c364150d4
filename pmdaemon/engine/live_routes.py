"""The table that requests go by: made of services and of what processes are doing just now.

It is made anew with each change that matters, and handed over whole.
"""

from collections.abc import Callable, Iterable, Sequence

from pmdaemon.core.notices import FormerRunGone, Notice, ProcessChanged
from pmdaemon.core.process import Process
from pmdaemon.core.routing import RouteTable
from pmdaemon.core.service_book import ServiceBook
from pmdaemon.core.services import table_of, targets_of
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.interfaces import Clock, GatewayServer, TcpProbe
from pmdaemon.engine.listening import Listening
from pmdaemon.engine.selection import by_name


class LiveRoutes:
    """Keeps the table true; without a `domain` nothing is served, and there is none."""

    def __init__(
        self,
        *,
        server: GatewayServer,
        bus: Bus,
        clock: Clock,
        probe: TcpProbe,
        processes: Callable[[], Iterable[Process]],
    ) -> None:
        self._server = server
        self._processes = processes
        self._listening = Listening(clock=clock, probe=probe, changed=self._refresh)
        self._book = ServiceBook()
        self._apps: frozenset[str] = frozenset()
        self._domain: str | None = None
        self.table = RouteTable()
        bus.subscribe(self._on_notice, ProcessChanged, FormerRunGone)

    def go_by(self, book: ServiceBook, domain: str | None) -> None:
        """Have these services, with names below this domain."""
        self._book = book
        self._apps = book.apps
        self._domain = domain
        self._refresh()

    def serves(self, app: str) -> bool:
        """Tell whether requests come to an app through here."""
        return self._domain is not None and app in self._apps

    @property
    def hosts(self) -> Sequence[str]:
        """The names that something answers for; addresses have none."""
        hosts = dict.fromkeys(route.host for route in self.table.routes)
        return [host for host in hosts if host != "*" and not host.startswith("[")]

    def _on_notice(self, notice: Notice) -> None:
        match notice:
            case ProcessChanged(before, after):
                changed = after or before
                if changed is not None and changed.name in self._apps:
                    self._refresh()
            case FormerRunGone(name) if name in self._apps:
                self._refresh()
            case _:
                pass

    def _refresh(self) -> None:
        if self._domain is None:
            return
        processes = [one for one in self._processes() if one.name in self._apps]
        by_app = by_name(processes)
        self._listening.forget_all_but({one.run.identity for one in processes if one.run})
        self.table = table_of(
            self._book.services.values(),
            self._domain,
            lambda spec: targets_of(spec, by_app.get(spec.app or "", ()), self._listening.accepts),
        )
        self._server.swap(self.table)
