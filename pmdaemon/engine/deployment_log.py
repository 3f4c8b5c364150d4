"""What is written down while a deployment goes on, and who follows it.

Lines are gathered for a turn of the event loop and written together. Known secrets are hidden
before anything is written. A log is bounded: what commands print beyond that is left out, and that
is said; what the deployer has to say always comes.
"""

import asyncio
from collections.abc import Iterable

from pmdaemon.core.deployments import Deployment, DeploymentLine, LogLevel, LogStream
from pmdaemon.core.known_secrets import Masker
from pmdaemon.engine.interfaces import Cancellable, Clock
from pmdaemon.engine.interfaces.deploying import DeploymentLogs

LONGEST_MESSAGE = 8192
"""Characters of a line."""


class Followers:
    """Who waits for news of deployments."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}

    def join(self, deployment_id: str) -> asyncio.Event:
        """Have an event that is set whenever there is news."""
        event = asyncio.Event()
        self._waiting.setdefault(deployment_id, set()).add(event)
        return event

    def leave(self, deployment_id: str, event: asyncio.Event) -> None:
        """Be told no more."""
        waiting = self._waiting.get(deployment_id, set())
        waiting.discard(event)
        if not waiting:
            self._waiting.pop(deployment_id, None)

    def tell(self, deployment_id: str) -> None:
        """Say that there is news."""
        for event in self._waiting.get(deployment_id, ()):
            event.set()


class DeploymentLog:
    """Writes the log of one deployment; commands may print `largest` bytes into it."""

    def __init__(
        self,
        deployment: Deployment,
        *,
        clock: Clock,
        logs: DeploymentLogs,
        followers: Followers,
        largest: int,
    ) -> None:
        self._deployment = deployment
        self._clock = clock
        self._logs = logs
        self._followers = followers
        self._masked = Masker(())
        self._largest = largest
        self._number, self._size = logs.latest(deployment)
        self._is_full = self._size > self._largest
        self._pending: list[DeploymentLine] = []
        self._flushing: Cancellable | None = None

    def hide(self, secrets: Iterable[str]) -> None:
        """Hide these from now on."""
        self._masked = Masker(secrets)

    def say(self, message: str, level: LogLevel = LogLevel.INFO) -> None:
        """Add a line of the deployer itself."""
        self._add(self._masked(message), level, LogStream.SYSTEM)

    def out(self, line: str) -> bool:
        """Add a line that a command has written to its standard output; False when it is full."""
        return self._add_printed(line, LogStream.STDOUT)

    def err(self, line: str) -> bool:
        """Add a line that a command has written to its standard error; False when it is full."""
        return self._add_printed(line, LogStream.STDERR)

    def flush(self) -> None:
        """Write down what was gathered."""
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        if self._pending:
            lines, self._pending = self._pending, []
            self._logs.append(self._deployment, lines)
            self._followers.tell(self._deployment.id)

    def _add_printed(self, line: str, stream: LogStream) -> bool:
        if self._is_full:
            return False
        self._size += len(line) + 120  # of what stands around it
        if self._size > self._largest:
            self._is_full = True
            self.say("the log is full: what commands print from here on is left out", LogLevel.WARN)
            return False
        # Known secrets first: cut in two, they would not be known again.
        self._add(self._masked(line), LogLevel.INFO, stream)
        return True

    def _add(self, message: str, level: LogLevel, stream: LogStream) -> None:
        self._number += 1
        line = DeploymentLine(
            number=self._number,
            level=level,
            stream=stream,
            message=message[:LONGEST_MESSAGE],
            at=self._clock.now().wall,
        )
        self._pending.append(line)
        if self._flushing is None:
            self._flushing = self._clock.call_later(0.0, self._flush_now)

    def _flush_now(self) -> None:
        self._flushing = None
        self.flush()
