"""`init`."""

from pathlib import Path

import click

from pmdaemon.cli.context import Context
from pmdaemon.cli.ecosystem_files import DEFAULT_NAMES
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.new_files import write_new
from pmdaemon.cli.options import command as command_named
from pmdaemon.client.calls import current_directory
from pmdaemon.config.command import default_name
from pmdaemon.config.starters import LIKELY, NAMES, Format, starter
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.wording import shown


@command_named("init")
@click.argument("kind", required=False, metavar="[simple]")
@click.option(
    "--format",
    "format_",
    type=click.Choice(list(NAMES)),
    default="toml",
    show_default=True,
    help="Format of the file.",
)
def command(_context: Context, kind: str | None, *, format_: Format) -> None:
    """Write a first ecosystem file into this directory, with comments on every field.

    With the word simple, it has only what is needed. Nothing is written where there is an
    ecosystem file already.
    """
    if kind not in {None, "simple"}:
        raise WrongUsage(f"init takes the word simple, or nothing, not {shown(kind)}")
    folder = Path(current_directory())
    path = folder / NAMES[format_]
    there = next((name for name in DEFAULT_NAMES if (folder / name).is_file()), path.name)
    if there != path.name:
        # Where none is named, one of the two would be read, and it might be the wrong one.
        raise InvalidInput(
            f"{there} is there already, and is read in its place: {path.name} was not written",
            code="file_exists",
            path=str(folder / there),
        )
    script = next((name for name in LIKELY if (folder / name).is_file()), "app.js")
    name = default_name(folder.name or script, "/")
    text = starter(name, f"./{script}", format_, simple=kind is not None)
    write_new(path, text, called=path.name)
    print(f"wrote {path.name}: edit it, check it with pmdaemon validate, then run pmdaemon start")
