"""The status that `runtime` ends with when nothing runs any more."""

from collections.abc import Mapping, Sequence
from typing import Any

from pmdaemon.cli.exit_codes import DONE, FAILED

NOT_ALL_WELL = 2
"""At least one of several programs failed; PM2 ends with the same status."""


def outcome(views: Sequence[Mapping[str, Any]]) -> int | None:
    """Return the status to end with; None as long as something runs, or will run again.

    A single program's status is its own: its exit code, or 128 and the number of the signal that
    ended it, as shells have it. Of several, nobody could tell whose it was.
    """
    if not all(map(_is_over, views)):
        return None
    statuses = [_status(view) for view in views]
    if len(statuses) == 1:
        return statuses[0]
    return NOT_ALL_WELL if any(statuses) else DONE


def _is_over(view: Mapping[str, Any]) -> bool:
    match view["state"]:
        case "exited" | "errored":
            return True
        case "stopped":
            return bool(view["wish"] != "up")
        case _:
            return False


def _status(view: Mapping[str, Any]) -> int:
    if view["state"] == "stopped":
        return DONE  # somebody asked for it
    match view["last_exit"]:
        case {"code": int(code)}:
            # One that was given up has failed, whatever it says.
            return code or (DONE if view["state"] == "exited" else NOT_ALL_WELL)
        case {"signal": int(signal)}:
            return 128 + signal
        case _:
            return FAILED
