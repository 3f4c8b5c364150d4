"""With which status a command ends."""

DONE = 0
FAILED = 1
WRONG_USAGE = 2
NOT_FOUND = 3
UNAVAILABLE = 4
INTERRUPTED = 130

MEANINGS = {
    DONE: "done",
    FAILED: "failed",
    WRONG_USAGE: "wrong usage, or invalid input or configuration",
    NOT_FOUND: "no such process",
    UNAVAILABLE: "the daemon cannot be started, reached or understood",
    INTERRUPTED: "interrupted",
}

_BY_ERROR = {
    "process_not_found": NOT_FOUND,
    "unsupported": WRONG_USAGE,
    "wrong_usage": WRONG_USAGE,
    "daemon_unavailable": UNAVAILABLE,
    "home_unusable": UNAVAILABLE,
    "store_unavailable": UNAVAILABLE,
    "protocol_violation": UNAVAILABLE,
}


def exit_code(error_code: str) -> int:
    """Say with which status an error of this code ends a command."""
    if error_code.startswith("invalid_"):
        return WRONG_USAGE
    return _BY_ERROR.get(error_code, FAILED)
