"""Processes as the control channel words them."""

from collections.abc import Sequence
from typing import Any

import msgspec

from pmdaemon.config.differences import in_words
from pmdaemon.control.messages.declaring import StepView
from pmdaemon.control.messages.processes import (
    ExitView,
    Explanation,
    HealthView,
    ProcessView,
    ReplyView,
    RunView,
)
from pmdaemon.core.differences import Step
from pmdaemon.core.environment import child_environment
from pmdaemon.core.health import Health
from pmdaemon.core.job_runs import JobRun
from pmdaemon.core.process import Backoff, Errored, Exit, Online, Process
from pmdaemon.core.snapshots import ProcessSnapshot


def processes_result(
    snapshots: Sequence[ProcessSnapshot], *, detail: bool = False
) -> dict[str, Any]:
    """Show processes, as every verb does that acts on some."""
    return {"processes": [process_view(one, detail=detail) for one in snapshots]}


def process_view(snapshot: ProcessSnapshot, *, detail: bool = False) -> ProcessView:
    """Word one process; with `detail`, its whole declaration too."""
    process, sample = snapshot.process, snapshot.sample
    view: ProcessView = {
        "pm_id": process.pm_id,
        "name": process.name,
        "called": process.called,
        "namespace": process.spec.namespace,
        "instance": process.instance,
        "script": process.spec.command.script,
        "state": process.state.kind,
        "wish": process.wish,
        "pid": process.pid,
        "tcp_port": process.serving_port,
        "ports": str(process.spec.tcp_ports) if process.spec.tcp_ports else None,
        "cpu": sample.cpu,
        "memory": sample.memory,
        "uptime": snapshot.uptime,
        "restarts": process.restarts,
        "started": process.started.wall if process.started else None,
        "created": process.created.wall,
        "last_exit": _exit_view(process.last_exit),
        "last_cause": process.last_cause,
        "reason": process.state.reason if isinstance(process.state, Errored | Backoff) else None,
        "last_words": _last_words(process),
        "health": _health_view(snapshot.health),
        "out_file": snapshot.out_file,
        "error_file": snapshot.error_file,
        "ready": isinstance(process.state, Online) and process.state.ready,
    }
    if detail:
        view["declaration"] = msgspec.to_builtins(process.spec)
        said = {**process.spec.inherited_env, **process.spec.env}
        view["added_env"] = dict(child_environment(process).items() - said.items())
        view["telemetry"] = dict(snapshot.telemetry) if snapshot.telemetry is not None else None
        view["failures"], view["backoff"] = len(process.ends), process.backoff
        view["agent"] = msgspec.to_builtins(snapshot.agent)
    return view


def explanation_view(process: Process, sentences: list[str]) -> Explanation:
    """Word why a process is up, or is not."""
    return {
        "pm_id": process.pm_id,
        "name": process.name,
        "called": process.called,
        "state": process.state.kind,
        "wish": process.wish,
        "sentences": sentences,
    }


def reply_view(process: Process, value: object) -> ReplyView:
    """Word what an action of a program led to."""
    return {
        "pm_id": process.pm_id,
        "name": process.name,
        "namespace": process.spec.namespace,
        "value": value,
    }


def run_view(run: JobRun) -> RunView:
    """Word one run of a job."""
    return {
        "app": run.app,
        "pm_id": run.pm_id,
        "due": run.due,
        "began": run.began,
        "ended": run.ended,
        "outcome": run.outcome,
        "exit": _exit_view(run.exit),
        "out": {"start": run.out.start, "end": run.out.end},
        "err": {"start": run.err.start, "end": run.err.end},
    }


def _last_words(process: Process) -> list[str]:
    return list(process.state.last_words) if isinstance(process.state, Errored) else []


def _health_view(health: Health | None) -> HealthView | None:
    if health is None:
        return None
    last = health.last
    return {
        "status": health.status,
        "failures": health.failures,
        "detail": last.detail if last is not None else None,
        "checked": health.at.wall if health.at is not None else None,
        "seconds": last.seconds if last is not None else None,
    }


def _exit_view(ended: Exit | None) -> ExitView | None:
    return None if ended is None else {"code": ended.code, "signal": ended.signal}


def step_view(step: Step) -> StepView:
    """Word what is done about one app, and why."""
    changes = in_words(step.before, step.after, step.paths) if step.before and step.after else ()
    return {
        "name": step.name,
        "action": step.action,
        "changes": [
            {"field": one.field, "before": one.before, "after": one.after} for one in changes
        ],
    }
