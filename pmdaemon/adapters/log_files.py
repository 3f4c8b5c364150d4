"""Output capture: what programs write, moved from FIFOs into files.

The FIFOs belong to the home, not to this daemon. When it dies the programs write on into them, and
the next one opens the same FIFOs again and finds what has come meanwhile.
"""

# Descriptors and bare paths, as everywhere about output files:
# ruff: noqa: PTH108, PTH119

import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from pmdaemon.adapters.fifos import Capacities, Move, best_move, open_fifo
from pmdaemon.adapters.keeper_link import KeeperLink
from pmdaemon.adapters.log_aging import Aging
from pmdaemon.adapters.log_compression import Compressor
from pmdaemon.adapters.log_pump import Pump
from pmdaemon.adapters.log_writer import LogWriter
from pmdaemon.adapters.output_files import read_end, size_of
from pmdaemon.adapters.wakeups import Wakeups
from pmdaemon.core.errors import OperationFailed
from pmdaemon.core.log_copies import LogCopy, copies_of, is_dropped
from pmdaemon.core.logs import NOWHERE, OutputStream, file_name
from pmdaemon.core.spec import LogPolicy
from pmdaemon.core.wording import why
from pmdaemon.engine.interfaces import Clock

if TYPE_CHECKING:
    from pmdaemon.adapters.log_copies import Copier

Growth = Callable[[int, OutputStream], None]

_STREAMS = tuple(OutputStream)
"""Going through the enumeration itself, for each start, takes as long as making a FIFO."""


class _Channel(Struct, frozen=True):
    """One stream of one process."""

    path: str
    fifo: int
    pump: Pump


