"""What a program in Python tells the daemon that runs it, and hears from others.

    from pmdaemon.telemetry import Telemetry

    telemetry = Telemetry()                       # reports memory every five seconds
    telemetry.log("ready to serve")
    telemetry.emit("worker-2", "wake", {"job": 7})
    telemetry.on("wake", lambda data: print(data["job"]))

A program that was not started by a daemon with its web side on has nobody to tell: then all of
this does nothing, and `enabled` is false. Only listening loads more than the standard library.
"""

import json
import logging
import os
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

log = logging.getLogger(__name__)

SHORTEST_INTERVAL, LONGEST_INTERVAL = 1.0, 180.0

PATIENCE = 3.0
"""Seconds that an answer may take."""

RENEWAL = 3600.0
"""Seconds after which the token is renewed, long before it runs out."""

RETRY_DELAY = 2.0
"""Seconds until a connection that was lost is tried again."""

Callback = Callable[[Any], object]


class Telemetry:
    """The line of one program to its daemon; to be closed, or left to end with the program.

    Args:
        interval: seconds between two reports, from 1 to 180; None for none but by `report`.
        environment: where the daemon has put what is needed; that of this program by default.

    """

    def __init__(
        self, interval: float | None = 5.0, *, environment: Mapping[str, str] | None = None
    ) -> None:
        found = os.environ  # noqa: TID251 - of whatever program this is part of
        variables = found if environment is None else environment
        self.process_id = variables.get("PUP_PROCESS_ID", "")
        self._url = variables.get("PUP_API_URL", "")
        self._token = variables.get("PUP_API_TOKEN", "")
        self._callbacks: dict[str, list[Callback]] = {}
        self._over = threading.Event()
        self._listener: threading.Thread | None = None
        if interval is not None and self.enabled:
            seconds = min(max(interval, SHORTEST_INTERVAL), LONGEST_INTERVAL)
            threading.Thread(
                target=self._report_for_ever, args=(seconds,), name="telemetry", daemon=True
            ).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def enabled(self) -> bool:
        """Whether there is anybody to tell."""
        return bool(self.process_id and self._url and self._token)

    def report(self, **figures: object) -> bool:
        """Report the memory in use, and whatever else is said; tell whether it has arrived."""
        memory = {"rss": _resident(), "heapTotal": 0, "heapUsed": 0, "external": 0}
        now = datetime.now(UTC)  # noqa: TID251 - as above
        sent = now.isoformat(timespec="milliseconds")
        about = {"sender": self.process_id, "memory": memory, "sent": sent, "cwd": _folder()}
        return self._post("/telemetry", {**figures, **about})

    def log(self, message: str, severity: str = "info", *, plugin: str = "python") -> bool:
        """Put a line into the log, about this program; tell whether it has arrived."""
        return self._post("/log", {"severity": severity, "plugin": plugin, "message": message})

    def emit(self, target: str, event: str, data: object = None) -> bool:
        """Send something to another program by its id; tell whether it was passed on."""
        return self._post("/ipc", {"target": target, "event": event, "eventData": data})

    def on(self, event: str, callback: Callback) -> None:
        """Have a function called, in a thread of its own, with what comes under this name."""
        self._callbacks.setdefault(event, []).append(callback)
        if self._listener is None and self.enabled:
            self._listener = threading.Thread(
                target=self._listen_for_ever, name="telemetry.ipc", daemon=True
            )
            self._listener.start()

    def off(self, event: str) -> None:
        """Have nothing called under this name any more."""
        self._callbacks.pop(event, None)

    def close(self) -> None:
        """Report nothing more, and listen no more."""
        self._over.set()

    def _report_for_ever(self, interval: float) -> None:
        age = 0.0
        while True:
            self.report()
            if self._over.wait(interval):
                return
            age += interval
            if age >= RENEWAL and self._renew():
                age = 0.0

    def _renew(self) -> bool:
        answer = self._send("/token", {})
        if answer is None:
            return False
        self._token = json.loads(answer)["data"]["token"]
        return True

    def _post(self, path: str, body: object) -> bool:
        return self.enabled and self._send(path, body) is not None

    def _send(self, path: str, body: object) -> bytes | None:
        request = urllib.request.Request(  # noqa: S310 - the daemon's own address
            f"{self._url}/api/pup{path}",
            data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as response:  # noqa: S310 - as above
                answer: bytes = response.read()
                return answer
        except (OSError, ValueError) as error:  # what HTTP refuses is an OSError as well
            log.debug("telemetry.failed path=%s reason=%s", path, error)
            return None

    def _listen_for_ever(self) -> None:
        import asyncio  # noqa: PLC0415 - only who listens pays for it

        asyncio.run(self._listen())

    async def _listen(self) -> None:
        # Only who listens pays for these.
        import asyncio  # noqa: PLC0415

        import aiohttp  # noqa: PLC0415

        async with aiohttp.ClientSession() as session:
            while not self._over.is_set():
                headers = {"Authorization": f"Bearer {self._token}"}
                try:
                    async with session.ws_connect(
                        f"{self._url}/api/pup/wss", headers=headers
                    ) as socket:
                        async for message in socket:
                            if self._over.is_set():
                                return
                            self._dispatch(json.loads(message.data))
                except (aiohttp.ClientError, OSError, ValueError) as error:
                    log.debug("telemetry.lost reason=%s", error)
                await asyncio.sleep(RETRY_DELAY)

    def _dispatch(self, frame: dict[str, Any]) -> None:
        if frame.get("t") != "ipc" or frame["d"].get("target") != self.process_id:
            return
        for callback in self._callbacks.get(frame["d"]["event"], ()):
            try:
                callback(frame["d"]["eventData"])
            except Exception:
                log.exception("telemetry.callback_failed event=%s", frame["d"]["event"])


def _resident() -> int:
    """Say how much memory this program holds, in bytes."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        import resource  # noqa: PLC0415 - where there is no /proc

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return pages * os.sysconf("SC_PAGE_SIZE")


def _folder() -> str:
    try:
        return str(Path.cwd())
    except OSError:
        return ""  # it was removed
