"""Where an action wanted its processes to get, and what there is to say when they did not."""

from pmdaemon.core.process import Backoff, Errored, Exited, Online, Process, Stopped, Stopping, Wish


def has_ended(process: Process) -> bool:
    """Tell whether nothing of it runs or is about to."""
    return isinstance(process.state, Stopped | Exited | Errored)


def is_up_or_failed(process: Process) -> bool:
    """Tell whether a start has come to its end, one way or the other."""
    if process.wish is not Wish.UP:
        return not isinstance(process.state, Stopping)
    return isinstance(process.state, Online | Errored | Exited | Backoff)


def is_down(process: Process) -> bool:
    """Tell whether a stop has come to its end."""
    return has_ended(process) or process.wish is Wish.UP


def is_stuck(process: Process) -> bool:
    """Tell whether it was given up."""
    return isinstance(process.state, Errored)


def why_not_up(process: Process) -> str | None:
    """Say why it could not be started."""
    match process.state:
        case Errored(reason):
            return f"cannot start {process.called}: {reason}"
        case Backoff(delay=delay, reason=str(reason)):
            return f"cannot start {process.called} now: {reason}; trying again every {delay:g} s"
        case _:
            return None


def why_not_down(process: Process) -> str | None:
    """Say why it could not be stopped."""
    match process.state:
        case Errored(reason):
            return f"cannot stop {process.called}: {reason}"
        case _:
            return None