class LogFiles:
    """The output of all processes; belongs to the event loop it is used in.

    `keeper` holds a copy of every FIFO: a program that ends while there is no daemon would
    otherwise take along what it wrote last.
    """

    def __init__(
        self,
        logs_dir: Path,
        run_dir: Path,
        clock: Clock,
        *,
        keeper: KeeperLink | None = None,
        move: Move = best_move,
    ) -> None:
        self._logs_dir = str(logs_dir)
        self._run_dir = str(run_dir)
        self._clock = clock
        self._keeper = keeper or KeeperLink()
        self._move = move
        self._capacities = Capacities()
        self._wakeups = Wakeups()
        self._aging = Aging(clock)
        self._compressor = Compressor(clock)
        self._files: dict[tuple[str, int], tuple[str, str]] = {}
        self._channels: dict[int, dict[OutputStream, _Channel]] = {}
        self._begun: dict[int, int] = {}
        self._is_settled = False
        self._copiers: dict[int, dict[LogCopy, Copier]] = {}
        self._on_growth: Growth | None = None

    def open(self, pm_id: int, name: str, instance: int, policy: LogPolicy) -> tuple[str, str]:
        """Be ready for the output of a process; return the FIFOs for its stdout and stderr.

        Opening again is allowed, and takes over a new policy.

        Raises:
            OperationFailed: it cannot be captured, and nothing was opened.

        """
        channels = self._channels.get(pm_id)
        if channels and not all(os.path.lexists(each.path) for each in channels.values()):
            self.close(pm_id)  # somebody has removed them, and no program could open them
            channels = None
        if channels is None:
            channels = self._open_all(pm_id, name, instance, policy)
            self._channels[pm_id] = channels
        for channel in channels.values():
            self._heed_policy(channel.pump.writer, policy)
        self._heed_copies(pm_id, name, instance, policy)
        self._begun[pm_id] = size_of(channels[OutputStream.ERR].pump.writer.path)
        out, err = (
            NOWHERE if is_dropped(stream, policy) else channels[stream].path for stream in _STREAMS
        )
        return out, err

    def files(self, name: str, instance: int) -> tuple[str, str]:
        """Say where the output of a process is kept: the paths for stdout and stderr."""
        if (known := self._files.get((name, instance))) is None:
            # Asked for with every list of processes, and the escaping of names takes its time.
            out, err = (file_name(name, instance, stream) for stream in _STREAMS)
            known = f"{self._logs_dir}/{out}", f"{self._logs_dir}/{err}"
            self._files[name, instance] = known
        return known

    def sizes(self, name: str, instance: int) -> tuple[int, int]:
        """Say how many bytes these files hold by now."""
        out, err = map(size_of, self.files(name, instance))
        return out, err

    def drain(self, pm_id: int) -> None:
        """Move all that was written so far into the files."""
        for channel in self._of(pm_id):
            channel.pump.drain()

    def last_words(self, pm_id: int) -> tuple[str, ...]:
        """Read the last few lines that a process wrote to stderr since it was opened for it."""
        channel = self._channels.get(pm_id, {}).get(OutputStream.ERR)
        if channel is None:
            return ()
        return read_end(channel.pump.writer.path, self._begun.get(pm_id, 0))

    def flush(self, pm_id: int) -> None:
        """Empty the files, and remove the older ones.

        Raises:
            OperationFailed: they cannot be written to.

        """
        for channel in self._of(pm_id):
            channel.pump.drain()
            try:
                channel.pump.writer.empty()
            except OSError as error:
                raise OperationFailed(
                    f"cannot empty the output of process {pm_id}: {why(error)}", pm_id=pm_id
                ) from error
        for copier in self._copiers.get(pm_id, {}).values():
            with suppress(OSError):  # a copy that cannot be emptied is somebody else's
                copier.empty()

    def close(self, pm_id: int) -> None:
        """Drain, and give up the FIFOs for good, as nothing writes to them; the files stay."""
        self.drain(pm_id)
        self._files.clear()
        self._begun.pop(pm_id, None)
        for copier in self._copiers.pop(pm_id, {}).values():
            copier.finish()
        for channel in self._channels.pop(pm_id, {}).values():
            self._keeper.drop(os.path.basename(channel.path))
            self._let_go(channel)
            with suppress(FileNotFoundError):
                os.unlink(channel.path)

    def on_growth(self, callback: Growth | None) -> None:
        """Call `callback` with the pm_id and stream whenever a file has grown, or stop doing so."""
        self._on_growth = callback

    def leave(self) -> None:
        """Let go of all FIFOs and leave them, with what is in them, to the next daemon."""
        self._compressor.stop()
        self._keeper.say_what_is_due()
        while self._copiers:
            for copier in self._copiers.popitem()[1].values():
                copier.stop()
        while self._channels:
            _, channels = self._channels.popitem()
            for channel in channels.values():
                self._let_go(channel)

    def _of(self, pm_id: int) -> list[_Channel]:
        return list(self._channels.get(pm_id, {}).values())

    def _open_all(
        self, pm_id: int, name: str, instance: int, policy: LogPolicy
    ) -> dict[OutputStream, _Channel]:
        channels: dict[OutputStream, _Channel] = {}
        for stream, file in zip(_STREAMS, self.files(name, instance), strict=True):
            path = f"{self._run_dir}/{pm_id}.{stream}"
            try:
                fifo = open_fifo(path)
            except OSError as error:
                for channel in channels.values():
                    self._let_go(channel)
                raise OperationFailed(
                    f"cannot capture the output of {name}: {why(error)}: {path}", name=name
                ) from error
            writer = LogWriter(
                file, policy, self._clock, move=self._move, on_rotated=self._compress
            )
            writer.make()
            pump = Pump(
                fifo,
                writer,
                self._clock,
                capacities=self._capacities,
                wakeups=self._wakeups,
                on_moved=partial(self._grown, pm_id, stream),
            )
            channels[stream] = _Channel(path, fifo, pump)
        # In the packet that tells of the start of the program, which has to come behind it.
        self._keeper.keep_soon({os.path.basename(one.path): one.fifo for one in channels.values()})
        return channels

    def _heed_policy(self, writer: LogWriter, policy: LogPolicy) -> None:
        if policy != writer.policy or writer not in self._aging:
            writer.policy = policy
            self._aging.add(writer)
            self._compress(writer)

    def _heed_copies(self, pm_id: int, name: str, instance: int, policy: LogPolicy) -> None:
        """Have the copies made that are wanted, and no others."""
        wanted = copies_of(name, instance, policy, self._logs_dir)
        before = self._copiers.pop(pm_id, {})
        if not (wanted or before):
            return
        for unwanted in before.keys() - set(wanted):
            before.pop(unwanted).finish()
        files = dict(zip(_STREAMS, self.files(name, instance), strict=True))
        copiers = self._copiers[pm_id] = before
        for copy in wanted:
            if copy in copiers:
                copiers[copy].policy = policy
            else:
                copiers[copy] = self._copier(files[copy.stream], copy, policy, pm_id, name)

    def _copier(
        self, output: str, copy: LogCopy, policy: LogPolicy, pm_id: int, name: str
    ) -> "Copier":
        # Few want copies, and others need not load what makes them.
        from pmdaemon.adapters.copy_records import settle_all  # noqa: PLC0415
        from pmdaemon.adapters.log_copies import Copier  # noqa: PLC0415

        if not self._is_settled:
            try:
                settle_all(self._logs_dir)
            except OSError as error:
                raise OperationFailed(
                    f"cannot copy the output of {name}: {why(error)}", name=name
                ) from error
            self._is_settled = True
        return Copier(
            output,
            copy,
            policy,
            self._clock,
            pm_id=pm_id,
            name=name,
            on_rotated=self._compressor.look_after,
        )

    def _compress(self, writer: LogWriter) -> None:
        if writer.policy.compress:
            self._compressor.look_after(writer.path)

    def _let_go(self, channel: _Channel) -> None:
        channel.pump.stop()
        self._aging.remove(channel.pump.writer)
        os.close(channel.fifo)

    def _grown(self, pm_id: int, stream: OutputStream) -> None:
        if pm_id in self._copiers:
            for copy, copier in self._copiers[pm_id].items():
                if copy.stream is stream:
                    copier.look()
        if self._on_growth is not None:
            self._on_growth(pm_id, stream)
