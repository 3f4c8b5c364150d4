"""What most parts of the daemon stand on."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from pmdaemon.adapters.clock import SystemClock
from pmdaemon.adapters.commands import Commands
from pmdaemon.adapters.keeper_link import KeeperLink
from pmdaemon.adapters.live_settings import LiveSettings
from pmdaemon.adapters.log_files import LogFiles
from pmdaemon.adapters.platforms import process_handles, process_reader
from pmdaemon.adapters.probes import SystemProber
from pmdaemon.adapters.process_handles import ProcessHandles
from pmdaemon.adapters.process_table import ProcessReader, ProcessTable
from pmdaemon.adapters.secret_files import HomeSecretFiles
from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.adapters.tcp_probe import BindingTcpProbe
from pmdaemon.adapters.tokens import JwtMint
from pmdaemon.adapters.walls import Walls
from pmdaemon.config.paths import Home
from pmdaemon.core.process import Identity, Process
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.supervisor import Supervisor


class Ground(Struct, frozen=True):
    """What most parts stand on; made by `lay`.

    `home_id` is what the home was called then: should it be lost and put back, it is another one.
    """

    home: Home
    home_id: str
    keeper: KeeperLink
    clock: SystemClock
    bus: Bus
    store: SqliteStore
    supervisor: Supervisor
    capture: LogFiles
    reader: ProcessReader
    handles: ProcessHandles
    table: ProcessTable
    commands: Commands
    probe: BindingTcpProbe
    prober: SystemProber
    files: HomeSecretFiles
    mint: JwtMint
    settings: LiveSettings
    walls: Walls

    def processes(self) -> Sequence[Process]:
        """List all processes, with those that a reload has beside others."""
        return [*self.supervisor.everything.values()]

    def runs_of(self, app: str) -> Sequence[Identity]:
        """List the programs of an app that are up."""
        return [one.run.identity for one in self.processes() if one.name == app and one.run]

    def token(self, process: Process) -> str:
        """Name a run, as this home does."""
        return f"{self.home_id}.{process.run_number}"


def lay(home: Home, keeper: KeeperLink) -> Ground:
    """Make it; nothing is opened or started by that."""
    clock = SystemClock()
    bus = Bus()
    store = SqliteStore(Path(home.database))
    reader = process_reader()
    handles = process_handles(reader)
    commands = Commands(reader, handles)
    files = HomeSecretFiles(Path(home.path))
    return Ground(
        home=home,
        home_id=home.id,
        keeper=keeper,
        clock=clock,
        bus=bus,
        store=store,
        supervisor=Supervisor(store=store, clock=clock, bus=bus),
        capture=LogFiles(Path(home.logs_dir), Path(home.run_dir), clock, keeper=keeper),
        reader=reader,
        handles=handles,
        table=ProcessTable(reader, clock),
        commands=commands,
        probe=BindingTcpProbe(),
        prober=SystemProber(clock, commands),
        files=files,
        mint=JwtMint(files),
        settings=LiveSettings(home.settings),
        walls=Walls(Path(home.path)),
    )
