"""`deploy`."""

import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

import click

from pmdaemon.cli.context import Context
from pmdaemon.cli.ecosystem_files import DEFAULT_NAMES
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option
from pmdaemon.client.calls import current_directory
from pmdaemon.config import deploy_scripts as scripts
from pmdaemon.config import ecosystem
from pmdaemon.config.deploy_section import LOCAL, Destination, destination_of
from pmdaemon.core.errors import OperationFailed
from pmdaemon.core.wording import why

_WORDS = {"current": "curr", "previous": "prev", "run": "exec"}


@command_named("deploy")
@click.argument("words", nargs=-1, metavar="[[FILE] ENVIRONMENT [COMMAND]...]")
@click.option("--project", "-p", metavar="PROJECT", help="Deploy this project.")
@click.option(
    "--branch", "-b", metavar="BRANCH", help="Branch to deploy; default that of the project."
)
@click.option("--commit", metavar="SHA", help="Commit to deploy; default the latest.")
@click.option("--detach", is_flag=True, help="Return without waiting until it is live.")
@click.option(
    "--force", "-f", is_flag=True, help="With ENVIRONMENT: ignore changes that are not pushed."
)
@json_option
def command(
    context: Context,
    words: tuple[str, ...],
    *,
    project: str | None,
    branch: str | None,
    commit: str | None,
    detach: bool,
    force: bool,
    json: bool,
) -> None:
    """Build and run a repository on this machine: that of a project, or the checkout you are in.

    What is live stays live until the new release is ready, or for good if it does not get ready.

    With ENVIRONMENT, deploy an app to other machines with git and ssh, as the deploy section of an
    ecosystem file says. COMMAND is setup, update (the default), ref REF, revert [N], curr, prev,
    list, or exec COMMAND. The host localhost needs no ssh. After an update, post-deploy is run, or
    pmdaemon startOrRestart with the file.
    """
    if words:
        if project or branch or commit or detach or json:
            raise WrongUsage("these options cannot be used with ENVIRONMENT")
        _deploy_elsewhere(context, words, force=force)
        return
    # Commands of ecosystem files have no need of these.
    from pmdaemon.cli.checkout import checkout_here  # noqa: PLC0415
    from pmdaemon.cli.deploying import see_through  # noqa: PLC0415

    checkout = checkout_here() if project is None else None
    asked = context.client().deployments.deploy(
        project, checkout=checkout, branch=branch, commit=commit
    )
    see_through(context, asked, detach=detach, json=json)


def _deploy_elsewhere(context: Context, words: Sequence[str], *, force: bool) -> None:
    file, name, rest = _taken_apart(words)
    to = destination_of(ecosystem.document(file, context.environment), name, file)
    hook = f"pmdaemon startOrRestart {Path(file).name} --env {name}"
    verb, *arguments = [_WORDS.get(word, word) for word in rest[:1]] + list(rest[1:]) or ["update"]
    script = _script(to, hook, verb, arguments)
    if verb in {"update", "ref"}:
        if not force:
            _check_pushed()
        if local := to.hooks.get("pre_deploy_local"):
            _run(["sh", "-ec", local], "pre-deploy-local")
    for host in to.hosts:
        print(f"--> {verb} {name} on {host}", flush=True)
        _run(_shell_on(to, host, script), f"{verb} on {host}")
    print("--> Success")


def _taken_apart(words: Sequence[str]) -> tuple[str, str, Sequence[str]]:
    """Tell the file, the environment and the command."""
    if ecosystem.is_ecosystem_file(words[0]):
        if len(words) < 2:
            raise WrongUsage("say which environment of the file's deploy section")
        return words[0], words[1], words[2:]
    folder = Path(current_directory())
    file = next(
        (name for name in (*DEFAULT_NAMES, "package.json") if (folder / name).is_file()), None
    )
    if file is None:
        raise WrongUsage("there is no ecosystem file here: name one")
    return file, words[0], words[1:]


def _script(to: Destination, hook: str, verb: str, arguments: Sequence[str]) -> str:
    match verb, arguments:
        case "setup", []:
            return scripts.setup(to, hook)
        case "update", []:
            return scripts.update(to, hook)
        case "ref", [ref] if not ref.startswith("-"):
            return scripts.update(to, hook, ref)
        case "revert", []:
            return scripts.revert(to, hook, 1)
        case "revert", [steps] if steps.isdecimal() and len(steps) < 4 and int(steps) > 0:
            return scripts.revert(to, hook, int(steps))
        case (("curr" | "prev" | "list"), []):
            return scripts.tell(to, verb)
        case "exec", [_, *_]:
            return scripts.execute(to, " ".join(arguments))
        case _:
            typed = " ".join((verb, *arguments))
            raise WrongUsage(f"not a command of deploy: {typed}; see pmdaemon deploy --help")


def _check_pushed() -> None:
    """Refuse to deploy what the repository does not have."""
    changed = _git("status", "--porcelain", "--untracked-files=no")
    ahead = _git("log", "--oneline", "@{upstream}..")
    if changed:
        raise OperationFailed("there are changes that are not committed: commit them, or --force")
    if ahead:
        raise OperationFailed("there are commits that are not pushed: push them, or --force")


def _git(*arguments: str) -> str:
    """Ask git; without a repository, or without an upstream, there is nothing to push."""
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


def _shell_on(to: Destination, host: str, script: str) -> list[str]:
    """Word how the script is run; not from its input, which what it runs might read."""
    if host == LOCAL:
        return ["sh", "-c", script]
    whom = host if "@" in host or not to.user else f"{to.user}@{host}"
    return ["ssh", *to.ssh_options, "--", whom, f"sh -c {shlex.quote(script)}"]


def _run(shell: Sequence[str], what: str) -> None:
    try:
        done = subprocess.run(shell, check=False)
    except OSError as error:
        raise OperationFailed(f"deploy failed: cannot run {shell[0]}: {why(error)}") from error
    if done.returncode:
        raise OperationFailed(f"deploy failed: {what} ended with {done.returncode}")
