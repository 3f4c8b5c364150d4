"""The parser of commands and options: click, with commands loaded when they are called.

click words its complaints for a screen of its own; here they become errors like all others.
"""

import importlib
import re
from typing import Any, cast

import click
from click.exceptions import Exit

from pmdaemon import __version__
from pmdaemon.cli.context import Context
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.exit_codes import DONE, MEANINGS, WRONG_USAGE
from pmdaemon.cli.verbs import SECTIONS, VERBS, canonical
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.wording import shown

LONGEST_NAMES = 40
"""Columns of the help that a command and its aliases may take."""


class Commands(click.Group):
    """All commands, by name and alias, in sections."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """List the names, without aliases."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Load a command."""
        verb = canonical(cmd_name)
        if verb is None:
            return None
        module = importlib.import_module(f"pmdaemon.cli.commands.{VERBS[verb].module}")
        return cast("click.Command", module.command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is named first."""
        command = self.get_command(ctx, args[0])
        if command is None:
            raise _unknown(args[0])
        return command.name, command, args[1:]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """List the commands for `--help`."""
        for section, verbs in SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl(
                    [(", ".join((verb.name, *verb.aliases)), verb.summary) for verb in verbs],
                    col_max=LONGEST_NAMES,
                )

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Tell the exit codes."""
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), meaning) for code, meaning in MEANINGS.items()])


@click.command(
    cls=Commands,
    name="pmdaemon",
    no_args_is_help=False,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("-v", "--version", "version", is_flag=True, help="Print the version and exit.")
@click.pass_context
def commands(ctx: click.Context, /, *, version: bool) -> None:
    """Keep programs running.

    \b
    Start a program      pmdaemon start "node server.js" --name app
    See what runs        pmdaemon list
    Read its output      pmdaemon logs app
    Ask why it is down   pmdaemon explain app

    Nothing needs to be set up: the first command starts the daemon. Each command has its own
    --help.
    """  # noqa: D301 - where click is to leave lines as they are
    if version:
        click.echo(__version__)
        raise Exit(DONE)
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help(), err=True)
        raise Exit(WRONG_USAGE)


def parse_and_run(arguments: list[str], context: Context) -> int:
    """Run a command line, and return its exit status.

    Raises:
        PmdaemonError: the command line is wrong, or the command failed.

    """
    if instruction := context.environment.get("_PMDAEMON_COMPLETE"):
        from click.shell_completion import shell_complete  # noqa: PLC0415 - only shells ask

        extra = {"obj": context}
        return shell_complete(commands, extra, "pmdaemon", "_PMDAEMON_COMPLETE", instruction)
    try:
        with commands.make_context("pmdaemon", arguments, obj=context) as ctx:
            commands.invoke(ctx)
    except Exit as end:
        return end.exit_code
    except click.ClickException as complaint:
        raise _worded(complaint, arguments) from None
    except click.Abort:
        raise KeyboardInterrupt from None
    return DONE


def _unknown(word: str) -> PmdaemonError:
    # Only a mistake pays for these imports.
    import difflib  # noqa: PLC0415

    from pmdaemon.cli.left_out import refusal_of  # noqa: PLC0415

    if word.startswith("-"):
        return WrongUsage(f"no such option: {shown(word)}")
    if (refusal := refusal_of(word)) is not None:
        return refusal
    words = [each for verb in VERBS.values() for each in (verb.name, *verb.aliases)]
    letters = "".join(filter(str.isprintable, word[:40]))
    close = difflib.get_close_matches(letters, words, n=1, cutoff=ALIKE)
    hint = f"did you mean {close[0]}?" if close else "see pmdaemon --help"
    return WrongUsage(f"no such command: {shown(word)}; {hint}")


ALIKE = 0.7
"""How alike two words must be, from 0 to 1, for one to be suggested instead of the other."""

_EVERYWHERE = ("--json", "--no-color")
"""Options that most commands have, and that are typed after the command."""

_PLAINLY = (
    (r" is not a valid (?:integer|float)(?: range)?$", " is not a number"),
    (r" is not in the range (\S+)<=x<=(\S+)$", r" is not from \1 to \2"),
    (r" is not in the range x>=(\S+)$", r" is less than \1"),
)
"""What click says of numbers, and how people would."""


_AS_IN_PM2: dict[str, str] = {
    **dict.fromkeys(
        ("start", "stop", "delete", "list"), "it is PM2's, and pmdaemon pm2 {} takes it"
    ),
    **dict.fromkeys(("restart", "reload"), "what {} leaves as it is, pmdaemon apply FILE changes"),
}
"""What to say of an option that PM2's command has, and ours does not."""


def _worded(complaint: click.ClickException, arguments: list[str]) -> WrongUsage:
    """Word a complaint of click as one of ours: one sentence, and where to read on."""
    sentence = re.sub(r"\s+", " ", complaint.format_message()).strip().rstrip(".")
    for pattern, plainly in _PLAINLY:
        sentence = re.sub(pattern, plainly, sentence)
    # What was typed is repeated by click as it is, 10,000 letters and all.
    sentence = " ".join(map(shown, (sentence[:1].lower() + sentence[1:]).split(" ")))
    ctx: Any = getattr(complaint, "ctx", None)
    possibilities = getattr(complaint, "possibilities", None)
    path = ctx.command_path if ctx is not None else _path_of(arguments)
    if isinstance(complaint, click.NoSuchOption):
        sentence = f"no such option: {shown(complaint.option_name)}"
        from pmdaemon.cli.pm2_options import is_option  # noqa: PLC0415 - only a mistake pays for it

        verb = path.rpartition(" ")[2]
        if verb in _AS_IN_PM2 and is_option(complaint.option_name):
            return WrongUsage(f"{sentence}; {_AS_IN_PM2[verb].format(verb)}")
        if complaint.option_name in _EVERYWHERE and path == "pmdaemon":
            option = complaint.option_name
            return WrongUsage(f"{option} goes after the command: pmdaemon list {option}")
        if possibilities and (close := _closest(complaint.option_name, possibilities)):
            return WrongUsage(f"{sentence}; did you mean {close}?")
    return WrongUsage(f"{sentence}; see {path} --help")


def _closest(typed: str, options: list[str]) -> str | None:
    import difflib  # noqa: PLC0415 - only a mistake pays for it

    return next(iter(difflib.get_close_matches(typed, options, n=1, cutoff=ALIKE)), None)


def _path_of(arguments: list[str]) -> str:
    """Name the command that was called: click does not, of an option whose value is missing."""
    verb = canonical(arguments[0]) if arguments else None
    return f"pmdaemon {verb}" if verb else "pmdaemon"
