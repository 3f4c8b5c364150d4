"""The versions of Node that programs run in, as it tells them itself."""

import os
import re
import select
import signal
from collections.abc import Mapping

from pmdaemon.config.package_versions import UNKNOWN

PATIENCE = 2.0
"""Seconds for Node to answer; it takes about 0.02."""

INTERPRETERS = frozenset({"node", "nodejs"})

_VERSION = re.compile(rb"v(\d+\.\d+\.\d+[\w.+-]{0,40})\s*")


class NodeVersions:
    """Asks, each interpreter once."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._found: dict[str, str] = {}

    def of(self, program: str) -> str | None:
        """Return the version of what is executed; None where that is not Node."""
        if program.rpartition("/")[2] not in INTERPRETERS:
            return None
        if program not in self._found:
            told = _VERSION.fullmatch(_answer(program, self._environment))
            self._found[program] = told[1].decode("ascii") if told else UNKNOWN
        return self._found[program]


def _answer(program: str, environment: Mapping[str, str]) -> bytes:
    """Run it; `subprocess` would take longer to import than Node to answer."""
    reading, writing = os.pipe()
    nothing = os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDWR, 0
    try:
        pid = os.posix_spawn(
            program,
            [program, "--version"],
            environment,
            file_actions=[
                nothing, (os.POSIX_SPAWN_DUP2, writing, 1), (os.POSIX_SPAWN_DUP2, 0, 2),
            ],
        )  # fmt: skip
    except (OSError, ValueError):
        os.close(reading)
        return b""
    finally:
        os.close(writing)
    try:
        ready, _, _ = select.select([reading], [], [], PATIENCE)
        return os.read(reading, 100) if ready else b""
    finally:
        os.close(reading)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
