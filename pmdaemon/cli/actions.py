"""What is printed when something was done to processes."""

from collections.abc import Callable, Sequence

from pmdaemon.cli.context import Context, say_json
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.listing import show_list
from pmdaemon.cli.render.text import harmless
from pmdaemon.client.calls import Processes
from pmdaemon.control.messages.processes import ProcessView

Action = Callable[..., Processes]
"""A verb of the client: it takes selectors."""


def act(
    context: Context,
    action: Action,
    selectors: Sequence[str],
    done: str,
    *,
    json: bool,
    only: Sequence[str] = (),
) -> None:
    """Have something done to the selected processes; print what was `done`, and then the list."""
    views = action(*expanded(context, selectors, only))
    if json:
        say_json(views)
        return
    for view in views:
        print(f"{done} {called(view)}")
    if not views:
        print("there is no process")
    show_list(context, json=False)


def expanded(context: Context, selectors: Sequence[str], only: Sequence[str] = ()) -> list[str]:
    """Replace ecosystem files by the names of the apps in them, or of some of those.

    Raises:
        WrongUsage: `only` is given, and no file.

    """
    if not only and not any(map(may_be_file, selectors)):
        return list(selectors)
    # Few name a file, and this loads what reads them.
    from pmdaemon.cli.ecosystem_files import is_file_of_apps, names_in  # noqa: PLC0415

    if only and not any(map(is_file_of_apps, selectors)):
        raise WrongUsage("--only is for ecosystem files, and none is named")
    return [
        name
        for selector in selectors
        for name in (
            names_in(selector, context.environment, only)
            if is_file_of_apps(selector)
            else [selector]
        )
    ]


def names_file(selectors: Sequence[str]) -> bool:
    """Tell whether one of these is an ecosystem file."""
    if not any(map(may_be_file, selectors)):
        return False
    from pmdaemon.cli.ecosystem_files import is_file_of_apps  # noqa: PLC0415 - as above

    return any(map(is_file_of_apps, selectors))


def may_be_file(selector: str) -> bool:
    """Tell, without loading what knows, whether a selector may name an ecosystem file."""
    return "." in selector or selector == "-" or "Procfile" in selector


def called(view: ProcessView) -> str:
    """Say which process: `app (id 0)`, or `app:1 (id 1)` of several instances."""
    return f"{harmless(view['called'])} (id {view['pm_id']})"
