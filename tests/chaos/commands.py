"""Somebody who gives commands all the time, and remembers which of them were acknowledged."""

import random
import threading
from typing import Any

from pmdaemon.core.errors import DaemonUnavailable, PmdaemonError
from tests.support.daemon import RealDaemon, until

SLEEPER = {"script": "sleep", "args": ["100000"], "stop_signal": "SIGTERM"}

NAMES = [f"other-{number}" for number in range(6)]


class Commander:
    """Starts, stops, restarts and deletes some apps, at random, until told to end.

    `possible` holds what each app may be by now: one state after an answer, and two where the
    daemon died before it had answered, so that the command was carried out or was never heard.
    `given` is each command, with what its app may have been before and after.
    """

    def __init__(self, daemon: RealDaemon, rng: random.Random) -> None:
        self._daemon = daemon
        self._rng = rng
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.possible: dict[str, set[str]] = {name: {"gone"} for name in NAMES}
        self.answered = 0
        self.given: list[tuple[str, str, set[str], set[str]]] = []
        self.refused: list[PmdaemonError] = []

    def __enter__(self) -> "Commander":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def check(self) -> None:
        """See that all that was acknowledged is so."""
        assert not self.refused
        try:
            until(lambda: not self._wrong())
        except AssertionError:
            wrong = self._wrong()
            raise AssertionError(wrong, [one for one in self.given if one[1] in wrong]) from None

    def _wrong(self) -> dict[str, Any]:
        views = self._daemon.processes()
        are = {name: views[name]["state"] if name in views else "gone" for name in NAMES}
        return {
            name: (state, self.possible[name])
            for name, state in are.items()
            if state not in self.possible[name]
        }

    def _run(self) -> None:
        while not self._over.is_set():
            name = self._rng.choice(NAMES)
            verb = self._rng.choice(["start", "stop", "restart", "delete", "list"])
            before = self.possible[name]
            try:
                self._give(verb, name)
            except DaemonUnavailable:
                continue  # it was just killed; the command may have been carried out, or not
            except PmdaemonError as error:
                self.refused.append(error)
            else:
                self.answered += 1
            finally:
                self.given.append((verb, name, before, self.possible[name]))

    def _give(self, verb: str, name: str) -> None:
        if verb == "list":
            self._daemon.request("list")
            return
        before = self.possible[name]
        after = {"start": "online", "restart": "online", "stop": "stopped", "delete": "gone"}[verb]
        if verb == "start":
            body: dict[str, Any] = {"apps": [{"name": name, **SLEEPER}], "existing": "keep"}
            body |= {"cwd": "/", "environment": {"PATH": "/usr/bin:/bin"}}
        else:
            body = {"selectors": [name]}
        self.possible[name] = before | {after} if verb == "start" else _either(before, after)
        try:
            result = self._daemon.request(verb, body)
        except PmdaemonError as error:
            if error.code == "process_not_found" and "gone" in before:
                self.possible[name] = {"gone"}
                return
            raise
        # A stop of what was just being deleted, by a command without an answer, shows nothing.
        assert result["processes"] or "gone" in before
        self.possible[name] = {after} if result["processes"] else {"gone"}


def _either(before: set[str], after: str) -> set[str]:
    """What may come of a command without an answer: what is gone stays so."""
    return before | ({after} if before != {"gone"} else set())
