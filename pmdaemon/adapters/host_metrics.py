"""What the machine has, and how much of it is in use."""

import os
import sys

from pmdaemon.core.metrics import HostSample, MemoryDetails, Usage
from pmdaemon.engine.interfaces import Clock

SHORTEST_SPAN = 1.0
"""Seconds that CPU usage is measured over at the least: over less it is 0 or 100 percent."""


class SystemHostMetrics:
    """Reads the machine by psutil, which is imported at the first reading: few ever ask.

    The first reading has nothing to compare with, so its CPU usage is 0. Who asks soon after
    somebody else is told the same CPU usage.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._cpu = 0.0
        self._cpu_read: float | None = None

    def read(self) -> HostSample:
        """Take a reading; the disk is that of the root file system.

        Memory that the system can give to programs at once counts as free.
        """
        import psutil  # noqa: PLC0415 - see above

        system = os.uname()
        memory = psutil.virtual_memory()
        disk = psutil.disk_usage("/")
        swap = psutil.swap_memory()
        return HostSample(
            hostname=system.nodename,
            platform=sys.platform,
            arch=system.machine,
            uptime=max(0.0, self._clock.now().wall - psutil.boot_time()),
            cores=os.cpu_count() or 1,
            cpu=self._cpu_usage(),
            load_average=os.getloadavg(),
            memory=Usage(memory.total, memory.total - memory.available, memory.available),
            disk=Usage(disk.total, disk.used, disk.free),
            details=MemoryDetails(
                # Not every system tells these.
                buffers=getattr(memory, "buffers", 0),
                cached=getattr(memory, "cached", 0),
                swap=Usage(swap.total, swap.used, swap.free),
                own=psutil.Process().memory_info().rss,
            ),
        )

    def _cpu_usage(self) -> float:
        import psutil  # noqa: PLC0415 - see above

        now = self._clock.now().monotonic
        if self._cpu_read is None or now - self._cpu_read >= SHORTEST_SPAN:
            self._cpu, self._cpu_read = psutil.cpu_percent(), now
        return self._cpu
