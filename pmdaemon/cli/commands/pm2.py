"""`pm2`."""

import shlex
import sys
from pathlib import Path

import click

from pmdaemon.cli.context import Context
from pmdaemon.cli.new_files import write_new
from pmdaemon.cli.options import command as command_named
from pmdaemon.control.starter import importable
from pmdaemon.core.errors import InvalidInput

NAMES = ("pm2", "pm2-runtime", "pm2-dev")


@command_named("pm2")
@click.argument("words", nargs=-1, metavar="[WORD]...")
@click.option(
    "--install-link",
    "folder",
    metavar="DIR",
    help="Install commands called pm2, pm2-runtime and pm2-dev in this directory.",
)
def command(_context: Context, words: tuple[str, ...], *, folder: str | None) -> None:
    """Do what PM2 does: its commands, options, environment variables and output.

    The home is PM2's ($PM2_HOME, or ~/.pm2), with its files where scripts look for them: dump.pm2,
    pm2.pid, logs/NAME-out.log, module_conf.json. A link to pmdaemon that is called pm2,
    pm2-runtime or pm2-dev does the same. Every failure exits with 1.

    With --install-link, scripts of these names are made in a directory of your PATH, so that
    others that were written for PM2 find them. A file that is there is left alone.
    """
    del words
    if folder is None:
        return
    written: list[Path] = []
    try:
        for name in NAMES:
            path = Path(folder, name).absolute()
            write_new(path, _script(name), called=str(path), mode=0o777)
            written.append(path)
    except InvalidInput:
        for path in written:  # all three or none
            path.unlink(missing_ok=True)
        raise
    for path in written:
        print(f"wrote {path}")


def _script(name: str) -> str:
    variables = "".join(f"{key}={shlex.quote(value)} " for key, value in importable({}).items())
    program = f"{shlex.quote(sys.executable)} -m pmdaemon {name}"
    return f'#!/bin/sh\n{variables}exec {program} "$@"\n'
