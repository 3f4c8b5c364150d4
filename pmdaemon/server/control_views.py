"""Processes as the control channel words them."""

from pmdaemon.control.messages import DeclarationView, ExitView, ProcessView
from pmdaemon.core.process import Backoff, Errored, Exit
from pmdaemon.core.snapshots import ProcessSnapshot
from pmdaemon.core.spec import AppSpec


def process_view(snapshot: ProcessSnapshot, *, detail: bool = False) -> ProcessView:
    """Word one process; with `detail`, its whole declaration too."""
    process, sample = snapshot.process, snapshot.sample
    view: ProcessView = {
        "pm_id": process.pm_id,
        "name": process.name,
        "namespace": process.spec.namespace,
        "instance": process.instance,
        "script": process.spec.command.script,
        "state": process.state.kind,
        "wish": process.wish,
        "pid": process.pid,
        "tcp_port": process.tcp_port,
        "cpu": sample.cpu,
        "memory": sample.memory,
        "uptime": snapshot.uptime,
        "restarts": process.restarts,
        "started": process.started.wall if process.started else None,
        "created": process.created.wall,
        "last_exit": _exit_view(process.last_exit),
        "last_cause": process.last_cause,
        "reason": process.state.reason if isinstance(process.state, Errored | Backoff) else None,
        "out_file": snapshot.out_file,
        "error_file": snapshot.error_file,
    }
    if detail:
        view["declaration"] = _declaration_view(process.spec)
    return view


def _exit_view(ended: Exit | None) -> ExitView | None:
    return None if ended is None else {"code": ended.code, "signal": ended.signal}


def _declaration_view(spec: AppSpec) -> DeclarationView:
    return {
        "args": list(spec.command.args),
        "interpreter": spec.command.interpreter,
        "interpreter_args": list(spec.command.interpreter_args),
        "argv": list(spec.command.argv),
        "cwd": spec.cwd,
        "env": dict(spec.env),
        "inherited_env": dict(spec.inherited_env),
        "instances": spec.instances,
        "port": str(spec.tcp_ports) if spec.tcp_ports else None,
        "max_memory": spec.max_memory,
        "autorestart": spec.restart.autorestart,
        "max_restarts": spec.restart.max_restarts,
        "min_uptime": spec.restart.min_uptime,
        "restart_delay": spec.restart.restart_delay,
        "stop_exit_codes": sorted(spec.restart.stop_exit_codes),
        "stop_signal": spec.stop.signal,
        "grace": spec.stop.grace,
        "log_max_size": spec.logs.max_size,
        "log_keep": spec.logs.keep,
        "log_max_age": spec.logs.max_age,
        "log_compress": spec.logs.compress,
    }
