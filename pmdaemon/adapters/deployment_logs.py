"""The logs of deployments: a file for each, with a line of JSON for each of its lines."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from pmdaemon.adapters.private_files import make_private
from pmdaemon.core.deployments import Deployment, DeploymentLine
from pmdaemon.engine.interfaces.deploying import LogQuery

READ_AT_ONCE = 1024 * 1024
"""Bytes; more than any line has."""

log = logging.getLogger(__name__)


class DeploymentLogFiles:
    """Keeps logs at `<folder>/<project id>/logs/<deployment id>.jsonl`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def append(self, deployment: Deployment, lines: Sequence[DeploymentLine]) -> None:
        """Write lines down; a disk that is full costs the lines and nothing more."""
        path = self._path(deployment)
        text = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
        try:
            make_private(path.parent)
            with path.open("ab", buffering=0) as file:
                file.write(text)
        except OSError as error:
            log.warning("deployment.log_lost id=%s reason=%s", deployment.id, error.strerror)

    def read(self, deployment: Deployment, query: LogQuery) -> Sequence[DeploymentLine]:
        """Read lines, oldest first."""
        found: list[DeploymentLine] = []
        for line in self._lines(deployment):
            if query.limit is not None and len(found) >= query.limit:
                break
            is_level = not query.levels or line.level in query.levels
            is_stream = not query.streams or line.stream in query.streams
            if line.number > query.since and is_level and is_stream:
                found.append(line)
        return found

    def read_on(
        self, deployment: Deployment, position: int
    ) -> tuple[Sequence[DeploymentLine], int]:
        """Read what came behind a position, and say where to read on; 0 is the beginning."""
        try:
            with self._path(deployment).open("rb") as file:
                file.seek(position)
                whole, _, _ = file.read(READ_AT_ONCE).rpartition(b"\n")
        except OSError:
            return [], position
        found = [line for text in whole.split(b"\n") if (line := _line(text)) is not None]
        return found, position + (len(whole) + 1 if whole else 0)

    def latest(self, deployment: Deployment) -> tuple[int, int]:
        """Say the number of the last line, and how many bytes there are; zeros without a log."""
        last = 0
        for line in self._lines(deployment):
            last = line.number
        with suppress(OSError):
            return last, self._path(deployment).stat().st_size
        return 0, 0

    def remove(self, deployment: Deployment) -> None:
        """Remove a log, if there is one."""
        with suppress(OSError):
            self._path(deployment).unlink()

    def _path(self, deployment: Deployment) -> Path:
        return self._folder / deployment.project_id / "logs" / f"{deployment.id}.jsonl"

    def _lines(self, deployment: Deployment) -> Iterator[DeploymentLine]:
        try:
            file = self._path(deployment).open("rb")
        except OSError:
            return
        with file:
            for text in file:
                if (line := _line(text)) is not None:
                    yield line


def _line(text: bytes) -> DeploymentLine | None:
    """Read a line; one may be half of it, as it was when a daemon died."""
    try:
        return msgspec.json.decode(text, type=DeploymentLine)
    except msgspec.DecodeError:
        return None
