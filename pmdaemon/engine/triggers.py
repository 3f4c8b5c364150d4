"""All that acts on processes by itself: started after the takeover, ended before the programs."""

from msgspec import Struct

from pmdaemon.core.process import Process, Wish
from pmdaemon.engine.cron_runner import CronRunner
from pmdaemon.engine.dependency_keeper import DependencyKeeper
from pmdaemon.engine.file_watcher import FileWatcher
from pmdaemon.engine.health_monitor import HealthMonitor
from pmdaemon.engine.hook_runner import HookRunner
from pmdaemon.engine.pid_files import PidFiles
from pmdaemon.engine.supervisor import Supervisor
from pmdaemon.engine.time_limits import TimeLimits


class Triggers(Struct, frozen=True):
    """Whoever acts for reasons of their own."""

    supervisor: Supervisor
    health: HealthMonitor
    dependencies: DependencyKeeper
    cron: CronRunner
    time_limits: TimeLimits
    files: FileWatcher
    hooks: HookRunner
    pid_files: PidFiles

    def start(self) -> None:
        """Look at all processes, and watch them from now on."""
        processes = self.supervisor.processes
        self.hooks.start(processes)
        self.pid_files.start(processes)
        self.health.start(processes)
        self.dependencies.start()
        self.time_limits.start()
        self.cron.start()
        self.files.start()

    def will_start(self, process: Process) -> bool:
        """Whether something starts a process again that somebody has stopped; jobs are meant to."""
        is_due = self.cron.next_due(process.pm_id) is not None
        return is_due and process.spec.job is None and process.wish is not Wish.BLOCKED

    def stop(self) -> None:
        """Trigger nothing any more; pid files still follow what ends."""
        self.hooks.stop()
        self.files.stop()
        self.cron.stop()
        self.time_limits.stop()
        self.dependencies.stop()
        self.health.stop()
