"""What is printed when something was done to processes."""

from collections.abc import Callable, Sequence

from pmdaemon.cli.context import Context, say_json
from pmdaemon.cli.listing import show_list
from pmdaemon.cli.render.text import harmless
from pmdaemon.client.calls import Processes
from pmdaemon.control.messages import ProcessView

Action = Callable[..., Processes]
"""A verb of the client: it takes selectors."""


def act(
    context: Context, action: Action, selectors: Sequence[str], done: str, *, json: bool
) -> None:
    """Have something done to the selected processes; print what was `done`, and then the list."""
    views = action(*expanded(selectors))
    if json:
        say_json(views)
        return
    for view in views:
        print(f"{done} {called(view)}")
    if not views:
        print("there is no process")
    show_list(context, json=False)


def expanded(selectors: Sequence[str]) -> list[str]:
    """Replace ecosystem files by the names of the apps in them."""
    if not any("." in selector for selector in selectors):
        return list(selectors)
    # Few name a file, and this loads what reads them.
    from pmdaemon.cli.ecosystem_files import is_file_of_apps, names_in  # noqa: PLC0415

    return [
        name
        for selector in selectors
        for name in (names_in(selector) if is_file_of_apps(selector) else [selector])
    ]


def called(view: ProcessView) -> str:
    """Say which process: `app (id 0)`."""
    return f"{harmless(view['name'])} (id {view['pm_id']})"
