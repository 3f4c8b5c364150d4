"""The list, as it is printed by `list`, by `jlist`, and after every action.

It is apart from its commands because these two are what scripts and people call all the time: the
plain forms of them run without the parser of options, whose import takes longer than everything
else.
"""

from typing import Any

from pmdaemon.cli.context import Context, say_json
from pmdaemon.cli.verbs import canonical


def show_list(context: Context, *, json: bool) -> None:
    """Print all processes."""
    views = context.client().list()
    if json:
        say_json(views)
        return
    # Who wants JSON draws nothing.
    from pmdaemon.cli.render.processes import by_name, process_table  # noqa: PLC0415

    print(process_table(by_name(views), context.terminal))


def show_jlist(context: Context) -> None:
    """Print all processes as PM2 does."""
    say_json(entries_of(context))


def entries_of(context: Context) -> list[dict[str, Any]]:
    """Word all processes in PM2's shape."""
    from pmdaemon.config.node_versions import NodeVersions  # noqa: PLC0415 - for PM2's shape
    from pmdaemon.config.package_versions import PackageVersions  # noqa: PLC0415 - for PM2's shape
    from pmdaemon.config.pm2_shape import About, entry, folder_of  # noqa: PLC0415 - as above

    versions, nodes, user = PackageVersions(), NodeVersions(context.environment), username()
    return [
        entry(
            view,
            About(
                versions.of(folder_of(view)),
                nodes.of(view["declaration"]["command"]["argv"][0]),
                user,
                context.places(view),
            ),
        )
        for view in context.client().list(detail=True)
    ]


def username() -> str:
    """Say who we are; empty for a user whom no table knows, as in containers."""
    import getpass  # noqa: PLC0415 - only lists in PM2's shape tell it

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def answered_at_once(arguments: list[str], context: Context) -> bool:
    """Carry out `list` or `jlist` without options; False when it is something else."""
    match arguments:
        case [word] | [word, "--json"] if canonical(word) == "list":
            show_list(context, json=len(arguments) > 1)
        case ["jlist"]:
            show_jlist(context)
        case _:
            return False
    return True
