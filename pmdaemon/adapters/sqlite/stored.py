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

import msgspec

from pmdaemon.core.job_runs import JobRun, Outcome, OutputRange
from pmdaemon.core.journal import Entry, Severity
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
from pmdaemon.core.spec import AppSpec

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
        "replaces": process.replaces,
        "lineage": process.lineage,
        "backoff": process.backoff,
        "due": process.due,
        "queued": int(process.queued),
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
        replaces=row["replaces"],
        lineage=row["lineage"],
        backoff=row["backoff"],
        due=row["due"],
        queued=bool(row["queued"]),
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
        "ready",
        "delay",
        "reason",
        "last_words",
    )
)


def _state_data(state: State) -> Row:
    match state:
        case Stopped() | Exited():
            return {}
        case Starting(run):
            return _run_data(run) if run is not None else {}
        case Online(run, ready):
            return {**_run_data(run), "ready": int(ready)}
        case Stopping(run, cause, ended, killed):
            # Whether it drains is not written down: a next daemon lets it drain anew.
            ending = {"cause": cause.value, "exit": _exit_to_text(ended), "killed": int(killed)}
            return {**_run_data(run), **ending}
        case Backoff(since, delay, reason):
            return {
                "since_wall": since.wall,
                "since_monotonic": since.monotonic,
                "delay": delay,
                "reason": _words(reason) if reason is not None else None,
            }
        case Errored(reason, last_words):
            return {"reason": _words(reason), "last_words": json.dumps(last_words)}
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
            return Starting(_run(row) if row["pid"] is not None else None)
        case ProcessState.ONLINE:
            return Online(_run(row), ready=row["ready"] != 0)
        case ProcessState.STOPPING:
            cause, ended = _word(Cause, row["cause"]), _exit_from_text(row["exit"])
            return Stopping(_run(row), cause, ended, killed=bool(row["killed"]))
        case ProcessState.BACKOFF:
            return Backoff(_instant(row, "since"), _present(row, "delay"), row["reason"])
        case ProcessState.EXITED:
            return Exited()
        case ProcessState.ERRORED:
            return Errored(_present(row, "reason"), tuple(json.loads(row["last_words"] or "[]")))


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


# Runs of jobs.


def run_to_row(run: JobRun) -> Row:
    """Write down a run of a job."""
    return {
        "app": run.app,
        "pm_id": run.pm_id,
        "launch": run.launch,
        "due": run.due,
        "began": run.began,
        "ended": run.ended,
        "outcome": run.outcome.value,
        "exit": _exit_to_text(run.exit),
        "out_start": run.out.start,
        "out_end": run.out.end,
        "err_start": run.err.start,
        "err_end": run.err.end,
    }


def run_from_row(row: Row) -> JobRun:
    """Read a run of a job.

    Raises:
        UnknownWord: it came to an end that this release does not know.

    """
    return JobRun(
        app=row["app"],
        pm_id=row["pm_id"],
        launch=row["launch"],
        due=row["due"],
        began=row["began"],
        ended=row["ended"],
        outcome=_word(Outcome, row["outcome"]),
        exit=_exit_from_text(row["exit"]),
        out=OutputRange(row["out_start"], row["out_end"]),
        err=OutputRange(row["err_start"], row["err_end"]),
    )


def entry_from_row(row: Row) -> Entry:
    """Read an entry of the journal.

    Raises:
        UnknownWord: it is as grave as this release does not know.

    """
    return Entry(**{**row, "severity": _word(Severity, row["severity"])})


# Declarations.


def spec_to_json(spec: AppSpec) -> str:
    """Write a declaration down, with any environment."""
    try:
        return msgspec.json.encode(spec).decode()
    except UnicodeEncodeError:
        # Lone surrogates, which are bytes that are no UTF-8 (PEP 383), are stored as escapes.
        return json.dumps(msgspec.to_builtins(spec))


def spec_from_json(text: str) -> AppSpec:
    """Read a declaration."""
    try:
        return msgspec.convert(json.loads(text), AppSpec)
    except msgspec.ValidationError as error:
        raise ValueError(f"a declaration does not fit: {error}") from None
