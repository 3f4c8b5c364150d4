"""What the machine has, and how much of it is in use."""

import os
import sys

from pmdaemon.core.metrics import HostSample, Usage
from pmdaemon.engine.interfaces import Clock


class SystemHostMetrics:
    """Reads the machine by psutil, which is imported at the first reading: few ever ask.

    The first reading has nothing to compare with, so its CPU usage is 0.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def read(self) -> HostSample:
        """Take a reading; the disk is that of the root file system.

        Memory that the system can give to programs at once counts as free.
        """
        import psutil  # noqa: PLC0415 - see above

        system = os.uname()
        memory = psutil.virtual_memory()
        disk = psutil.disk_usage("/")
        return HostSample(
            hostname=system.nodename,
            platform=sys.platform,
            arch=system.machine,
            uptime=max(0.0, self._clock.now().wall - psutil.boot_time()),
            cores=os.cpu_count() or 1,
            cpu=psutil.cpu_percent(),
            load_average=os.getloadavg(),
            memory=Usage(memory.total, memory.total - memory.available, memory.available),
            disk=Usage(disk.total, disk.used, disk.free),
        )
