"""Deployments as a table, and the lines of their logs."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from pmdaemon.cli.render.table import Column, draw
from pmdaemon.cli.render.terminal import Terminal
from pmdaemon.cli.render.text import harmless

_COLOURS = {"running": "green", "failed": "red", "building": "cyan", "queued": "cyan"}

_LEVELS = {"error": "red", "warn": "yellow", "success": "green"}

Deployment = Mapping[str, Any]


def deployments_table(deployments: Sequence[Deployment], terminal: Terminal) -> str:
    """Draw deployments, in the order given."""
    columns = [
        Column("project", [harmless(one["project"]) for one in deployments], flexible=True),
        Column("number", [str(one["number"]) for one in deployments], right=True),
        Column(
            "status",
            [_status(one) for one in deployments],
            colours=[_COLOURS.get(one["status"]) for one in deployments],
        ),
        Column("commit", [one["commit"][:7] or "-" for one in deployments]),
        Column("branch", [harmless(one["branch"]) for one in deployments], rank=2),
        Column("release", [_release(one) for one in deployments], right=True, rank=1),
        Column("created", [_moment(one["created"]) for one in deployments], rank=3),
        Column("took", [_took(one) for one in deployments], right=True, rank=4),
    ]
    return draw(columns, terminal)


def deployment_lines(one: Deployment) -> list[str]:
    """Tell what there is to know of one deployment, before its log."""
    rows = {
        "project": one["project"],
        "number": one["number"],
        "status": _status(one),
        "commit": f"{one['commit']} {one['message']}".strip(),
        "branch": one["branch"],
        "url": one["url"] if one["live"] else "",
        "app": one["app"],
        "error": one["error"],
        "phases": ", ".join(f"{name} {took:.1f} s" for name, took in one["phases"].items()),
        "created": _moment(one["created"]),
    }
    return [f"{name:<8} {harmless(str(value))}" for name, value in rows.items() if value != ""]


def line_text(line: Mapping[str, Any], terminal: Terminal) -> str:
    """Word a line of a log: what the deployer says begins with an arrow, what commands say not."""
    message = harmless(line["message"].expandtabs())
    if line["stream"] != "system":
        return f"    {message}"
    return terminal.paint(f"--> {message}", _LEVELS.get(line["level"], "cyan"))


def _status(one: Deployment) -> str:
    if one["status"] == "building" and one["phase"]:
        return f"building ({one['phase']})"
    return str(one["status"])


def _release(one: Deployment) -> str:
    if one["release"] is None:
        return "-"
    return f"{one['release']}" if one["kept"] else f"({one['release']})"


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def _took(one: Deployment) -> str:
    if one["started"] is None or one["finished"] is None:
        return "-"
    return f"{max(0.0, one['finished'] - one['started']):.1f}s"
