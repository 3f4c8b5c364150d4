"""A program that waits until something answers, and ends well then.

    python -m pmdaemon.cli.awaiting db --tcp localhost:5432 --start "docker compose up -d db"

It is run for the `dependencies` of a `prox.yaml`: other programs start after it. If the first check
fails, the command of `--start` is run, once.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from http.client import HTTPException

from pmdaemon.cli.exit_codes import INTERRUPTED
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.services import read_listener
from pmdaemon.core.wording import shown, why

LONGEST_PROBE = 2.0
"""Seconds of a single check."""

_URL = re.compile(r"https?://[!-~]+")


def main(arguments: Sequence[str] | None = None) -> int:
    """Wait, and return the exit status."""
    said = _parser().parse_args(arguments)
    try:
        check = _check(said)
    except InvalidInput as error:
        print(f"cannot wait for {said.name}: {error.message}", file=sys.stderr)
        return 1
    deadline = time.monotonic() + said.timeout
    reason = check()
    if reason is not None and said.start is not None:
        print(f"{said.name} does not answer ({reason}); starting it: {said.start}", flush=True)
        reason = _start(said.start, said.timeout) or check()
    while reason is not None and time.monotonic() + said.interval < deadline:
        time.sleep(said.interval)
        reason = check()
    if reason is None:
        print(f"{said.name} answers")
        return 0
    print(f"{said.name} does not answer: {reason}", file=sys.stderr)
    return 0 if said.warn else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pmdaemon.cli.awaiting")
    parser.add_argument("name")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--tcp")
    which.add_argument("--url")
    which.add_argument("--cmd")
    parser.add_argument("--start")
    parser.add_argument("--timeout", type=float, default=30.0)
    parser.add_argument("--interval", type=float, default=1.0)
    parser.add_argument("--warn", action="store_true")
    return parser


def _check(said: argparse.Namespace) -> Callable[[], str | None]:
    """Make a check that says why it failed, or nothing."""
    if said.tcp is not None:
        place = read_listener(said.tcp)
        return lambda: _connects(place.host, place.tcp_port)
    if said.url is not None:
        if not _URL.fullmatch(said.url):
            raise InvalidInput(f"not a URL: {shown(said.url)}")
        return lambda: _answers(said.url)
    return lambda: _succeeds(said.cmd)


def _connects(host: str, tcp_port: int) -> str | None:
    import socket  # noqa: PLC0415 - one of three checks

    try:
        socket.create_connection((host, tcp_port), timeout=LONGEST_PROBE).close()
    except (OSError, UnicodeError) as error:  # the latter of a name that cannot be one
        return why(error)
    return None


def _answers(url: str) -> str | None:
    try:
        with urllib.request.urlopen(url, timeout=LONGEST_PROBE):  # noqa: S310 - checked above
            return None
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", None) or error).lower()
    except HTTPException as error:
        return f"its answer is not HTTP: {shown(str(error).strip())}"


def _succeeds(command: str) -> str | None:
    return _run(command, "the check", LONGEST_PROBE)


def _start(command: str, patience: float) -> str | None:
    return _run(command, "what starts it", patience)


def _run(command: str, what: str, patience: float) -> str | None:
    """Run a command for up to `patience` seconds; nothing it started is left if it takes longer."""
    # A group of its own, to be killed as a whole; the session stays that of the program.
    with subprocess.Popen(["/bin/sh", "-c", command], process_group=0) as shell:
        try:
            status = shell.wait(patience)
        except subprocess.TimeoutExpired:
            return f"{what} takes too long"
        finally:
            if shell.returncode is None:
                os.killpg(shell.pid, signal.SIGKILL)
    return None if status == 0 else f"{what} ends with {status}"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # the signal by which it is stopped
        sys.exit(INTERRUPTED)
