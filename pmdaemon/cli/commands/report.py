"""`report`."""

import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from pmdaemon import __version__
from pmdaemon.cli.context import Context
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.render.processes import by_name, process_table
from pmdaemon.cli.render.text import harmless
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.logs import last_lines
from pmdaemon.core.wording import why

TAIL = 4096
"""Bytes of the daemon's log that are looked at."""


@command_named("report")
def command(context: Context) -> None:
    """Print what a bug report needs, in a fenced block.

    It contains no environment and no output of programs. Read it before you post it: names of
    programs, users and folders may be in it.
    """
    print("```")
    for line in _lines(context):
        print(line)
    print("```")


def _lines(context: Context) -> Iterator[str]:
    client = context.client(start=False)
    yield f"pmdaemon   {__version__}"
    yield f"python     {platform.python_version()} ({sys.executable})"
    yield f"system     {platform.platform()}"
    yield f"cpus       {os.cpu_count()}"
    yield f"user       uid {os.getuid()}, gid {os.getgid()}"
    yield f"home       {harmless(context.home.path)}"
    try:
        answer, views = client.ping(), client.list()
    except PmdaemonError as error:
        yield f"daemon     {error.message}"
    else:
        yield f"daemon     {answer['version']}, pid {answer['pid']}"
        yield ""
        yield process_table(by_name(views), context.terminal)
    yield ""
    yield f"the last of {harmless(context.home.daemon_log)}:"
    yield from _last_words(Path(context.home.daemon_log))


def _last_words(path: Path) -> Iterator[str]:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL))
            yield from map(harmless, last_lines(file.read(), whole=size <= TAIL))
    except OSError as error:
        yield f"cannot read it: {why(error)}"
