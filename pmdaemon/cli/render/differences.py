"""What `apply` does, or would do, for people."""

from collections.abc import Iterator, Sequence

from pmdaemon.cli.render.text import harmless
from pmdaemon.control.messages.declaring import ChangeView, StepView

_WORDS = {
    "create": "new, will be started",
    "restart": "will be restarted",
    "reload": "will be reloaded, without downtime",
    "scale": "will get more or fewer instances",
    "update": "will be updated, without a restart",
    "keep": "unchanged",
    "delete": "not in the file any more, will be deleted",
    "leave": "not in the file any more, left alone (--prune deletes it)",
}

NOTHING = "(nothing)"


def report(
    steps: Sequence[StepView], *, beside: Sequence[str] = (), dry_run: bool
) -> Iterator[str]:
    """Yield a line an app, and beneath it one for each field that differs.

    `beside` are lines about other differences than those of apps.
    """
    for step in steps:
        action = step["action"]
        yield f"{harmless(step['name'])}: {_WORDS.get(action, action)}"
        for change in step["changes"]:
            yield f"    {_line(change)}"
    yield from map(harmless, beside)
    if not beside and all(step["action"] in {"keep", "leave"} for step in steps):
        yield "there is nothing to do"
    elif dry_run:
        yield "nothing was done (--dry-run)"


def _line(change: ChangeView) -> str:
    before, after = (
        harmless(text) if text is not None else NOTHING
        for text in (change["before"], change["after"])
    )
    if before == after:
        return f"{harmless(change['field'])}: changed"
    return f"{harmless(change['field'])}: {before} → {after}"
