"""`dependencies` of a `prox.yaml`: what has to answer before others start, as apps that wait.

    dependencies:
      db:
        check: {tcp: "localhost:5432", timeout: 30s, interval: 1s}
        start: docker compose up -d db
        on_failure: fail

Each of them is a program that ends well when the check succeeds; see `pmdaemon.cli.awaiting`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pmdaemon.config.own_modules import running
from pmdaemon.core.wording import shown

MODULE = "pmdaemon.cli.awaiting"

CHECKS = ("tcp", "url", "cmd")
KEYS = frozenset({"check", "start", "on_failure"})
CHECK_KEYS = frozenset({*CHECKS, "timeout", "interval"})
ON_FAILURE = ("fail", "warn")


def app_of(
    where: str,
    name: str,
    table: Mapping[str, Any],
    duration: Callable[[str, object], str],
    problems: list[str],
) -> dict[str, Any]:
    """Make the app that waits; what cannot be used is put to the problems.

    `duration` reads one, for a place.
    """
    check = table.get("check")
    check = check if isinstance(check, Mapping) else {}
    said = [kind for kind in CHECKS if check.get(kind) is not None]
    if len(said) != 1:
        problems.append(f"{where}.check: it needs one of {', '.join(CHECKS)}")
    arguments = [name]
    for kind in said:
        if isinstance(check[kind], bool) or not isinstance(check[kind], str | int):
            problems.append(f"{where}.check.{kind}: not text: {shown(check[kind])}")
        arguments += [f"--{kind}", str(check[kind])]
    for key, usual in (("timeout", "30s"), ("interval", "1s")):
        seconds = duration(f"{where}.check.{key}", check.get(key, usual))
        arguments += [f"--{key}", seconds.removesuffix("s")]
    if (start := table.get("start")) is not None:
        if not isinstance(start, str) or not start.strip():
            problems.append(f"{where}.start: not a command: {shown(start)}")
        arguments += ["--start", str(start)]
    on_failure = table.get("on_failure", "fail")
    if on_failure not in ON_FAILURE:
        problems.append(f"{where}.on_failure: {' or '.join(ON_FAILURE)}, not {shown(on_failure)}")
    elif on_failure == "warn":
        arguments.append("--warn")
    return {
        "name": name,
        **running(MODULE, arguments),
        "autorestart": False,
        "stop_signal": "SIGTERM",
    }
