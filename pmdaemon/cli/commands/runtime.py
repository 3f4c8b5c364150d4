"""`runtime`."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from pmdaemon.cli.commands.start import PROGRAM_ARGS, StartCommand
from pmdaemon.cli.console import LinePrinter, Printer, RawPrinter
from pmdaemon.cli.context import Context
from pmdaemon.cli.ecosystem_files import default_file, is_file_of_apps
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.foreground_run import home_of_run, never, run
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import only_option
from pmdaemon.cli.outcome import outcome
from pmdaemon.cli.render.log_lines import LogForm, LogStyle
from pmdaemon.cli.start_options import flag_of, options_of, start_options
from pmdaemon.cli.starting import read_file, start_apps, start_program
from pmdaemon.client.calls import current_directory


class RuntimeCommand(StartCommand):
    """Leaves options behind a command to it: in `node --inspect app.js` none is for us."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the command line up to `--`, or up to the command."""
        ctx.allow_interspersed_args = False
        read, _, _ = self.make_parser(ctx).parse_args(args=list(args[: _end_of_ours(args)]))
        words = read.get("words")
        ctx.allow_interspersed_args = not (
            isinstance(words, tuple) and words and not Path(words[0]).exists()
        )
        return super().parse_args(ctx, args)


@command_named("runtime", cls=RuntimeCommand)
@click.argument("words", nargs=-1, metavar="[FILE|COMMAND...] [-- ARG...]")
@start_options
@only_option
@click.option("--raw", is_flag=True, help="Print output byte for byte (default).")
@click.option("--prefix", is_flag=True, help="Print the name of the app in front of each line.")
@click.option("--json", "json", is_flag=True, help="Print a JSON object per line.")
@click.option(
    "--auto-exit/--no-auto-exit", default=True, help="Whether to end when all programs are down."
)
@click.option(
    "--home",
    metavar="DIR",
    help="Keep state and logs in this directory; by default they are removed at the end.",
)
def command(
    context: Context,
    words: tuple[str, ...],
    *,
    only: tuple[str, ...],
    raw: bool,
    prefix: bool,
    json: bool,
    auto_exit: bool,
    home: str | None,
    **given: Any,  # noqa: ANN401 - the options of an app, by name
) -> None:
    """Run programs in the foreground, as the main process of a container.

    Their output is printed. SIGTERM, SIGINT and SIGQUIT stop them all; SIGHUP, SIGUSR1 and SIGUSR2
    are passed on. Once all are down, the exit status is that of the program if there is only one,
    otherwise 0 if all succeeded and 2 if not; after a stop, it is 0.

    FILE is an ecosystem file or a script. Options go before a COMMAND.
    """
    if raw + prefix + json > 1:
        raise WrongUsage("only one of --raw, --prefix and --json can be used")
    options, env_name = options_of(given)
    program_args = click.get_current_context().meta.get(PROGRAM_ARGS, [])
    target, args = _target(words or (default_file(current_directory()),), program_args)
    if args:
        options["args"] = args
    of_apps = is_file_of_apps(target)
    if of_apps and options:
        raise WrongUsage(f"{flag_of(options)} cannot be used with an ecosystem file")
    if not of_apps and (only or env_name is not None):
        raise WrongUsage(f"--only and --env NAME are for ecosystem files, and {target} is none")
    # A file is refused before anything is started.
    file = read_file(context, target, only=only, env_name=env_name) if of_apps else None
    style = LogStyle(context.terminal, form=LogForm.JSON if json else LogForm.PREFIXED)
    printer: Printer = LinePrinter(style) if prefix or json else RawPrinter()
    with home_of_run(context, home) as inside:

        def bring_up() -> None:
            if file is not None:
                start_apps(inside, file, quiet=True)
            else:
                start_program(inside, target, options, existing="restart", quiet=True)

        status = run(inside, printer, bring_up, judge=outcome if auto_exit else never)
    raise click.exceptions.Exit(status)


def _target(words: Sequence[str], args: Sequence[str]) -> tuple[str, list[str]]:
    """Tell what to run, and with which arguments."""
    first, *others = words
    if is_file_of_apps(first):
        if others or args:
            raise WrongUsage(f"{(*others, *args)[0]} is for a program, and {first} has its own")
        return first, []
    if not others or Path(first).exists():
        return first, [*others, *args]
    return shlex.join(words), list(args)


def _end_of_ours(args: Sequence[str]) -> int:
    return args.index("--") if "--" in args else len(args)
