"""Configurations that are JavaScript: node evaluates them, and tells what they say as JSON.

Such a file is a program, of the user's own. It gets a deadline and a bound on what it says, and
when it has said it, it is ended with everything it started.
"""

import json
import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.wording import shown, why

DEADLINE = 20.0
"""Seconds for a configuration to be evaluated."""

LARGEST_ANSWER = 10 * 1024 * 1024
_LARGEST_COMPLAINT = 64 * 1024
"""Bytes."""

_EVALUATE = Path(__file__).with_name("evaluate.mjs")
_ERROR = re.compile(r"(?:Uncaught )?\w*(?:Error|Exception)\b.*")
_NO_REASON = re.compile(r"Node\.js v|\(Use `node |\s+at |\s*\^|\s*$|node:|Thrown at")


def node_in(environment: Mapping[str, str]) -> str | None:
    """Find node as a shell of this environment would."""
    return shutil.which("node", path=environment.get("PATH", os.defpath))


def evaluate(
    path: str,
    environment: Mapping[str, str],
    *,
    expression: str | None = None,
    deadline: float = DEADLINE,
) -> object:
    """Say what a JavaScript file exports, or what the `expression` is that was read from it.

    Node has `deadline` seconds for that.

    Raises:
        InvalidInput: there is no node; the code is `interpreter_not_found`.
        ValueError: it is not JavaScript, threw something, took too long or gave too large a
            result, or node cannot be run.

    """
    node = node_in(environment)
    if node is None:
        message = f"cannot read {shown(path)}: it is JavaScript, and node is not installed"
        raise InvalidInput(message, code="interpreter_not_found", path=path, interpreter="node")
    try:
        answer, complaint = _run(
            [node, str(_EVALUATE)],
            [str(Path(path).absolute()), *(["expression"] if expression is not None else [])],
            environment,
            stdin=expression,
            deadline=deadline,
        )
    except OSError as error:
        raise ValueError(f"{shown(node)} cannot be run: {why(error)}") from error
    if not answer.endswith(b"\n"):
        raise ValueError(_reason(complaint, path))
    found: object = json.loads(answer)
    return found


def _run(
    program: list[str],
    arguments: list[str],
    environment: Mapping[str, str],
    *,
    stdin: str | None,
    deadline: float,
) -> tuple[bytes, bytes]:
    """Run node until it has answered or ended, and return its answer and its complaint."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as answer, tempfile.TemporaryFile() as given:
        given.write((stdin or "").encode("utf-8", "surrogateescape"))
        given.seek(0)
        try:
            process = subprocess.Popen(
                [*program, str(writing), *arguments],
                stdin=given,
                # What it prints is for whoever runs the command, whose answer goes to stdout.
                stdout=sys.__stderr__ or subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=(writing,),
                env=dict(environment),
                start_new_session=True,
            )
        finally:
            os.close(writing)
        with process:
            try:
                return _gather(answer, process.stderr, deadline)  # type: ignore[arg-type] # piped
            finally:
                # Before it is reaped, so that the number is still its own.
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)


def _gather(answer: IO[bytes], complaint: IO[bytes], deadline: float) -> tuple[bytes, bytes]:
    """Read both until the answer is whole, which its line end says, or neither has more."""
    found = {answer: bytearray(), complaint: bytearray()}
    give_up = _now() + deadline
    with selectors.DefaultSelector() as selector:
        selector.register(answer, selectors.EVENT_READ)
        selector.register(complaint, selectors.EVENT_READ)
        while selector.get_map() and not found[answer].endswith(b"\n"):
            left = give_up - _now()
            ready = selector.select(left) if left > 0 else []
            if not ready:
                raise ValueError(f"it was not evaluated within {deadline:g} s")
            for key, _ in ready:
                chunk = os.read(key.fd, 65536)
                into = found[key.fileobj]  # type: ignore[index] # the files registered above
                if not chunk:
                    selector.unregister(key.fileobj)
                elif key.fileobj is answer or len(into) < _LARGEST_COMPLAINT:
                    into += chunk
            if len(found[answer]) > LARGEST_ANSWER:
                raise ValueError(f"its result is larger than {LARGEST_ANSWER // 1024**2} MB")
    return bytes(found[answer]), bytes(found[complaint])


def _reason(complaint: bytes, path: str) -> str:
    """Find, in what node prints of an error, what it was and in which line."""
    text = complaint.decode(errors="replace")
    lines = [line for line in text.splitlines() if not _NO_REASON.match(line)]
    errors = [line for line in lines if _ERROR.match(line)]
    reason = (errors or lines[-1:] or ["it ended without saying why"])[0].strip()
    place = re.search(rf"{re.escape(Path(path).name)}:([0-9]+)", text)
    return shown(reason) + (f" at line {place[1]}" if place else "")


def _now() -> float:
    return time.monotonic()  # noqa: TID251 - the deadline of a blocking caller
