"""What is run where an environment is deployed to, as scripts for a POSIX shell.

PATH/source     the clone
PATH/current    a link to it
PATH/shared     logs and pids, for whoever wants them
PATH/.deploys   the commits that were deployed, one a line
"""

import shlex

from pmdaemon.config.deploy_section import Destination

_SAFE_GIT = "git -c protocol.ext.allow=never"
_DEPTH = 5
"""Commits that are fetched where `fetch` is `fast`."""


def setup(to: Destination, default_hook: str) -> str:
    """Clone the repository."""
    del default_hook
    place = _quoted(to.path)
    depth = f" --depth {_DEPTH} --no-single-branch" if to.shallow else ""
    return _script(
        to,
        to.hooks.get("pre_setup", ""),
        f"[ ! -e {place}/source ] || {{ echo {place}/source is there already >&2; exit 1; }}",
        f"mkdir -p {place}/shared/logs {place}/shared/pids",
        f"{_SAFE_GIT} clone --quiet{depth} -- {shlex.quote(to.repo)} {place}/source",
        f"ln -sfn source {place}/current",
        f"cd {place}/source",
        to.hooks.get("post_setup", ""),
    )


def update(to: Destination, default_hook: str, ref: str | None = None) -> str:
    """Fetch, have the files as they are in a commit, and run what comes after that."""
    depth = f" --depth {_DEPTH}" if to.shallow else ""
    return _script(
        to,
        _enter(to),
        to.hooks.get("pre_deploy", ""),
        f"{_SAFE_GIT} fetch --quiet --all --tags{depth}",
        *_take(to, shlex.quote(ref or to.ref), default_hook),
    )


def revert(to: Destination, default_hook: str, steps: int) -> str:
    """Go back by so many deploys."""
    return _script(
        to,
        _enter(to),
        f"commit=$(tail -n {steps + 1} ../.deploys | head -n 1)",
        f'[ "$(wc -l < ../.deploys)" -gt {steps} ] || '
        f"{{ echo there are not {steps} deploys before this one >&2; exit 1; }}",
        *_take(to, '"$commit"', default_hook),
    )


def tell(to: Destination, which: str) -> str:
    """Print the commit that is deployed (`curr`), the one before (`prev`), or all (`list`)."""
    commands = {
        "curr": "tail -n 1 ../.deploys",
        "prev": "tail -n 2 ../.deploys | head -n 1",
        "list": "cat ../.deploys",
    }
    return _script(to, _enter(to), commands[which])


def execute(to: Destination, command: str) -> str:
    """Run a command in the folder."""
    return _script(to, _enter(to), command)


def _take(to: Destination, commit: str, default_hook: str) -> list[str]:
    return [
        f"git reset --quiet --hard {commit} --",
        "ln -sfn source ../current",
        "git rev-parse --short HEAD >> ../.deploys",
        to.hooks.get("post_deploy", default_hook),
    ]


def _enter(to: Destination) -> str:
    place = _quoted(f"{to.path}/source")
    return f"cd {place} || {{ echo nothing is set up there: run deploy setup first >&2; exit 1; }}"


def _quoted(path: str) -> str:
    """Quote a path, in which `~` is the home of the user there."""
    if path.startswith("~/"):
        return f'"$HOME"{shlex.quote(path[1:])}'
    return shlex.quote(path)


def _script(to: Destination, *steps: str) -> str:
    exported = [f"export {name}={shlex.quote(value)}" for name, value in to.env.items()]
    return "\n".join(["set -e", *exported, *filter(None, steps)]) + "\n"
