"""Compressing older output files: later, slowly, and in a thread of its own.

Nobody waits for it, and what a busy program writes may be gone before its turn comes. So it begins
a while after a rotation, takes one file at a time at the lowest priority, and rests in between:
whatever is printed, compressing it costs a tenth of a core at the most.

The compressed file is complete, and on the disk, before it takes the place of the plain one. A kill
leaves the plain one, and beside it perhaps a part that the next try begins anew.
"""
# Descriptors and bare paths, as everywhere about output files:
# ruff: noqa: PTH108

import asyncio
import logging
import os
import sys
import threading
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final

from pmdaemon.adapters.output_files import open_output, plain_older, put_compressed
from pmdaemon.core.log_archives import HEADER_SIZE, Contents
from pmdaemon.core.logs import times_path
from pmdaemon.engine import tasks
from pmdaemon.engine.interfaces import Cancellable, Clock

log = logging.getLogger(__name__)

DELAY: Final = 30.0
"""Seconds from a rotation until we begin: after a burst of output there is less left to do."""

REST: Final = 9.0
"""How many times as long as a file took we rest after it."""

CHUNK: Final = 256 * 1024
"""Bytes compressed at a time; zlib lets other threads run meanwhile."""

LEVEL: Final = 6
"""Compression that is worth its time: the default of gzip(1)."""


class Compressor:
    """Compresses the older files of all streams; belongs to the event loop it is used in."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: dict[str, None] = {}  # in order, each stream once
        self._timer: Cancellable | None = None
        self._working = False
        self._stopped = threading.Event()

    def look_after(self, path: str) -> None:
        """Compress, before long, what may be compressed of the older files of this stream."""
        self._waiting[path] = None
        if self._timer is None and not self._working:
            self._later(DELAY)

    def stop(self) -> None:
        """Begin with nothing more; what is half done is left to be done again."""
        self._stopped.set()
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _later(self, seconds: float) -> None:
        self._timer = self._clock.call_later(seconds, self._begin)

    def _begin(self) -> None:
        self._timer = None
        while self._waiting:
            path = next(iter(self._waiting))
            del self._waiting[path]
            if (older := plain_older(path)) is not None:
                self._working = True
                tasks.spawn(self._compress(path, older), name="log compression")
                return

    async def _compress(self, path: str, older: str) -> None:
        begun = self._clock.now().monotonic
        try:
            if await self._packed(path, older):
                # There may be more of it; others come first.
                self._waiting[path] = None
        except (OSError, RuntimeError) as error:
            # A full disk, most likely, or no thread to be had; the next rotation tries again.
            log.warning("logs.not_compressed path=%s reason=%s", older, error)
        finally:
            self._working = False
            if self._waiting and not self._stopped.is_set():
                self._later(max(1.0, REST * (self._clock.now().monotonic - begun)))

    async def _packed(self, path: str, older: str) -> bool:
        """Compress one file, and tell whether it is in its place."""
        # Beside the time indexes, so that nobody takes it for one of the files.
        part = f"{times_path(path)}.part"
        # Open until all is done: the inode of an open file is not given to another.
        source = os.open(older, os.O_RDONLY)
        try:
            before = os.fstat(source)
            if not await _in_thread(lambda: pack(source, part, self._stopped.is_set)):
                return False
            after = os.fstat(source)
            if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
                return False  # somebody writes to it
            return put_compressed(part, path, (before.st_dev, before.st_ino))
        finally:
            os.close(source)
            with suppress(OSError):
                os.unlink(part)


def pack(source: int, part: str, stopped: Callable[[], bool]) -> bool:
    """Compress an open file into `part`, with its time, and see that it is on the disk.

    Returns:
        Whether all of it was compressed; False when told to stop.

    Raises:
        OSError: it cannot be read, or there is no room.

    """
    target = open_output(part, os.O_TRUNC)
    try:
        packer = zlib.compressobj(LEVEL, wbits=-zlib.MAX_WBITS)
        size = lines = checksum = 0
        end = _write(target, bytes(HEADER_SIZE), 0)
        while chunk := os.pread(source, CHUNK, size):
            if stopped():
                return False
            size += len(chunk)
            lines += chunk.count(b"\n")
            checksum = zlib.crc32(chunk, checksum)
            end = _write(target, packer.compress(chunk), end)
        sums = checksum.to_bytes(4, "little") + (size % 2**32).to_bytes(4, "little")
        _write(target, packer.flush() + sums, end)
        _write(target, Contents(size, lines).encode(), 0)
        # Readers tell by it that this is the file they have been reading.
        times = os.fstat(source)
        os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))
        os.fsync(target)
    finally:
        os.close(target)
    return True


def _write(file: int, data: bytes, offset: int) -> int:
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, offset)
        view = view[written:]
        offset += written
    return offset


async def _in_thread(work: Callable[[], bool]) -> bool:
    # A thread for each file: there are few, and one that waits for the next keeps its memory.
    executor = ThreadPoolExecutor(1, thread_name_prefix="compress", initializer=_step_back)
    try:
        return await asyncio.get_running_loop().run_in_executor(executor, work)
    finally:
        executor.shutdown(wait=False)


def _step_back() -> None:
    if sys.platform == "linux":
        # On Linux this is about the one thread (setpriority(2), "C library/kernel differences").
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
