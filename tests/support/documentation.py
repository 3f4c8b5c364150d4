"""Reads commands out of pages, the way a reader would type them.

A block of code is indented, or fenced without a language or with `console` or `sh`. In a `console`
block each line after `$ ` is typed, and what follows it is printed.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click

from pmdaemon.cli.parser import commands
from pmdaemon.cli.verbs import canonical

ROOT = Path(__file__).parents[2]

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

_FENCE = re.compile(r"^ *```(\w*)")

_SHELL = {"", "console", "sh", "bash"}

_COMMAND = re.compile(r"(?:^|[\s(`;&|])pmdaemon ((?:[^`;&|<>()\n']|'[^'\n]*'|\$\([^)]*\))*)")
"""A command, up to what ends it for a shell, or ends a span of code."""

_ANYTHING = re.compile(r"…|\.\.\.$|^\[.*\]$")
"""What stands for words that are left out."""


class Typed(NamedTuple):
    """A line that is typed, and what is printed for it."""

    text: str
    printed: list[str]


def commands_in(page: str) -> Iterator[str]:
    """Find what stands behind `pmdaemon` in blocks and spans of code."""
    for line in _code(page):
        if "docker run" not in line:  # there it is the name of an image
            yield from (found[1].strip() for found in _COMMAND.finditer(line))


def transcripts_in(page: str) -> list[list[Typed]]:
    """Find the blocks that are a session at a terminal."""
    sessions: list[list[Typed]] = []
    inside = False
    for line in page.splitlines():
        if fence := _FENCE.match(line):
            inside = fence[1] == "console"
            if inside:
                sessions.append([])
        elif inside and line.startswith("$ "):
            sessions[-1].append(Typed(line.removeprefix("$ "), []))
        elif inside:
            sessions[-1][-1].printed.append(line)
    return sessions


def objection(command: str) -> str | None:
    """Say what the parser has against a command; None when it takes it."""
    words = shlex.split(command, comments=True)
    while words and _ANYTHING.search(words[-1]):
        if len(words) > 1 and words[-2].startswith("-"):
            break  # the value of an option
        words.pop()
    # What a command knows of help it keeps, so it is to be told as when it is typed.
    root = click.Context(commands, info_name="pmdaemon", **commands.context_settings)
    if not words or words == ["--help"]:
        return None
    if canonical(words[0]) is None:
        return f"no such command: {words[0]}"
    if len(words) == 1:
        return None  # a command that is spoken of
    try:
        return _tried(commands.get_command(root, words[0]), words, root)
    except click.ClickException as complaint:
        return complaint.format_message()
    except click.exceptions.Exit:
        return None  # it was asked for its help


def _tried(command: click.Command | None, words: list[str], parent: click.Context) -> str | None:
    if command is None:
        return f"no such command: {words[0]}"
    if isinstance(command, click.Group) and len(words) > 1 and not words[1].startswith("-"):
        group = click.Context(command, info_name=words[0], parent=parent)
        return _tried(command.get_command(group, words[1]), words[1:], group)
    with command.make_context(words[0], words[1:], parent=parent):
        return None


def _code(page: str) -> Iterator[str]:
    """Yield lines of blocks that a shell could read, and spans of code."""
    language: str | None = None
    for line in page.splitlines():
        if fence := _FENCE.match(line):
            language = fence[1] if language is None else None
        elif language is not None:
            if language in _SHELL:
                yield line.removeprefix("$ ")
        elif line.startswith("    "):
            yield line.strip()
        else:
            yield from re.findall(r"`([^`]+)`", line)
