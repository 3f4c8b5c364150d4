"""The life of the daemon: one a home, ready when it says so, down when nothing is left."""

import asyncio
import fcntl
import logging
import os
import resource
import signal
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from pmdaemon.adapters.clock import boot_id
from pmdaemon.config.paths import Home
from pmdaemon.core.errors import DaemonUnavailable, HomeUnusable, PmdaemonError, StoreUnavailable
from pmdaemon.daemon.wiring import Parts, assemble
from pmdaemon.engine import tasks
from pmdaemon.engine.interfaces import Changes
from pmdaemon.engine.supervisor import Plan
from pmdaemon.engine.takeover import take_over
from pmdaemon.server.control_socket import ControlSocket
from pmdaemon.server.control_verbs import verbs

log = logging.getLogger(__name__)

OPEN_FILES = 65536
"""How many descriptors the daemon asks for: three for each process that runs."""


class AlreadyRunning(DaemonUnavailable):
    """Another daemon has this home."""

    code = "daemon_already_running"


def hold(home: Home) -> int:
    """Become the one daemon of this home, until this process ends.

    The lock is on a descriptor, so the kernel drops it whatever becomes of us (flock(2)).

    Raises:
        AlreadyRunning: somebody else is.

    """
    try:
        lock = os.open(home.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise AlreadyRunning(f"a daemon is running already for {home.path}") from None
    except OSError as error:
        raise HomeUnusable(f"cannot use {home.path}: {error.strerror}") from None
    return lock


def raise_open_files() -> tuple[int, int]:
    """Allow ourselves as many descriptors as we may need; return the limits of before."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft, hard = before
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return before


async def live(home: Home, report_ready: Callable[[], None]) -> None:
    """Run the daemon until it is asked to end.

    Raises:
        PmdaemonError: it could not start; nothing was changed.

    """
    parts = assemble(home, child_nofile=raise_open_files())
    async with AsyncExitStack() as stack:
        await parts.store.open()
        stack.push_async_callback(parts.store.close)
        supervising = await _begin(parts)
        stack.callback(supervising.cancel)
        control = ControlSocket(verbs(parts.engine))
        with home.socket_address() as address:
            await control.listen(_bound(address))
        stack.callback(_unlink, home.socket)
        _heed_signals(parts.engine.quit)
        parts.sampler.start()
        report_ready()
        await _until_the_end(parts, supervising)
        await control.close()


async def _begin(parts: Parts) -> asyncio.Task[None]:
    """Take over what a former daemon left, and begin to supervise."""
    stored = await parts.store.load()
    boot = boot_id()
    parts.supervisor.adopt(stored.processes, stored.next_pm_id)
    if stored.boot_id != boot:
        await parts.store.commit(Changes(boot_id=boot))
    for pm_id, event in take_over(
        stored.processes,
        token=parts.effects.token,
        trees=parts.trees,
        clock=parts.engine.clock,
        rebooted=stored.boot_id not in {boot, None},
    ):
        parts.supervisor.post(pm_id, event)
    supervising = tasks.spawn(parts.supervisor.run(parts.effects.carry_out), name="supervisor")
    with suppress(StoreUnavailable):
        # Asked behind all of these events, so answered when they have been dealt with.
        await parts.supervisor.ask(lambda _: Plan([]), settled=lambda _: True)
    await parts.engine.web.resume(stored.web)
    return supervising


async def _until_the_end(parts: Parts, supervising: asyncio.Task[None]) -> None:
    asked = asyncio.get_running_loop().create_task(parts.engine.quit.wait(), name="quit")
    await asyncio.wait({asked, supervising}, return_when=asyncio.FIRST_COMPLETED)
    if supervising.done():
        asked.cancel()
        raise DaemonUnavailable("the supervisor has failed; the programs go on without it")
    log.info("daemon.ending")
    parts.sampler.stop()
    await parts.engine.web.close()
    try:
        await parts.engine.processes.shut_down()
    except PmdaemonError as error:
        log.error("daemon.left_behind reason=%s", error)  # noqa: TRY400 - the reason says it all


def _heed_signals(quit_asked: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, quit_asked.set)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _bound(address: str) -> socket.socket:
    """Bind the control socket; one that lies there is stale, as we hold the lock."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    _unlink(Path(address))
    before = os.umask(0o177)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise HomeUnusable(f"cannot make the control socket: {error.strerror}") from None
    finally:
        os.umask(before)
    listener.listen(128)
    listener.setblocking(False)  # noqa: FBT003 - the library's signature
    return listener


def _unlink(path: Path) -> None:
    with suppress(FileNotFoundError):
        path.unlink()
