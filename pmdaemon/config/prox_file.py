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

`proxy` and `services` are read by `pmdaemon.config.prox_proxy`, `dependencies` by
`pmdaemon.config.prox_dependencies`.

As with prox, a program is stopped with SIGTERM and has ten seconds, one that ended by itself is
left alone, and a health check only says what it finds. Unlike prox, we warn about keys that do not
exist and about keys that have no effect here.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

from pmdaemon.config import prox_dependencies
from pmdaemon.config.prox_proxy import Gateway, ProxyReading
from pmdaemon.config.spelling import unknown
from pmdaemon.core.errors import InvalidConfiguration, InvalidInput, PmdaemonError
from pmdaemon.core.quantities import SECONDS, format_duration
from pmdaemon.core.wording import shown

App = dict[str, Any]

STOP_TIMEOUT = "10s"

CHECK = {"interval": "10s", "timeout": "5s", "start_period": "30s"}
"""How prox checks health where it is not told otherwise."""

TASK_TIMEOUT = "60s"
"""How long a task may take unless it says otherwise; 0 means no limit."""

_TOP = frozenset(
    {
        "processes", "tasks", "env_file", "shutdown_timeout", "dependencies", "proxy", "services",
    }
)  # fmt: skip
_NOT_ACTED_ON = {
    "api": "set with pmdaemon web instead",
    "certs": "certificates are made, or given by pmdaemon proxy certs",
    "hubs": "not acted on by this release",
}
_ABOUT_ONE = frozenset({"cmd", "env", "env_file", "depends_on", "stop_timeout"})
_PROCESS = _ABOUT_ONE | {"healthcheck"}
_TASK = _ABOUT_ONE | {"timeout"}
_CHECK = frozenset({"cmd", "interval", "timeout", "retries", "start_period"})

_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?(?:ms|s|m|h))+")
_PART = re.compile(r"([0-9.]+)(ms|s|m|h)")


def apps_of(path: str, document: Mapping[Any, Any]) -> tuple[list[App], Gateway | None, list[str]]:
    """Read a document as apps and as what the gateway publishes; remark on what has no effect.

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

    def read(self) -> tuple[list[App], Gateway | None, list[str]]:
        document = self._document
        self._remarks += [f"{key}: {why}" for key, why in _NOT_ACTED_ON.items() if key in document]
        self._look("", document, _TOP | _NOT_ACTED_ON.keys())
        needed = self._table("dependencies", document.get("dependencies") or {})
        tasks = self._table("tasks", document.get("tasks") or {})
        processes = self._table("processes", document["processes"])
        self._refuse_twice(*map(str, (*needed, *tasks, *processes)))
        first = [str(name) for name in (*needed, *tasks)]
        apps = [self._dependency(str(name), said) for name, said in needed.items()]
        apps += [self._task(str(name), said, first) for name, said in tasks.items()]
        gateway = ProxyReading(document, self._problems, self._remarks).read(
            {str(name) for name in processes}
        )
        published = gateway.of_processes if gateway is not None else {}
        for name, said in processes.items():
            apps.append(self._process(str(name), said, first))
            if (proxy := published.get(str(name))) is not None:
                apps[-1]["proxy"] = proxy
        if self._problems:
            raise InvalidConfiguration(shown(self._path), self._problems)
        return apps, gateway, self._remarks

    def _refuse_twice(self, *names: str) -> None:
        for name in dict.fromkeys(names):
            if names.count(name) > 1:
                self._problems.append(f"there are two called {shown(name)}")

    def _dependency(self, name: str, said: object) -> App:
        where = f"dependencies.{name}"
        table = self._table(where, said)
        self._look(f"{where}.", table, prox_dependencies.KEYS)
        if isinstance(check := table.get("check"), Mapping):
            self._look(f"{where}.check.", check, prox_dependencies.CHECK_KEYS)
        return prox_dependencies.app_of(where, name, table, self._duration, self._problems)

    def _process(self, name: str, said: object, first: list[str]) -> App:
        where = f"processes.{name}"
        table = self._one(where, said, _PROCESS)
        app = self._common(where, name, table, first)
        if (check := table.get("healthcheck")) is not None:
            app["health_check"] = self._check(f"{where}.healthcheck", check)
        return app

    def _task(self, name: str, said: object, first: list[str]) -> App:
        where = f"tasks.{name}"
        table = self._one(where, said, _TASK)
        limit = table.get("timeout", TASK_TIMEOUT)
        limit = self._duration(f"{where}.timeout", limit) if limit != 0 else "0s"
        return {**self._common(where, name, table, first), "max_runtime": limit}

    def _common(self, where: str, name: str, table: Mapping[Any, Any], first: list[str]) -> App:
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
        if needed := self._needed(where, table.get("depends_on"), first):
            app["depends_on"] = dict.fromkeys(needed, "completed")
        return app

    def _needed(self, where: str, said: object, first: list[str]) -> list[str]:
        """List the tasks and dependencies that come first."""
        names = said if isinstance(said, list) else [said] if said is not None else []
        self._problems += [
            f"{where}.depends_on: there is no task and no dependency {shown(name)}"
            for name in map(str, names)
            if name not in first
        ]
        return [name for name in map(str, names) if name in first]

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

    def _look(self, where: str, table: Mapping[Any, Any], keys: Collection[str]) -> None:
        self._remarks += [
            f"{where}{shown(key)}: {unknown(str(key), keys)}" for key in table if key not in keys
        ]

    def _duration(self, where: str, value: object) -> str:
        try:
            return format_duration(duration(value))
        except PmdaemonError as error:
            self._problems.append(f"{where}: {error.message}")
            return STOP_TIMEOUT


def duration(value: object) -> float:
    """Read a duration of Go, as `1m30s`, as seconds, to the millisecond.

    Raises:
        InvalidInput: it is none.

    """
    text = value if isinstance(value, str) else ""
    if not _DURATION.fullmatch(text):
        raise InvalidInput(f"not a duration: {shown(value)} (examples: 500ms, 10s, 1m30s)")
    return round(sum(float(number) * SECONDS[unit] for number, unit in _PART.findall(text)), 3)
