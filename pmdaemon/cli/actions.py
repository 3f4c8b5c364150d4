"""What is printed when something was done to processes."""

from collections.abc import Sequence
from typing import Any

from pmdaemon.cli.context import Context, say_json
from pmdaemon.cli.listing import show_list
from pmdaemon.cli.render.text import harmless


def act(context: Context, verb: str, selectors: Sequence[str], done: str, *, json: bool) -> None:
    """Have `verb` done to the selected processes, and print what was."""
    result = context.ask(verb, {"selectors": list(selectors)})
    report(context, result["processes"], done, json=json)


def report(
    context: Context, views: Sequence[dict[str, Any]], done: str, *, json: bool, table: bool = True
) -> None:
    """Print what was `done`, one line a process, and then the list."""
    if json:
        say_json(views)
        return
    for view in views:
        print(f"{done} {called(view)}")
    if not views:
        print("there is no process")
    if table:
        show_list(context, json=False)


def called(view: dict[str, Any]) -> str:
    """Say which process: `app (id 0)`."""
    return f"{harmless(view['name'])} (id {view['pm_id']})"
