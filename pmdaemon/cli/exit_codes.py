"""The statuses that commands end with."""

DONE = 0
FAILED = 1
WRONG_USAGE = 2
NOT_FOUND = 3
UNAVAILABLE = 4
NOT_READY = 5
INTERRUPTED = 130

MEANINGS = {
    DONE: "done",
    FAILED: "failed",
    WRONG_USAGE: "wrong usage, or invalid input or configuration",
    NOT_FOUND: "no such process, or project, domain, account and so on",
    UNAVAILABLE: "the daemon cannot be started, reached or understood",
    NOT_READY: "a program is running, but did not get ready in time (--wait-ready)",
    INTERRUPTED: "interrupted",
}

_NOT_FOUND = frozenset(
    f"{what}_not_found"
    for what in (
        "process", "project", "deployment", "variable", "domain", "webhook", "account",
        "invitation", "api_token",
    )
)  # fmt: skip

_WRONG = ("invalid_", "script_", "interpreter_", "cwd_", "file_", "tcp_ports_", "wrong_", "unsup")
_UNAVAILABLE = ("daemon_", "home_", "store_", "protocol_", "permission_", "unknown_verb")


def exit_code(error_code: str) -> int:
    """Return the status of a command that ends with an error of this code.

    Codes are grouped by how they begin, so that those of a newer daemon find their place too.
    """
    if error_code in _NOT_FOUND:
        return NOT_FOUND
    if error_code == "not_ready":
        return NOT_READY
    if error_code.startswith(_WRONG):
        return WRONG_USAGE
    return UNAVAILABLE if error_code.startswith(_UNAVAILABLE) else FAILED
