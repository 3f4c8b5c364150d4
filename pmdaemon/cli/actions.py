"""What is printed when something was done to processes."""

from collections.abc import Sequence
from typing import Any

from pmdaemon.cli.context import Context, say_json, warn
from pmdaemon.cli.listing import show_list
from pmdaemon.cli.render.text import harmless


def act(
    context: Context,
    verb: str,
    selectors: Sequence[str],
    done: str,
    *,
    json: bool,
    **body: Any,  # noqa: ANN401 - what else the verb takes
) -> None:
    """Have `verb` done to the selected processes; print what was `done`, and then the list."""
    tell(context, context.ask(verb, {"selectors": expanded(selectors), **body}), done, json=json)


def tell(context: Context, result: dict[str, Any], done: str, *, json: bool) -> None:
    """Print what was `done` to the processes of a result, and then the list."""
    views = result["processes"]
    for warning in result.get("warnings", []):
        warn(warning)
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


def called(view: dict[str, Any]) -> str:
    """Say which process: `app (id 0)`."""
    return f"{harmless(view['name'])} (id {view['pm_id']})"
