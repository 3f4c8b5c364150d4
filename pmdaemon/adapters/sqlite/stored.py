"""What is stored, apart from what is alive: processes as rows, declarations as JSON.

Rules of this file:

* Everything that can be alive can be written, and what was written is read back equal.
* Reading is tolerant where that is safe: a key that an older release did not write has its default,
  one that this release does not know is passed over.
* Reading guesses nothing: a word that is unknown (a state, a wish, a cause) is refused. Whatever
  else does not fit shows as KeyError, TypeError or ValueError.
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar, assert_never

from pmdaemon.core.process import (
    Backoff,
    Cause,
    Errored,
    Exit,
    Exited,
    Identity,
    Instant,
    Online,
    Process,
    ProcessState,
    Run,
    Starting,
    State,
    Stopped,
    Stopping,
    Wish,
)
from pmdaemon.core.spec import (
    DEFAULT_NAMESPACE,
    AppSpec,
    Command,
    LogPolicy,
    RestartPolicy,
    StopPolicy,
)
from pmdaemon.core.tcp_ports import TcpPorts

Row = Mapping[str, Any]
"""Column names and values, as SQLite gives and takes them."""

Word = TypeVar("Word", bound=StrEnum)


class UnknownWord(ValueError):
    """A stored word that means nothing to this release."""

    def __init__(self, what: str, word: object) -> None:
        super().__init__(f"{what} {word!r} is unknown")


# Processes.


def process_to_row(process: Process) -> Row:
    """Write a process down, but for its declaration."""
    started = process.started
    return {
        "pm_id": process.pm_id,
        "app": process.name,
        "instance": process.instance,
        "wish": process.wish.value,
        "epoch": process.epoch,
        "launch": process.launch,
        "tcp_port": process.tcp_port,
        "restarts": process.restarts,
        "ends": json.dumps(process.ends),
        "last_exit": _exit_to_text(process.last_exit),
        "last_cause": process.last_cause.value if process.last_cause else None,
        "created_wall": process.created.wall,
        "created_monotonic": process.created.monotonic,
        "started_wall": started.wall if started else None,
        "started_monotonic": started.monotonic if started else None,
        "state": process.state.kind.value,
        **_NO_STATE_DATA,
        **_state_data(process.state),
    }


def process_from_row(row: Row, spec: AppSpec) -> Process:
    """Read a process whose app was declared as `spec`.

    Raises:
        UnknownWord: it is in a state, or has a wish or a cause, that this release does not know.

    """
    return Process(
        pm_id=row["pm_id"],
        instance=row["instance"],
        spec=spec,
        created=_instant(row, "created"),
        wish=_word(Wish, row["wish"]),
        state=_state(row),
        epoch=row["epoch"],
        launch=row["launch"],
        tcp_port=row["tcp_port"],
        restarts=row["restarts"],
        ends=tuple(json.loads(row["ends"])),
        last_exit=_exit_from_text(row["last_exit"]),
        last_cause=None if row["last_cause"] is None else _word(Cause, row["last_cause"]),
        started=None if row["started_wall"] is None else _instant(row, "started"),
    )


_NO_STATE_DATA: Row = dict.fromkeys(
    (
        "pid",
        "start_time",
        "since_wall",
        "since_monotonic",
        "cause",
        "exit",
        "killed",
        "delay",
        "reason",
    )
)


def _state_data(state: State) -> Row:
    match state:
        case Stopped() | Starting() | Exited():
            return {}
        case Online(run):
            return _run_data(run)
        case Stopping(run, cause, ended, killed):
            ending = {"cause": cause.value, "exit": _exit_to_text(ended), "killed": int(killed)}
            return {**_run_data(run), **ending}
        case Backoff(since, delay, reason):
            return {
                "since_wall": since.wall,
                "since_monotonic": since.monotonic,
                "delay": delay,
                "reason": _words(reason) if reason is not None else None,
            }
        case Errored(reason):
            return {"reason": _words(reason)}
        case _:
            assert_never(state)


def _words(reason: str) -> str:
    """Word for people what may quote a path that is not UTF-8."""
    return reason.encode(errors="backslashreplace").decode()


def _run_data(run: Run) -> Row:
    return {
        "pid": run.identity.pid,
        "start_time": run.identity.start_time,
        "since_wall": run.since.wall,
        "since_monotonic": run.since.monotonic,
    }


def _state(row: Row) -> State:
    match _word(ProcessState, row["state"]):
        case ProcessState.STOPPED:
            return Stopped()
        case ProcessState.STARTING:
            return Starting()
        case ProcessState.ONLINE:
            return Online(_run(row))
        case ProcessState.STOPPING:
            cause, ended = _word(Cause, row["cause"]), _exit_from_text(row["exit"])
            return Stopping(_run(row), cause, ended, killed=bool(row["killed"]))
        case ProcessState.BACKOFF:
            return Backoff(_instant(row, "since"), _present(row, "delay"), row["reason"])
        case ProcessState.EXITED:
            return Exited()
        case ProcessState.ERRORED:
            return Errored(_present(row, "reason"))


def _run(row: Row) -> Run:
    identity = Identity(_present(row, "pid"), _present(row, "start_time"))
    return Run(identity, _instant(row, "since"))


def _instant(row: Row, name: str) -> Instant:
    return Instant(_present(row, f"{name}_wall"), _present(row, f"{name}_monotonic"))


def _present(row: Row, column: str) -> Any:  # noqa: ANN401 - a value of whatever type was stored
    if row[column] is None:
        raise ValueError(f"{column} is missing")
    return row[column]


def _word(vocabulary: type[Word], word: str) -> Word:
    try:
        return vocabulary(word)
    except ValueError:
        raise UnknownWord(vocabulary.__name__, word) from None


def _exit_to_text(ended: Exit | None) -> str | None:
    match ended:
        case None:
            return None
        case Exit(code=int() as code):
            return f"code {code}"
        case Exit(signal=int() as signal):
            return f"signal {signal}"
        case _:
            return "unknown"


def _exit_from_text(text: str | None) -> Exit | None:
    if text is None:
        return None
    match text.split():
        case ["code", code]:
            return Exit(code=int(code))
        case ["signal", signal]:
            return Exit(signal=int(signal))
        case ["unknown"]:
            return Exit()
        case _:
            raise UnknownWord("exit", text)


# Declarations.


def spec_to_json(spec: AppSpec) -> str:
    """Write a declaration down; the JSON is ASCII, so that any environment can be stored."""
    ports, restart = spec.tcp_ports, spec.restart
    return json.dumps(
        {
            "name": spec.name,
            "command": {
                "script": spec.command.script,
                "args": spec.command.args,
                "interpreter": spec.command.interpreter,
                "interpreter_args": spec.command.interpreter_args,
                "argv": spec.command.argv,
            },
            "cwd": spec.cwd,
            "namespace": spec.namespace,
            "instances": spec.instances,
            "tcp_ports": ports and {"first": ports.first, "last": ports.last, "auto": ports.auto},
            "env": dict(spec.env),
            "inherited_env": dict(spec.inherited_env),
            "max_memory": spec.max_memory,
            "restart": {
                "autorestart": restart.autorestart,
                "max_restarts": restart.max_restarts,
                "min_uptime": restart.min_uptime,
                "restart_delay": restart.restart_delay,
                "stop_exit_codes": sorted(restart.stop_exit_codes),
            },
            "stop": {"signal": spec.stop.signal, "grace": spec.stop.grace},
            "logs": {
                "max_size": spec.logs.max_size,
                "keep": spec.logs.keep,
                "max_age": spec.logs.max_age,
                "compress": spec.logs.compress,
            },
        }
    )


def spec_from_json(text: str) -> AppSpec:
    """Read a declaration."""
    data = json.loads(text)
    return AppSpec(
        name=data["name"],
        command=_command(data["command"]),
        cwd=data["cwd"],
        namespace=data.get("namespace", DEFAULT_NAMESPACE),
        instances=data.get("instances", 1),
        tcp_ports=_tcp_ports(data.get("tcp_ports")),
        env=dict(data.get("env", {})),
        inherited_env=dict(data.get("inherited_env", {})),
        max_memory=data.get("max_memory"),
        restart=_restart_policy(data.get("restart", {})),
        stop=_stop_policy(data.get("stop", {})),
        logs=_log_policy(data.get("logs", {})),
    )


def _command(data: Row) -> Command:
    return Command(
        script=data["script"],
        args=tuple(data.get("args", ())),
        interpreter=data.get("interpreter"),
        argv=tuple(data["argv"]),
        interpreter_args=tuple(data.get("interpreter_args", ())),
    )


def _tcp_ports(data: Row | None) -> TcpPorts | None:
    if data is None:
        return None
    return TcpPorts(data["first"], data["last"], auto=data.get("auto", False))


def _restart_policy(data: Row) -> RestartPolicy:
    default = RestartPolicy()
    return RestartPolicy(
        autorestart=data.get("autorestart", default.autorestart),
        max_restarts=data.get("max_restarts", default.max_restarts),
        min_uptime=data.get("min_uptime", default.min_uptime),
        restart_delay=data.get("restart_delay", default.restart_delay),
        stop_exit_codes=frozenset(data.get("stop_exit_codes", default.stop_exit_codes)),
    )


def _stop_policy(data: Row) -> StopPolicy:
    default = StopPolicy()
    return StopPolicy(
        signal=data.get("signal", default.signal), grace=data.get("grace", default.grace)
    )


def _log_policy(data: Row) -> LogPolicy:
    default = LogPolicy()
    return LogPolicy(
        max_size=data.get("max_size", default.max_size),
        keep=data.get("keep", default.keep),
        max_age=data.get("max_age", default.max_age),
        compress=data.get("compress", default.compress),
    )
