"""`docs/cli.md`, and what is installed for `man` and for shells, made of the commands themselves.

To write them anew: python -m tests.support.cli_manual
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from pmdaemon import __version__
from pmdaemon.cli.commands.completion import script_for
from pmdaemon.cli.exit_codes import MEANINGS
from pmdaemon.cli.parser import commands
from pmdaemon.cli.verbs import SECTIONS, Verb

ROOT = Path(__file__).parents[2]

PATH = ROOT / "docs" / "cli.md"

MAN_PAGE = ROOT / "share/man/man1/pmdaemon.1"

COMPLETIONS = {
    "bash": ROOT / "share/bash-completion/completions/pmdaemon",
    "zsh": ROOT / "share/zsh/site-functions/_pmdaemon",
    "fish": ROOT / "share/fish/vendor_completions.d/pmdaemon.fish",
}
"""Where shells look, below a prefix such as /usr/local or ~/.local."""

INTRODUCTION = """\
# The command line

What each command says with `--help`, and what holds for all of them. After `pip install`,
`man pmdaemon` says the same.

Every command talks to the daemon of one home (`$PMDAEMON_HOME`, else `~/.local/share/pmdaemon`)
and starts it when it is not running; `kill`, `ping --no-start` and `web --off` start none. Results
go to standard output. Errors are one sentence on standard error, and an exit code. Progress shows
on standard error when that is a terminal.

With `--json` there is one JSON value on one line of standard output and nothing else (`logs` has
one a line). When such a command fails, the value is
`{"error": {"code": …, "message": …, "details": …}}`, and the exit code is as always. Codes do not
change between releases; sentences may. `jlist` prints nothing on standard output when it fails.

Colours are used on terminals, unless `NO_COLOR` is set or `--no-color` is given; `FORCE_COLOR` asks
for them in a pipe too.
"""

WEB_KEYS = """\
## Keys on command lines

`web --api-key K` works, and is the worst of three ways: the key stays in the shell's history, and
other users of the machine can see it in `ps` until pmdaemon, as the first thing it does, takes it
out of its own title. Prefer the variable `PMDAEMON_API_KEY` or `--api-key-file FILE`. Programs
never inherit that variable.
"""


def manual() -> str:
    """Write the whole page."""
    parts = [INTRODUCTION, _exit_codes()]
    for section, verbs in SECTIONS.items():
        parts.append(f"## {section}\n")
        parts += [_command(verb) for verb in verbs]
    return "\n".join([*parts, WEB_KEYS])


def _exit_codes() -> str:
    rows = [f"| {code} | {meaning} |" for code, meaning in MEANINGS.items()]
    return "\n".join(["## Exit codes", "", "| code | meaning |", "|---|---|", *rows, ""])


def _command(verb: Verb) -> str:
    root = click.Context(commands, info_name="pmdaemon", help_option_names=["-h", "--help"])
    command = commands.get_command(root, verb.name)
    if command is None:
        raise LookupError(verb.name)
    also = f"Also: {', '.join(f'`{alias}`' for alias in verb.aliases)}.\n\n" if verb.aliases else ""
    return f"### {verb.name}\n\n{also}" + "\n".join(_helps(command, verb.name, root))


def _helps(command: click.Command, name: str, parent: click.Context) -> Iterator[str]:
    """Yield what a command says, and what its subcommands say."""
    ctx = click.Context(
        command, info_name=name, parent=parent, terminal_width=90, max_content_width=90
    )
    yield f"```\n{command.get_help(ctx).rstrip()}\n```\n"
    if isinstance(command, click.Group):
        for each in command.list_commands(ctx):
            if not command.commands[each].hidden:
                yield from _helps(command.commands[each], each, ctx)


def write() -> None:
    """Write all of it, the page for `man` by Sphinx."""
    for shell, path in COMPLETIONS.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(script_for(shell).strip() + "\n", "utf-8")
    PATH.write_text(manual(), "utf-8")
    with TemporaryDirectory() as folder:
        build = [sys.executable, "-m", "sphinx", "-q", "-d", f"{folder}/trees", "-b", "man"]
        subprocess.run([*build, PATH.parent, folder], check=True)
        lines = Path(folder, MAN_PAGE.name).read_text("utf-8").splitlines()
    # The day it was written is no part of it.
    title = next(number for number, line in enumerate(lines) if line.startswith(".TH "))
    lines[title] = f'.TH "PMDAEMON" "1" "" "{__version__}" "pmdaemon"'
    MAN_PAGE.parent.mkdir(parents=True, exist_ok=True)
    MAN_PAGE.write_text("\n".join([*lines, ""]), "utf-8")


if __name__ == "__main__":
    write()
