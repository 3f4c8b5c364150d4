"""Commands that build, on the real system, and repositories to build from."""

import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from pmdaemon.adapters.build_commands import BuildCommands
from pmdaemon.adapters.clock import SystemClock
from pmdaemon.adapters.platforms import process_handles, process_reader
from pmdaemon.adapters.process_table import ProcessTable
from pmdaemon.adapters.process_trees import SystemProcessTrees
from pmdaemon.adapters.walls import Walls
from pmdaemon.engine.interfaces.deploying import BuildOrder

GIT_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.com",
}


@asynccontextmanager
async def building(*, walled: Path | None = None, **more: object) -> AsyncIterator[BuildCommands]:
    """Lend what runs commands; nothing of these is left behind."""
    reader = process_reader()
    handles = process_handles(reader)
    table = ProcessTable(reader, SystemClock())
    home = uuid4().hex
    commands = BuildCommands(
        reader=reader,
        handles=handles,
        trees=SystemProcessTrees(reader, table, handles, reapers={1, os.getppid()}),
        token=lambda name: f"{home}.{name}",
        walls=Walls(walled or Path("/nonexistent")),
        **more,  # type: ignore[arg-type] # an objection, if any
    )
    try:
        yield commands
    finally:
        handles.close()


def an_order(command: str, folder: Path, **changes: object) -> BuildOrder:
    """Build an order for a shell."""
    given: dict[str, object] = {
        "name": "build-1",
        "command": command,
        "cwd": str(folder),
        "env": {"PATH": os.environ["PATH"]},
        "timeout": 60.0,
    }
    return BuildOrder(**{**given, **changes})  # type: ignore[arg-type] # each is a field of it


def git(folder: Path, *words: str) -> str:
    """Run git, with nothing of the configuration of whoever runs the tests."""
    done = subprocess.run(
        ["git", "-C", str(folder), *words],
        env=GIT_ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def a_repository(folder: Path, files: dict[str, str], message: str = "First") -> str:
    """Make a repository with one commit on main, and return the commit."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    return a_commit(folder, files, message)


def a_commit(folder: Path, files: dict[str, str], message: str) -> str:
    """Add a commit that writes these files, and return it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(folder, "rev-parse", "HEAD")
