"""The life of the daemon: ready when it says so, and down when nothing is left."""

import asyncio
import fcntl
import gc
import logging
import os
import resource
import signal
import socket
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path

from pmdaemon import __version__
from pmdaemon.adapters.clock import boot_id
from pmdaemon.adapters.keeper_link import KeeperLink
from pmdaemon.config.paths import Home
from pmdaemon.config.settings import Settings, read_settings
from pmdaemon.core.errors import HomeUnusable, InvalidConfiguration, PmdaemonError, StoreUnavailable
from pmdaemon.core.process import Identity
from pmdaemon.core.wording import why
from pmdaemon.daemon.handing_on import go_on_as_keeper
from pmdaemon.daemon.home_guard import HomeGuard
from pmdaemon.daemon.home_lock import is_claimed
from pmdaemon.daemon.keeper import CONTROL, RESTART_CODE
from pmdaemon.daemon.open_files import raise_limit
from pmdaemon.daemon.own_log import log_to
from pmdaemon.daemon.web_server import CLAIM_PATIENCE, release_unclaimed
from pmdaemon.daemon.wiring import Parts, assemble
from pmdaemon.engine import tasks
from pmdaemon.engine.engine import Ending, Engine
from pmdaemon.engine.supervisor import Plan
from pmdaemon.engine.takeover import take_over
from pmdaemon.server.control_socket import BACKLOG, ControlSocket
from pmdaemon.server.control_verbs import verbs

log = logging.getLogger(__name__)

NEW_OBJECTS = 10_000
"""How many objects come to be, at the least, between two searches for garbage."""

ROOM = 8192
"""For how many descriptors there is room from the beginning, at 8 bytes each."""


def main(home_path: str, line_fd: str) -> int:
    """Run until asked to end; the exit code tells the keeper what to do next."""
    # asyncio has its own way with this signal only where nobody has chosen another.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    home = Home(home_path)
    child_nofile = raise_limit()  # first, as each thing that is kept comes as a descriptor
    _make_room_for_open_files()
    line = socket.socket(fileno=int(line_fd))
    line.set_inheritable(False)
    keeper = KeeperLink(line)
    keeper.receive()
    try:
        log_to(home.daemon_log)
        log.info("daemon.starting version=%s home=%s", __version__, home.path)
        _write_pid(Path(home.pid_file))
        code = asyncio.run(live(home, keeper, child_nofile))
    except PmdaemonError as error:
        log.error("daemon.failed reason=%s", error)
        keeper.say(
            {"failed": {"code": error.code, "message": error.message, "details": error.details}}
        )
    except Exception as error:
        log.exception("daemon.failed")
        sentence = f"the daemon failed: {type(error).__name__}: {error}"
        keeper.say({"failed": {"code": "daemon_failed", "message": sentence, "details": {}}})
    else:
        if code == RESTART_CODE and keeper.left_behind is not None and not is_claimed(home):
            log.warning("daemon.becomes_keeper, as the keeper is gone")
            state = {
                "kept": keeper.left_behind,
                "programs": [(token, *_numbers(one)) for one, token in keeper.programs.items()],
                "exits": [],
                "limits": child_nofile,
            }
            go_on_as_keeper(home.path, state, os.environ)
        return code
    return 1


def _numbers(identity: Identity) -> tuple[int, int]:
    return identity.pid, identity.start_time


