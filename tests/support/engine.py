"""A whole engine on fakes: everything above the operating system is real."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path

from pmdaemon.core.logs import OutputStream, file_name
from pmdaemon.core.notices import OutputGrew
from pmdaemon.core.process import Identity, Process, ProcessState
from pmdaemon.core.spec import AppSpec
from pmdaemon.engine.admission import Admission
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.child_access import ChildAccess, Folders
from pmdaemon.engine.conversations import Conversations
from pmdaemon.engine.cron_runner import CronRunner
from pmdaemon.engine.dependency_keeper import DependencyKeeper
from pmdaemon.engine.effects import Effects
from pmdaemon.engine.engine import Ending, Engine
from pmdaemon.engine.event_log import EventLog
from pmdaemon.engine.file_watcher import FileWatcher
from pmdaemon.engine.gateway_side import GatewaySide
from pmdaemon.engine.health_monitor import HealthMonitor
from pmdaemon.engine.hook_runner import HookRunner
from pmdaemon.engine.job_history import JobHistory
from pmdaemon.engine.journal import Journal
from pmdaemon.engine.log_hub import LogHub
from pmdaemon.engine.pid_files import PidFiles
from pmdaemon.engine.processes import Processes
from pmdaemon.engine.program_lines import ProgramLines
from pmdaemon.engine.revoked import Revoked
from pmdaemon.engine.sampler import Sampler
from pmdaemon.engine.shutdown import Shutdown
from pmdaemon.engine.snapshots import SnapshotMaker, Snapshots
from pmdaemon.engine.state_history import StateHistory
from pmdaemon.engine.supervisor import Supervisor
from pmdaemon.engine.telemetry import Telemetry
from pmdaemon.engine.time_limits import TimeLimits
from pmdaemon.engine.tokens import Tokens
from pmdaemon.engine.triggers import Triggers
from pmdaemon.engine.web_side import WebSide
from tests.fakes.audit_log import FakeAuditLog
from tests.fakes.capture import FakeCapture
from tests.fakes.certificates import FakeCertificates
from tests.fakes.channels import FakeChannels
from tests.fakes.clock import FakeClock
from tests.fakes.file_watch import FakeFileWatch
from tests.fakes.gateway_server import FakeGatewayServer
from tests.fakes.hook_delivery import FakeHookDelivery
from tests.fakes.inputs import FakeInputs
from tests.fakes.journal import MemoryJournal
from tests.fakes.launcher import FakeLauncher
from tests.fakes.metrics import FakeHostMetrics, FakeProcessMetrics
from tests.fakes.notify_socket import FakeNotifySocket
from tests.fakes.pid_notes import FakePidNotes
from tests.fakes.prober import FakeProber
from tests.fakes.process_trees import FakeProcessTrees
from tests.fakes.processes import FakeProcess, FakeProcesses
from tests.fakes.revocations import FakeRevocations
from tests.fakes.run_history import MemoryRunHistory
from tests.fakes.secret_files import FakeSecretFiles
from tests.fakes.shared_sockets import FakeSharedSockets
from tests.fakes.states import MemoryStates
from tests.fakes.store import MemoryStore
from tests.fakes.tcp_probe import FakeTcpProbe
from tests.fakes.tokens import FakeTokenMint
from tests.fakes.web_server import FakeWebServer
from tests.support.deploying import DeployingOnFakes
from tests.support.platform import PlatformOnFakes

TURNS = 50
"""More turns of the event loop than any chain of messages between fakes takes."""


class CaptureInFolder(FakeCapture):
    """A capture whose files are where a test can put real ones."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def files(self, name: str, instance: int) -> tuple[str, str]:
        """Say where the output of a process is kept."""
        out, err = (str(self._folder / file_name(name, instance, one)) for one in OutputStream)
        return out, err


