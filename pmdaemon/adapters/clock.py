"""The time of this machine."""

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, tzinfo
from pathlib import Path

from pmdaemon.core.process import Instant
from pmdaemon.engine.interfaces import Cancellable


class SystemClock:
    """The real clocks, and the running event loop's timers."""

    def now(self) -> Instant:
        """Read both clocks."""
        return Instant(wall=time.time(), monotonic=time.monotonic())

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Cancellable:
        """Call `callback` once, from the running event loop, after `seconds`."""
        return asyncio.get_running_loop().call_later(seconds, callback)


def local_zone() -> tzinfo:
    """Return the time zone of this machine, with its rules for summer and winter."""
    # Only those who have a schedule pay for this import.
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415

    with suppress(ZoneInfoNotFoundError, ValueError, OSError):
        if name := os.environ.get("TZ", "").lstrip(":"):
            return ZoneInfo(name)
    with suppress(OSError, ValueError), Path("/etc/localtime").open("rb") as file:
        return ZoneInfo.from_file(file)
    return UTC


def boot_id() -> str:
    """Name the time since the machine was started; after a reboot it is another."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        import psutil  # noqa: PLC0415 - only where the kernel has no such name

        return f"booted at {psutil.boot_time():.0f}"