async def live(home: Home, keeper: KeeperLink, child_nofile: tuple[int, int]) -> int:
    """Run the daemon until it is asked to end; return the exit code for the keeper.

    Args:
        child_nofile: the limits on open files that programs are to have.

    Raises:
        PmdaemonError: it could not start; nothing was changed.

    """
    parts = assemble(
        home,
        child_nofile=child_nofile,
        parent=os.getppid(),
        keeper=keeper,
    )
    make_way = partial(parts.engine.ending.ask, for_good=False)
    async with AsyncExitStack() as stack:
        await parts.store.open()
        stack.push_async_callback(parts.store.close)
        stack.callback(parts.capture.leave)
        parts.notify.listen()
        stack.callback(parts.notify.close)
        # Without a keeper, the next daemon would not know what becomes of programs meanwhile.
        keeper.attend(on_loss=make_way)
        stack.callback(parts.groups.close)
        supervising = await _begin(parts, keeper)
        stack.callback(supervising.cancel)
        control = ControlSocket(verbs(parts.engine))
        await control.listen(_control_listener(home, keeper))
        _heed_signals(parts.engine.ending)
        parts.sampler.start()
        guard = HomeGuard(home, parts.store, parts.engine.clock, make_way)
        guard.start()
        _write_down(parts.engine, stack)
        parts.engine.triggers.hooks.tell_of_all(_settings(home).hooks)
        parts.engine.triggers.start()
        # Beside everything else: what has to be cleared up may take its time to end.
        parts.engine.deploys.start()
        _spare_what_stays()
        asyncio.get_running_loop().call_later(CLAIM_PATIENCE, release_unclaimed, keeper)
        keeper.say({"ready": os.getpid()})
        log.info("daemon.ready deaths=%d", keeper.deaths)
        try:
            await _until_asked(parts.engine.ending, supervising)
            guard.stop()
            control.leave()
            code = await _end(parts, supervising, home, keeper)
        finally:
            await control.close()
        if code == RESTART_CODE and parts.engine.ending.for_good:
            # To end for good was asked for, and acknowledged, while we were making way.
            return await _end_for_good(parts, home, keeper)
        return code


def _write_down(engine: Engine, stack: AsyncExitStack) -> None:
    """Have written down what happens, and at the end what still waits for that."""
    remembering = tasks.spawn(engine.history.work(), name="history")
    stack.callback(remembering.cancel)
    for records, name in ((engine.journal, "journal"), (engine.states, "states")):
        writing = tasks.spawn(records.work(), name=name)
        stack.push_async_callback(records.finish)
        stack.callback(writing.cancel)


async def _begin(parts: Parts, keeper: KeeperLink) -> asyncio.Task[None]:
    """Take over what a former daemon left, and begin to supervise."""
    stored = await parts.store.load()
    boot = boot_id()
    parts.supervisor.adopt(
        stored.processes,
        stored.next_pm_id,
        new_boot_id=boot if stored.boot_id != boot else None,
    )
    token = parts.effects.token
    parts.groups.open((one.run.identity, token(one)) for one in stored.processes if one.run)
    for pm_id, event in take_over(
        stored.processes,
        token=token,
        trees=parts.trees,
        clock=parts.engine.clock,
        exits=keeper.exits,
        rebooted=stored.boot_id not in {boot, None},
        launched=keeper.launched,
        expected=keeper.expects,
    ):
        parts.supervisor.post(pm_id, event)
    await parts.engine.web.expect(stored.web)
    # Before anything is started: programs of projects get the variables of these.
    if stored.deploys:
        await parts.engine.deploys.load()
    supervising = tasks.spawn(parts.supervisor.run(parts.effects.carry_out), name="supervisor")
    with suppress(StoreUnavailable):
        # Asked behind all of these events, so answered when they have been dealt with.
        await parts.supervisor.ask(lambda _: Plan([]), settled=lambda _: True)
    processes = parts.supervisor.everything.values()
    keeper.keep_to({p.run.identity: token(p) for p in processes if p.run})
    parts.engine.tokens.adopt(stored.tokens)
    await parts.engine.web.resume(stored.web)
    await parts.engine.gateway.resume(stored.gateway, stored.services)
    return supervising


def _settings(home: Home) -> Settings:
    """Read what holds for all apps; a slip in it is logged, as programs must be kept up anyway."""
    try:
        settings = read_settings(home.settings)
    except InvalidConfiguration as error:
        for problem in error.problems:
            log.error("settings.refused path=%s reason=%s", home.settings, problem)
        return Settings()
    for remark in settings.remarks:
        log.warning("settings.remark path=%s what=%s", home.settings, remark)
    return settings