@dataclass
class EngineOnFakes:
    """The engine, and the world it believes in."""

    folder: Path
    clock: FakeClock = field(default_factory=FakeClock)
    world: FakeProcesses = field(default_factory=FakeProcesses)
    store: MemoryStore = field(default_factory=MemoryStore)
    probe: FakeTcpProbe = field(default_factory=FakeTcpProbe)
    host: FakeHostMetrics = field(default_factory=FakeHostMetrics)
    web_server: FakeWebServer = field(default_factory=FakeWebServer)
    gateway_server: FakeGatewayServer = field(default_factory=FakeGatewayServer)
    mint: FakeTokenMint = field(default_factory=FakeTokenMint)
    secret_files: FakeSecretFiles = field(default_factory=FakeSecretFiles)
    audit: FakeAuditLog = field(default_factory=FakeAuditLog)
    bus: Bus = field(default_factory=Bus)

    def __post_init__(self) -> None:
        self.launcher = FakeLauncher(self.world)
        self.trees = FakeProcessTrees(self.world)
        self.capture = CaptureInFolder(self.folder)
        self.supervisor = Supervisor(store=self.store, clock=self.clock, bus=self.bus)
        self.channels = FakeChannels()
        self.sockets = FakeSharedSockets()
        self.notify = FakeNotifySocket()
        self.inputs = FakeInputs()
        self.web = WebSide(server=self.web_server, store=self.store)
        self.revocations = FakeRevocations()
        self.children = ChildAccess(
            clock=self.clock,
            mint=self.mint,
            folders=Folders("/data", "/temp"),
            url=lambda: self.web.expected,
            processes=lambda: [*self.supervisor.everything.values()],
        )
        self.lines = self._lines()
        self.prober = FakeProber()
        self.health = HealthMonitor(
            clock=self.clock, bus=self.bus, prober=self.prober, post=self.supervisor.post
        )
        self.certificates = FakeCertificates(self.clock)
        gateway = self._gateway()
        self.effects = self._effects(gateway)
        self.sampler = Sampler(
            clock=self.clock,
            metrics=FakeProcessMetrics(self.world),
            supervisor=self.supervisor,
            post=self.supervisor.post,
            bus=self.bus,
        )
        self.hook_delivery = FakeHookDelivery()
        self.files = FakeFileWatch()
        self.history = MemoryRunHistory()
        self.pid_notes = FakePidNotes()
        self.triggers = self._triggers()
        self.platform = PlatformOnFakes(clock=self.clock, bus=self.bus)
        self.journal = MemoryJournal()
        self.states = MemoryStates()
        self.telemetry = Telemetry(bus=self.bus)
        processes = self._processes(gateway)
        self.deploying = DeployingOnFakes(self, processes, gateway)
        self.engine = self._engine(processes, gateway)

    def token(self, process: Process) -> str:
        """Name the latest run of a process."""
        return f"home.{process.run_number}"

    async def start(self, *specs: AppSpec) -> Snapshots:
        """Start apps."""
        return await self.engine.processes.start_apps(specs, existing="refuse")

    def identity(self, pm_id: int) -> Identity:
        """Tell which made-up process runs for a process."""
        run = self.supervisor.processes[pm_id].run
        assert run is not None
        return run.identity

    def state(self, pm_id: int) -> ProcessState:
        """Tell the state of a process."""
        return self.supervisor.processes[pm_id].state.kind

    @property
    def each_state(self) -> dict[int, str]:
        """The state of each process, as users call it."""
        return {pm_id: str(one.state.kind) for pm_id, one in self.supervisor.processes.items()}

    def program(self, pm_id: int) -> FakeProcess:
        """Give the made-up process that runs for a process."""
        return self.world.get(self.identity(pm_id))

    def write(self, text: str, pm_id: int = 0, stream: OutputStream = OutputStream.OUT) -> None:
        """Have a program write to its output, where `folder` has its real files."""
        (snapshot,) = self.engine.processes.glance([pm_id])
        path = snapshot.out_file if stream is OutputStream.OUT else snapshot.error_file
        with open(path, "a", encoding="utf-8") as file:
            file.write(text)
        self.bus.publish(OutputGrew(pm_id, stream))

    def _lines(self) -> ProgramLines:
        return ProgramLines(
            token=self.token,
            post=self.supervisor.post,
            processes=lambda: [*self.supervisor.everything.values()],
            bus=self.bus,
            channels=self.channels,
            sockets=self.sockets,
            notify=self.notify,
            inputs=self.inputs,
            access=lambda process: {
                **self.children.environment(process),
                **self.deploying.live.environment(process),
            },
            preload="/preload.cjs",
        )

    def _gateway(self) -> GatewaySide:
        return GatewaySide(
            server=self.gateway_server,
            certificates=self.certificates,
            store=self.store,
            bus=self.bus,
            clock=self.clock,
            probe=self.probe,
            capture=self.capture,
            processes=lambda: [*self.supervisor.everything.values()],
        )

    def _effects(self, gateway: GatewaySide) -> Effects:
        return Effects(
            token=self.token,
            clock=self.clock,
            launcher=self.launcher,
            trees=self.trees,
            capture=self.capture,
            lines=self.lines,
            probe=self.probe,
            await_healthy=self.health.await_healthy,
            when_idle=gateway.when_idle,
            post=self.supervisor.post,
        )

    def _triggers(self) -> Triggers:
        return Triggers(
            supervisor=self.supervisor,
            health=self.health,
            dependencies=DependencyKeeper(
                bus=self.bus,
                supervisor=self.supervisor,
                health_of=self.health.all,
                post=self.supervisor.post,
            ),
            cron=CronRunner(
                clock=self.clock,
                bus=self.bus,
                supervisor=self.supervisor,
                post=self.supervisor.post,
                zone=lambda: UTC,
            ),
            time_limits=TimeLimits(
                clock=self.clock,
                bus=self.bus,
                supervisor=self.supervisor,
                post=self.supervisor.post,
                zone=lambda: UTC,
            ),
            files=FileWatcher(
                clock=self.clock,
                bus=self.bus,
                supervisor=self.supervisor,
                files=self.files,
                post=self.supervisor.post,
            ),
            hooks=HookRunner(clock=self.clock, bus=self.bus, delivery=self.hook_delivery, life=1),
            pid_files=PidFiles(bus=self.bus, notes=self.pid_notes),
        )

    def _processes(self, gateway: GatewaySide) -> Processes:
        return Processes(
            supervisor=self.supervisor,
            snapshots=SnapshotMaker(
                supervisor=self.supervisor,
                sampler=self.sampler,
                clock=self.clock,
                capture=self.capture,
                health=self.health,
                telemetry=self.telemetry,
            ),
            clock=self.clock,
            capture=self.capture,
            probe=self.probe,
            admission=Admission(self.launcher, may_publish=gateway.admit),
            gateway=gateway,
        )

    def _engine(self, processes: Processes, gateway: GatewaySide) -> Engine:
        ending = Ending()
        return Engine(
            home=str(self.folder),
            environment={"PATH": os.defpath, "HOME": str(self.folder)},
            begun=self.clock.now(),
            clock=self.clock,
            bus=self.bus,
            events=EventLog(clock=self.clock, bus=self.bus),
            processes=processes,
            conversations=Conversations(processes=processes, lines=self.lines, bus=self.bus),
            triggers=self.triggers,
            history=JobHistory(
                clock=self.clock,
                bus=self.bus,
                supervisor=self.supervisor,
                capture=self.capture,
                history=self.history,
            ),
            journal=Journal(clock=self.clock, bus=self.bus, store=self.journal),
            states=StateHistory(clock=self.clock, bus=self.bus, store=self.states),
            telemetry=self.telemetry,
            logs=LogHub(capture=self.capture, bus=self.bus),
            host=self.host,
            web=self.web,
            gateway=gateway,
            deploys=self.deploying.side,
            tokens=Tokens(
                store=self.store,
                clock=self.clock,
                mint=self.mint,
                files=self.secret_files,
                bus=self.bus,
            ),
            children=self.children,
            revoked=Revoked(settings=self.revocations, bus=self.bus),
            audit=self.audit,
            ending=ending,
            shutdown=Shutdown(processes=processes, bus=self.bus, end=ending.ask),
        )


async def settle() -> None:
    """Let the event loop do all that is due, for tests of what does not happen."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


@asynccontextmanager
async def engine_on_fakes(folder: Path) -> AsyncIterator[EngineOnFakes]:
    """Run an engine on fakes, with output files in `folder`, for as long as the context lasts."""
    parts = EngineOnFakes(folder)
    run = asyncio.get_running_loop().create_task(parts.supervisor.run(parts.effects.carry_out))
    parts.triggers.start()
    remembering = asyncio.get_running_loop().create_task(parts.engine.history.work())
    writing = asyncio.get_running_loop().create_task(parts.engine.journal.work())
    try:
        yield parts
    finally:
        for task in (run, remembering, writing):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
