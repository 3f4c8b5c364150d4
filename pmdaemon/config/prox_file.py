"""`prox.yaml`, as apps: its processes and tasks in the words of an ecosystem file.

    processes:
      web: npm run dev
      api:
        cmd: go run ./cmd/server
        env: {PORT: 8080}
        env_file: .env.api
        healthcheck: {cmd: curl -f localhost:8080/health, interval: 5s}
        depends_on: [migrate]
    tasks:
      migrate: {cmd: make migrate}

As with prox, a program is stopped by SIGTERM and has ten seconds, one that ended by itself is left
alone, and a health check only says what it finds. What prox keeps silent about is told: a key that
it does not have, and one that is not acted on here.
"""

import re
from collections.abc import Mapping
from typing import Any

from pmdaemon.config.spelling import unknown
from pmdaemon.core.errors import InvalidConfiguration, InvalidInput, PmdaemonError
from pmdaemon.core.quantities import SECONDS
from pmdaemon.core.wording import shown

App = dict[str, Any]

STOP_TIMEOUT = "10s"

CHECK = {"interval": "10s", "timeout": "5s", "start_period": "30s"}
"""How prox checks health where it is not told otherwise."""

_TOP = frozenset({"processes", "tasks", "env_file", "shutdown_timeout"})
_NOT_ACTED_ON = frozenset({"api", "certs", "dependencies", "hubs", "proxy", "services"})
_ABOUT_ONE = frozenset({"cmd", "env", "env_file", "depends_on", "stop_timeout"})
_PROCESS = _ABOUT_ONE | {"healthcheck"}
_TASK = _ABOUT_ONE | {"timeout"}
_CHECK = frozenset({"cmd", "interval", "timeout", "retries", "start_period"})

_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?(?:ms|s|m|h))+")
_PART = re.compile(r"([0-9.]+)(ms|s|m|h)")


def apps_of(path: str, document: Mapping[Any, Any]) -> tuple[list[App], list[str]]:
    """Put a document into apps; and tell what of it is not acted on.

    Raises:
        InvalidConfiguration: some of it cannot be used; each fault is told.

    """
    return _Reading(path, document).read()


class _Reading:
    """One document, and what there is to say about it."""

    def __init__(self, path: str, document: Mapping[Any, Any]) -> None:
        self._path = path
        self._document = document
        self._problems: list[str] = []
        self._remarks: list[str] = []

    def read(self) -> tuple[list[App], list[str]]:
        document = self._document
        for key in document:
            if key in _NOT_ACTED_ON:
                self._remarks.append(f"{key}: not acted on by this release")
        self._look("", document, _TOP | _NOT_ACTED_ON)
        tasks = self._table("tasks", document.get("tasks") or {})
        names = [str(name) for name in tasks]
        apps = [self._task(str(name), said) for name, said in tasks.items()]
        processes = self._table("processes", document["processes"])
        apps += [self._process(str(name), said, names) for name, said in processes.items()]
        if self._problems:
            raise InvalidConfiguration(shown(self._path), self._problems)
        return apps, self._remarks

    def _process(self, name: str, said: object, tasks: list[str]) -> App:
        where = f"processes.{name}"
        table = self._one(where, said, _PROCESS)
        app = self._common(where, name, table, tasks)
        if (check := table.get("healthcheck")) is not None:
            app["health_check"] = self._check(f"{where}.healthcheck", check)
        return app

    def _task(self, name: str, said: object) -> App:
        where = f"tasks.{name}"
        table = self._one(where, said, _TASK)
        if "timeout" in table:
            self._remarks.append(f"{where}.timeout: not acted on by this release")
        return self._common(where, name, table, [])

    def _common(self, where: str, name: str, table: Mapping[Any, Any], tasks: list[str]) -> App:
        files = [self._document.get("env_file"), table.get("env_file")]
        grace = table.get("stop_timeout", self._document.get("shutdown_timeout", STOP_TIMEOUT))
        app: App = {
            "name": name,
            "script": table.get("cmd"),
            "autorestart": False,
            "stop_signal": "SIGTERM",
            "kill_timeout": self._duration(f"{where}.stop_timeout", grace),
        }
        if not isinstance(app["script"], str) or not app["script"].strip():
            self._problems.append(f"{where}.cmd: a command is missing")
        if table.get("env"):
            app["env"] = table["env"]
        if given := [file for file in files if file]:
            app["env_file"] = given
        if needed := self._needed(where, table.get("depends_on"), tasks):
            app["depends_on"] = dict.fromkeys(needed, "completed")
        return app

    def _needed(self, where: str, said: object, tasks: list[str]) -> list[str]:
        """List the tasks that come first; dependencies are none of ours."""
        names = said if isinstance(said, list) else [said] if said is not None else []
        others = self._document.get("dependencies") or {}
        found = []
        for name in map(str, names):
            if name in tasks:
                found.append(name)
            elif not (isinstance(others, Mapping) and name in others):
                self._problems.append(f"{where}.depends_on: there is no task {shown(name)}")
        return found

    def _check(self, where: str, said: object) -> App:
        table = self._one(where, said, _CHECK)
        durations = {
            key: self._duration(f"{where}.{key}", table.get(key, default))
            for key, default in CHECK.items()
        }
        if not isinstance(table.get("cmd"), str):
            self._problems.append(f"{where}.cmd: a command is missing")
        return {
            "command": table.get("cmd"),
            "retries": table.get("retries") or 3,
            "restart": False,
            **durations,
        }

    def _one(self, where: str, said: object, keys: frozenset[str]) -> Mapping[Any, Any]:
        """Take a command alone, or a table."""
        if isinstance(said, str):
            return {"cmd": said}
        table = self._table(where, said)
        self._look(f"{where}.", table, keys)
        return table

    def _table(self, where: str, said: object) -> Mapping[Any, Any]:
        if isinstance(said, Mapping):
            return said
        self._problems.append(f"{where}: not a table: {shown(said)}")
        return {}

    def _look(self, where: str, table: Mapping[Any, Any], keys: frozenset[str]) -> None:
        self._remarks += [
            f"{where}{shown(key)}: {unknown(str(key), keys)}" for key in table if key not in keys
        ]

    def _duration(self, where: str, value: object) -> str:
        try:
            return f"{duration(value):g}s"
        except PmdaemonError as error:
            self._problems.append(f"{where}: {error.message}")
            return STOP_TIMEOUT


def duration(value: object) -> float:
    """Read a duration of Go, as `1m30s`, as seconds.

    Raises:
        InvalidInput: it is none.

    """
    text = value if isinstance(value, str) else ""
    if not _DURATION.fullmatch(text):
        raise InvalidInput(f"not a duration: {shown(value)} (examples: 500ms, 10s, 1m30s)")
    return sum(float(number) * SECONDS[unit] for number, unit in _PART.findall(text))
