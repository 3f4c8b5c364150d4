"""Remembers the runs of jobs: when, how they ended, and what part of the output is theirs.

It follows the processes, one write after the other, and holds nobody up. What it did not get to
write when a daemon died is told by the processes themselves, which the next daemon looks at.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from msgspec.structs import replace

from pmdaemon.core.errors import StoreUnavailable
from pmdaemon.core.job_runs import JobRun, Outcome, OutputRange, is_running, outcome_of
from pmdaemon.core.notices import Notice, ProcessChanged
from pmdaemon.core.process import Cause, Process, Stopping
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.interfaces import Clock, OutputCapture, RunHistory
from pmdaemon.engine.supervisor import Supervisor

log = logging.getLogger(__name__)

LOOKED_BACK = 50
"""Runs of an app among which its latest one is looked for."""


class JobHistory:
    """Writes down what becomes of each run, and lists it."""

    def __init__(
        self,
        *,
        clock: Clock,
        bus: Bus,
        supervisor: Supervisor,
        capture: OutputCapture,
        history: RunHistory,
    ) -> None:
        self._clock = clock
        self._bus = bus
        self._supervisor = supervisor
        self._capture = capture
        self._history = history
        self._open: dict[int, JobRun] = {}
        self._writes: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue()
        self._unsubscribe: Callable[[], None] = lambda: None

    async def runs(self, apps: Sequence[str], *, limit: int) -> Sequence[JobRun]:
        """List the latest runs of these jobs, the youngest first.

        Raises:
            StoreUnavailable: what was written down cannot be read.

        """
        await self._writes.join()
        return await self._history.runs(apps, limit=limit)

    async def work(self) -> None:
        """Take up what a former daemon left, and write until cancelled."""
        self._unsubscribe = self._bus.subscribe(self._on_notice, ProcessChanged)
        self._writes.put_nowait(self._take_up)
        while True:
            write = await self._writes.get()
            try:
                await write()
            except StoreUnavailable as error:
                log.error("history.not_written reason=%s", error)
            finally:
                self._writes.task_done()

    def _on_notice(self, notice: Notice) -> None:
        if not isinstance(notice, ProcessChanged):
            return
        before, after = notice.before, notice.after
        if after is None:
            if before is not None and before.spec.job is not None:
                self._forget(before)
        elif after.spec.job is not None:
            self._follow(before, after)

    def _follow(self, before: Process | None, after: Process) -> None:
        was_launch = before.launch if before is not None else 0
        begun = self._open.get(after.pm_id)
        if begun is not None and (begun.launch != after.launch or not is_running(after)):
            self._write(self._ended(begun, after))
            del self._open[after.pm_id]
        if after.launch != was_launch and is_running(after):
            self._open[after.pm_id] = run = self._begun(before, after)
            self._write(run)
        elif before is not None and after.due != before.due and _is_skipped(before, after):
            now = self._clock.now().wall
            self._write(_blank(after, None, now, after.due, Outcome.SKIPPED))

    def _begun(self, before: Process | None, after: Process) -> JobRun:
        due = after.due if before is not None and _is_scheduled(before, after) else None
        run = _blank(after, after.launch, self._clock.now().wall, due, Outcome.RUNNING)
        out, err = self._capture.sizes(after.name, after.instance)
        return replace(run, out=OutputRange(out), err=OutputRange(err))

    def _ended(self, run: JobRun, process: Process) -> JobRun:
        out, err = self._capture.sizes(process.name, process.instance)
        return replace(
            run,
            ended=self._clock.now().wall,
            outcome=outcome_of(process),
            exit=process.last_exit,
            out=OutputRange(run.out.start, out),
            err=OutputRange(run.err.start, err),
        )

    def _write(self, run: JobRun) -> None:
        job = next(
            (p.spec.job for p in self._supervisor.processes.values() if p.name == run.app), None
        )
        keep = job.keep if job is not None else 0
        self._writes.put_nowait(lambda: self._history.record(run, keep=keep))

    def _forget(self, process: Process) -> None:
        self._open.pop(process.pm_id, None)
        others = self._supervisor.processes.values()
        if not any(other.name == process.name for other in others):
            self._writes.put_nowait(lambda: self._history.forget(process.name))

    async def _take_up(self) -> None:
        """Bring the record in line with what the processes say."""
        processes = self._supervisor.processes
        recorded = await self._history.unfinished()
        for run in recorded:
            process = processes.get(run.pm_id)
            is_of = process is not None and (process.name, process.launch) == (run.app, run.launch)
            if process is not None and is_of and is_running(process):
                self._open.setdefault(run.pm_id, run)
            elif process is not None and is_of:
                self._write(self._ended(run, process))
            else:
                now = self._clock.now().wall
                self._write(replace(run, ended=now, outcome=Outcome.INTERRUPTED))
        known = {(run.pm_id, run.launch) for run in recorded}
        for process in tuple(processes.values()):
            if process.spec.job is not None and (process.pm_id, process.launch) not in known:
                await self._make_up_for(process)

    async def _make_up_for(self, process: Process) -> None:
        """Write down a run that a daemon began, or saw end, and did not get to write down."""
        latest = await self._history.runs([process.name], limit=LOOKED_BACK)
        is_known = any((one.pm_id, one.launch) == (process.pm_id, process.launch) for one in latest)
        if is_known or not process.launch:
            return
        run = self._begun(None, process)
        if process.started is not None:
            run = replace(run, began=process.started.wall)
        if is_running(process):
            self._open[process.pm_id] = run
            self._write(run)
        else:
            self._write(self._ended(run, process))


def _blank(
    process: Process, launch: int | None, began: float, due: float | None, outcome: Outcome
) -> JobRun:
    return JobRun(
        app=process.name,
        pm_id=process.pm_id,
        launch=launch,
        due=due,
        began=began,
        ended=None if outcome is Outcome.RUNNING else began,
        outcome=outcome,
    )


def _is_scheduled(before: Process, after: Process) -> bool:
    """Whether a run that begins was due, be it now or while the one before went on."""
    was_replaced = isinstance(before.state, Stopping) and before.state.cause is Cause.SCHEDULED
    return after.due != before.due or before.queued or was_replaced


def _is_skipped(before: Process, after: Process) -> bool:
    """Whether what fell due was neither begun, nor queued, nor begins when this run has ended."""
    return after.launch == before.launch and not after.queued and after.state == before.state
