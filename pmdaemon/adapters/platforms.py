"""Which of two twins this system gets: the one made for Linux, or the portable one."""

import os

from pmdaemon.adapters import pidfd
from pmdaemon.adapters.pid_handles import PidHandles
from pmdaemon.adapters.pidfd import PidfdHandles
from pmdaemon.adapters.proc_table import ProcReader
from pmdaemon.adapters.process_handles import ProcessHandles
from pmdaemon.adapters.process_table import ProcessReader

_PROC = "/proc/self/stat"


def process_reader() -> ProcessReader:
    """Give the cheapest way to read of processes."""
    if os.access(_PROC, os.R_OK):
        return ProcReader()
    from pmdaemon.adapters.psutil_table import PsutilReader  # noqa: PLC0415 - 5 MB, only if needed

    return PsutilReader()


def process_handles(reader: ProcessReader) -> ProcessHandles:
    """Give the surest way to hold on to processes."""
    return PidfdHandles(reader) if pidfd.is_supported() else PidHandles(reader)
