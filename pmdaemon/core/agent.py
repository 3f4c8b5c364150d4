"""What a Node program says of itself by PM2's agent (`@pm2/io`): its metrics, actions, options.

The agent sends a message each: `axm:monitor` has figures by name, `axm:action` one action that the
program offers, `axm:option:configuration` what the agent itself was told.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

LARGEST = 64 * 1024
"""Bytes, as JSON, of all that is kept of one program; what would make it more is passed over."""


class AgentReport(Struct, frozen=True):
    """What one run has said until now, in the agent's own shape."""

    actions: tuple[Mapping[str, Any], ...] = ()
    monitor: Mapping[str, Any] = {}
    options: Mapping[str, Any] = {}


NOTHING_SAID = AgentReport()


def heard(report: AgentReport, message: object) -> AgentReport:
    """Return what is known after one more message; the same report where that is no news."""
    after = _with(report, message)
    if after is report:
        return report
    try:
        text = msgspec.json.encode(after)
    except (ValueError, OverflowError, RecursionError):
        return report  # what no JSON could tell anybody, such as half a surrogate pair
    # Read back, so that nothing is in it that is no JSON: NaN is null.
    return msgspec.json.decode(text, type=AgentReport) if len(text) <= LARGEST else report


def _with(report: AgentReport, message: object) -> AgentReport:
    match message:
        case {"type": "axm:monitor", "data": {**figures}}:
            return replace(report, monitor={**report.monitor, **figures})
        case {"type": "axm:action", "data": {"action_name": str() as name, **more}}:
            # An agent that is set up twice registers its actions twice.
            others = tuple(one for one in report.actions if one["action_name"] != name)
            return replace(report, actions=(*others, {"action_name": name, **more}))
        case {"type": "axm:option:configuration", "data": {**options}}:
            return replace(report, options={**report.options, **options})
        case _:
            return report