async def _until_asked(ending: Ending, supervising: asyncio.Task[None]) -> None:
    asked = asyncio.get_running_loop().create_task(ending.wait(), name="ending")
    await asyncio.wait({asked, supervising}, return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()


async def _end(
    parts: Parts, supervising: asyncio.Task[None], home: Home, keeper: KeeperLink
) -> int:
    ending = parts.engine.ending
    if supervising.done():
        log.critical("daemon.supervisor_failed")
        return 1  # the programs go on, and so does the next daemon
    parts.sampler.stop()
    parts.engine.triggers.stop()
    await parts.engine.deploys.close()
    await asyncio.gather(
        parts.engine.web.close(for_good=ending.for_good),
        parts.engine.gateway.close(for_good=ending.for_good),
    )
    if ending.for_good:
        return await _end_for_good(parts, home, keeper)
    log.info("daemon.making_way")
    return RESTART_CODE


async def _end_for_good(parts: Parts, home: Home, keeper: KeeperLink) -> int:
    log.info("daemon.ending")
    await _end_programs(parts)
    keeper.drop(CONTROL)
    for path in (Path(home.socket), Path(home.pid_file), Path(home.notify_socket)):
        with suppress(OSError):  # on a disk that failed they have to stay
            path.unlink()
    return 0


async def _end_programs(parts: Parts) -> None:
    try:
        await parts.engine.processes.shut_down()
    except PmdaemonError as error:
        log.error("daemon.left_behind reason=%s", error)


def _make_room_for_open_files() -> None:
    """Have the table of our descriptors as large at once as it may become.

    The kernel doubles it whenever it is full. Once there are threads, it waits each time until no
    processor can be looking at the old one: up to 40 ms, in the midst of starting many programs.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    last = (ROOM if soft == resource.RLIM_INFINITY else min(ROOM, soft)) - 1
    with suppress(OSError):
        os.close(fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, last))


def _spare_what_stays() -> None:
    """Leave all that is there by now out of every search for garbage, which begins from here on.

    Next to nothing of it ever is garbage, and going through it again and again was a tenth of the
    work of a start, and of starting many programs. What each program adds stays as well: there is
    little to be found among what is new, however often we look.
    """
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)
    gc.enable()


def _heed_signals(ending: Ending) -> None:
    # Given them by `add_signal_handler`, asyncio would load `inspect` to see what they are.
    loop = asyncio.get_running_loop()
    for number, for_good in ((signal.SIGTERM, True), (signal.SIGINT, True), (signal.SIGHUP, False)):
        ask = partial(ending.ask, for_good=for_good)
        signal.signal(number, lambda *_, ask=ask: loop.call_soon_threadsafe(ask))


def _control_listener(home: Home, keeper: KeeperLink) -> socket.socket:
    """Get the control socket that a former daemon listened on, or make one.

    A socket file that lies there is stale, as we hold the lock of this home. Somebody may have
    removed the one that was kept; then nobody can connect to it any more.
    """
    kept = keeper.take(CONTROL)
    if kept is not None and Path(home.socket).exists():
        listener = socket.socket(fileno=kept)
    else:
        if kept is not None:
            os.close(kept)
        with home.socket_address() as address:
            listener = _bound(address)
        keeper.keep(CONTROL, listener.fileno())
    listener.setblocking(False)  # noqa: FBT003 - the library's signature
    return listener


def _bound(address: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    Path(address).unlink(missing_ok=True)
    before = os.umask(0o177)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise HomeUnusable(f"cannot make the control socket: {why(error)}") from None
    finally:
        os.umask(before)
    listener.listen(BACKLOG)
    return listener


def _write_pid(path: Path) -> None:
    """Write over what is there: nobody finds it empty, and a full disk has the room."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o644), "wb", 0) as file:
            file.write(f"{os.getpid()}\n".encode())
            file.truncate()
    except OSError as error:  # it is for people; the lock is what counts
        log.warning("daemon.no_pid_file reason=%s", error)
