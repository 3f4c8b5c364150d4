"""Saying why a program could not be started."""

import errno
import os
from pathlib import Path

from pmdaemon.adapters.privileges import objection
from pmdaemon.engine.interfaces import LaunchFailed, LaunchOrder

_TRANSIENT = frozenset({errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE})
_WORDS = {
    errno.EAGAIN: "no more processes may be started at the moment",
    errno.ENOMEM: "not enough memory",
    errno.EMFILE: "too many open files in pmdaemon",
    errno.ENFILE: "too many open files in the system",
    errno.ENOENT: "no such file",
    errno.ENOTDIR: "a part of its path is not a directory",
    errno.E2BIG: "its arguments and environment are too large",
    errno.ENOEXEC: "it is neither a program for this machine nor a script that begins with #!",
    errno.ETXTBSY: "it is being written to",
}


def cannot_open(path: str, error: OSError) -> LaunchFailed:
    """Word that an output could not be opened."""
    return _failed(f"cannot open {path} for its output", _words(error), error)


def cannot_enter(order: LaunchOrder, error: OSError | ValueError) -> LaunchFailed:
    """Word that a program cannot have the directory it is to run in."""
    if isinstance(error, ValueError):
        reason = f"cannot run {order.argv[0]}: its directory holds a NUL character"
        return LaunchFailed(reason, transient=False)
    return _failed(f"cannot enter {order.cwd}", _words_for_directory(error), error)


def cannot_run(order: LaunchOrder, error: OSError | ValueError) -> LaunchFailed:
    """Word why an order was refused: for its program, or its text."""
    program = order.argv[0]
    if isinstance(error, ValueError):
        return LaunchFailed(f"cannot run {program}: {_unusable_text(order)}", transient=False)
    return _failed(f"cannot run {program}", _words_for_program(program, error), error)


def cannot_prepare(order: LaunchOrder, error: Exception) -> LaunchFailed:
    """Word that the rights or limits of an order could not be set."""
    reason = objection(order.run_as, order.limits) or f"its rights or limits are refused: {error}"
    return LaunchFailed(f"cannot run {order.argv[0]}: {reason}", transient=False)


def _failed(what: str, why: str, error: OSError) -> LaunchFailed:
    return LaunchFailed(f"{what}: {why}", transient=error.errno in _TRANSIENT)


def _words(error: OSError) -> str:
    number = error.errno or 0
    return _WORDS.get(number) or os.strerror(number).lower()


def _words_for_directory(error: OSError) -> str:
    match error.errno:
        case errno.ENOENT:
            return "no such directory"
        case errno.ENOTDIR:
            return "not a directory"
        case _:
            return _words(error)


def _words_for_program(program: str, error: OSError) -> str:
    path = Path(program)
    match error.errno:
        case errno.ENOENT if path.exists():
            # The kernel says the same when it is the interpreter that is missing.
            interpreter = _interpreter(path)
            return f"its interpreter{interpreter} does not exist"
        case errno.EACCES if path.is_dir():
            return "it is a directory"
        case _:
            return _words(error)


def _interpreter(script: Path) -> str:
    try:
        with script.open("rb") as file:
            first = file.readline(256)
    except OSError:
        return ""
    words = first[2:].split()
    return f" {os.fsdecode(words[0])}" if first.startswith(b"#!") and words else ""


def _unusable_text(order: LaunchOrder) -> str:
    for name, value in order.env.items():
        if "=" in name:
            return f"the environment variable {name!r} has a name with an equals sign"
        if "\0" in name + value:
            return f"the environment variable {name!r} holds a NUL character"
    return "its arguments hold a character that no program can be given"
