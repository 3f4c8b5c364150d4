"""`start`."""

from typing import Any

import click

from pmdaemon.cli.context import Context
from pmdaemon.cli.options import Command, complete_names, json_option, only_option
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.start_options import as_typed, options_of, start_options
from pmdaemon.cli.starting import start_targets

PROGRAM_ARGS = "pmdaemon.program_args"


class StartCommand(Command):
    """Keeps what stands behind `--`: it is for the program, whatever it looks like."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the command line up to `--`."""
        if "--" in args:
            cut = args.index("--")
            ctx.meta[PROGRAM_ARGS] = args[cut + 1 :]
            args = args[:cut]
        return super().parse_args(ctx, args)


@command_named("start", cls=StartCommand)
@click.argument(
    "targets", nargs=-1, metavar="[TARGET]... [-- ARG...]", shell_complete=complete_names
)
@start_options
@only_option
@json_option
def command(
    context: Context,
    targets: tuple[str, ...],
    *,
    only: tuple[str, ...],
    json: bool,
    **given: Any,  # noqa: ANN401 - the options of an app, by name
) -> None:
    """Start programs.

    \b
      pmdaemon start "node server.js" --name app
      pmdaemon start worker.py -i 4 -- --queue mail
      pmdaemon start ecosystem.toml

    TARGET is a command, a script, an ecosystem file (- for standard input), or the name, id or
    namespace of what exists already. Without any, the ecosystem file of this directory is used:
    ecosystem.config.toml, ecosystem.toml, the same in JavaScript, JSON or YAML, a package.json
    that has apps, or a Procfile.

    What follows -- is passed to the program.
    """  # noqa: D301 - where click is to leave lines as they are
    options, env_name = options_of(given)
    if args := click.get_current_context().meta.get(PROGRAM_ARGS):
        options["args"] = args
    with as_typed(options):
        start_targets(context, targets, options, only=only, env_name=env_name, json=json)
