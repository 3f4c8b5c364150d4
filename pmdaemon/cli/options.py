"""What many commands take: selectors, `--json`, `--no-color`."""

from collections.abc import Callable
from typing import Any

import click

from pmdaemon.cli.context import Context
from pmdaemon.core.errors import PmdaemonError


class Option(click.Option):
    """An option that has its place in a section of the help."""

    def __init__(self, *args: Any, section: str, **kwargs: Any) -> None:  # noqa: ANN401 - click's
        super().__init__(*args, **kwargs)
        self.section = section


class Command(click.Command):
    """A command whose help has its options in sections, where they say so."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the options for `--help`."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for option in self.get_params(ctx):
            record = option.get_help_record(ctx) if isinstance(option, click.Option) else None
            if record is not None:
                sections.setdefault(getattr(option, "section", "Options"), []).append(record)
        for section, records in sections.items():
            with formatter.section(section):
                formatter.write_dl(records)


json_option = click.option("--json", "json", is_flag=True, help="Print one line of JSON.")


def _names(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, (value or "").split(","))))


only_option = click.option(
    "--only", metavar="A,B", callback=_names, help="Only these apps of the ecosystem file."
)


def command(
    name: str, cls: type[Command] = Command
) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a command of a function; it gets the `Context` first."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        made = click.command(name, cls=cls)(click.pass_obj(function))
        made.params.append(
            click.Option(
                ["--no-color"],
                is_flag=True,
                expose_value=False,
                callback=_without_colour,
                help="Print without colours.",
            )
        )
        return made

    return decorate


def selectors_argument(*, required: bool = True) -> Callable[[Callable[..., Any]], Any]:
    """Take selectors: names, ids, namespaces, `all`, `/regex/`, `name:instance`."""
    return click.argument(
        "selectors",
        nargs=-1,
        required=required,
        metavar="SELECTOR..." if required else "[SELECTOR]...",
        shell_complete=complete_names,
    )


def complete_names(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Complete names, namespaces and `all`, by asking a daemon that is running."""
    context = ctx.find_object(Context)
    if context is None:
        return []
    try:
        views = context.client(start=False, patience=1.0).list()
    except PmdaemonError:
        return []
    words = {view[key] for view in views for key in ("name", "namespace")} | {"all"}
    return sorted(word for word in words if word.startswith(incomplete))


def _without_colour(ctx: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    context = ctx.find_object(Context)
    if value and context is not None:
        context.plain = True
