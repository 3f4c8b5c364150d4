"""`project`."""

from collections.abc import Callable
from copy import copy

import click

from pmdaemon.cli.context import Context, say, say_json
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option
from pmdaemon.cli.project_parts import domain, env, webhook
from pmdaemon.cli.render.platform import projects_table
from pmdaemon.config.paths import from_here
from pmdaemon.control.messages.platform import ProjectView

FIELDS = (
    click.option("--branch", metavar="NAME", help="Branch to deploy; default main."),
    click.option(
        "--install",
        "install_command",
        metavar="COMMAND",
        help="Command that installs dependencies.",
    ),
    click.option("--build", "build_command", metavar="COMMAND", help="Command that builds it."),
    click.option("--start", "start_command", metavar="COMMAND", help="Command that starts it."),
    click.option("--folder", "run_dir", metavar="PATH", help="Folder of the repository to deploy."),
    click.option(
        "--health", "health_path", metavar="PATH", help="Path that answers once a release is ready."
    ),
    click.option("--drain", metavar="TIME", help="Time for an old release to finish; default 30s."),
    click.option(
        "--keep", type=int, metavar="N", help="Releases to keep for rollbacks; default 5."
    ),
    click.option(
        "--build-timeout", metavar="TIME", help="Limit for install and build; 0 for default."
    ),
    click.option("--start-timeout", metavar="TIME", help="Time to get ready; 0 for default."),
    click.option(
        "--build-memory", metavar="SIZE", help="Limit for install and build; 0 for default."
    ),
)
"""What may be set for a project besides its name and repository; the rest is detected."""


def _with_fields(function: Callable[..., None]) -> Callable[..., None]:
    """Give a function the options of `FIELDS`, in their order."""
    for option in reversed(FIELDS):
        function = option(function)
    return function


_QUANTITIES = {
    "drain": "time",
    "build_timeout": "time",
    "start_timeout": "time",
    "build_memory": "size",
}


@click.group("project", invoke_without_command=True, no_args_is_help=False)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Manage projects: repositories to deploy, with their variables, domains and webhooks.

    Use pmdaemon deploy to deploy one. Without a subcommand, projects are listed.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(_list)


@command_named("list")
@json_option
def _list(context: Context, *, json: bool = False) -> None:
    """List projects, newest first."""
    projects = context.client().projects.list()
    table = projects_table(projects, context.terminal)
    say(
        projects,
        table if projects else "no projects; create one with pmdaemon project create",
        json=json,
    )


@command_named("show")
@click.argument("project")
@json_option
def _show(context: Context, *, project: str, json: bool) -> None:
    """Show a project, its variables, domains and webhooks."""
    projects = context.client().projects
    found = projects.get(project)
    slug = found["slug"]
    if json:
        parts = {
            "variables": projects.variables(slug),
            "domains": projects.domains(slug),
            "webhooks": projects.webhooks(slug),
        }
        say_json({**found, **parts})
        return
    from pmdaemon.cli.render import platform  # noqa: PLC0415 - only this draws

    terminal = context.terminal
    print("\n".join(platform.project_lines(found)))
    if variables := projects.variables(slug):
        print(platform.variables_table(variables, terminal))
    if domains := projects.domains(slug):
        print(platform.domains_table(domains, terminal))
    if webhooks := projects.webhooks(slug):
        print(platform.webhooks_table(webhooks, terminal))


@command_named("create")
@click.argument("name")
@click.argument("repo_url", metavar="REPOSITORY")
@click.option("--user", metavar="EMAIL", help="Account it belongs to; default this machine.")
@_with_fields
@json_option
def _create(
    context: Context, *, name: str, repo_url: str, user: str | None, json: bool, **fields: object
) -> None:
    """Create a project from a repository: https://…, ssh://…, git@host:path, or a local folder."""
    from pathlib import Path  # noqa: PLC0415 - for this alone

    if repo_url.startswith((".", "~")) or (":" not in repo_url and Path(repo_url).exists()):
        repo_url = from_here(repo_url)
    client = context.client()
    made = client.projects.create(name, repo_url, user=user, **_fields(fields))
    say(made, f"created {made['slug']} (to deploy it: {_how(made)})", json=json)


@command_named("change")
@click.argument("project")
@click.option("--name", metavar="NAME", help="New display name; its id and slug stay.")
@click.option("--repository", "repo_url", metavar="URL", help="New repository.")
@_with_fields
@json_option
def _change(context: Context, *, project: str, json: bool, **fields: object) -> None:
    """Change a project; takes effect with its next deployment."""
    said = _fields(fields)
    if not said:
        raise WrongUsage("nothing to change: see pmdaemon project change --help")
    changed = context.client().projects.change(project, **said)
    say(changed, f"changed {changed['slug']}", json=json)


@command_named("remove")
@click.argument("project")
@json_option
def _remove(context: Context, *, project: str, json: bool) -> None:
    """Remove a project: stop everything it runs, delete its releases and domains."""
    removed = context.client().projects.remove(project)
    say(removed, f"removed {removed['slug']}", json=json)


@command_named("rotate-key")
@json_option
def _rotate_key(context: Context, *, json: bool) -> None:
    """Encrypt the secrets of all projects with a new key, and delete the old one."""
    sealed = context.client().projects.rotate_sealing()
    say(
        {"sealed": sealed}, f"sealed {sealed} secret{'s' * (sealed != 1)} with a new key", json=json
    )


for _each in (_list, _show, _create, _change, _remove, _rotate_key, env, domain, webhook):
    command.add_command(_each)

_add = copy(_create)
_add.hidden = True
command.add_command(_add, "add")  # for who expects it, as accounts, domains and webhooks are added


def _how(project: ProjectView) -> str:
    """Say what deploys a project that is new."""
    from pmdaemon.core.repositories import PUSHED  # noqa: PLC0415 - for this alone

    if project["repo_url"] == PUSHED:
        return f"git push http://NAME:TOKEN@HOST/git/{project['slug']}.git {project['branch']}"
    return f"pmdaemon deploy --project {project['slug']}"


def _fields(given: dict[str, object]) -> dict[str, object]:
    said = {key: value for key, value in given.items() if value is not None}
    if said.keys() & _QUANTITIES.keys():
        from pmdaemon.core import quantities  # noqa: PLC0415 - for few

        readers = {"time": quantities.parse_duration, "size": quantities.parse_size}
        for name in said.keys() & _QUANTITIES.keys():
            said[name] = readers[_QUANTITIES[name]](said[name])
    return said
