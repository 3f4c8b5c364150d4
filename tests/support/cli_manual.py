"""`docs/cli.md`, made of what the commands say about themselves.

To write it anew: python -m tests.support.cli_manual
"""

from pathlib import Path

import click

from pmdaemon.cli.exit_codes import MEANINGS
from pmdaemon.cli.parser import commands
from pmdaemon.cli.verbs import SECTIONS, Verb

PATH = Path(__file__).parents[2] / "docs" / "cli.md"

INTRODUCTION = """\
# The command line

Made of the commands themselves; `python -m tests.support.cli_manual` writes it anew.

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
    ctx = click.Context(
        command, info_name=verb.name, parent=root, terminal_width=90, max_content_width=90
    )
    also = f"Also: {', '.join(f'`{alias}`' for alias in verb.aliases)}.\n\n" if verb.aliases else ""
    return f"### {verb.name}\n\n{also}```\n{command.get_help(ctx).rstrip()}\n```\n"


if __name__ == "__main__":
    PATH.write_text(manual(), "utf-8")
