"""The checkout that a command is typed in."""

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from pmdaemon.cli.context import warn
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.client.calls import current_directory
from pmdaemon.core.wording import why

if TYPE_CHECKING:
    from pmdaemon.control.messages.deploying import Checkout


def checkout_here() -> "Checkout":
    """Look at the checkout around the current folder; say what of it is not committed.

    Raises:
        WrongUsage: there is none.

    """
    top = git("rev-parse", "--show-toplevel")
    if not top:
        raise WrongUsage(
            "this is not a checkout of a git repository: go to one, or name a --project"
            " (to deploy by the deploy section of an ecosystem file, name its environment)"
        )
    found: Checkout = {"path": top, "name": Path(top).name}
    if origin := git("remote", "get-url", "origin"):
        found["origin"] = origin
    if branch := git("symbolic-ref", "--quiet", "--short", "HEAD"):
        found["branch"] = branch
    if git("status", "--porcelain", "--untracked-files=no"):
        warn("uncommitted changes are not deployed")
    return found


def git(*arguments: str) -> str:
    """Ask git about the current folder; nothing where it has nothing to say.

    Raises:
        WrongUsage: there is no git.

    """
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=current_directory(),
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        raise WrongUsage(f"cannot run git: {why(error)}") from None
    return done.stdout.strip() if done.returncode == 0 else ""
