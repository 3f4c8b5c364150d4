"""What is so, as the views of the Pup API take it."""

import os
import platform
from collections.abc import Sequence
from urllib.parse import urlsplit

from pmdaemon import __version__
from pmdaemon.core.events import EventKind
from pmdaemon.core.metrics import HostSample
from pmdaemon.engine.engine import Engine
from pmdaemon.server.http.pup import views
from pmdaemon.server.http.pup.views import Shown, View


def shown_of(engine: Engine, pm_id: int | None = None) -> Sequence[Shown]:
    """Look at all processes, or at one, if it is there."""
    snapshots = engine.processes.list() if pm_id is None else engine.processes.glance([pm_id])
    logged = engine.events.since(0)[0] if pm_id is None else engine.events.of(pm_id)
    ended = {
        one.event.pm_id: one.at.wall
        for one in logged
        if one.event.kind in {EventKind.EXITED, EventKind.CRASHED}
    }
    return [Shown(one, ended.get(one.process.pm_id)) for one in snapshots]


def state_of(engine: Engine, host: HostSample) -> View:
    """Look at ourselves, and at everything else."""
    address = engine.web.address
    daemon = views.Daemon(
        pid=os.getpid(),
        version=__version__,
        runtime=f"python {platform.python_version()}",
        started=engine.events.life / 1000,
        tcp_port=urlsplit(address).port if address is not None else None,
        is_ending=engine.processes.is_ending,
    )
    return views.state_view(daemon, host, shown_of(engine), at=engine.clock.now().wall)
