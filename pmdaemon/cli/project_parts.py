"""What belongs to projects, on the command line: `project env`, `project domain`, `… webhook`."""

import sys
from collections.abc import Mapping

import click

from pmdaemon.cli.asking import read_secret
from pmdaemon.cli.context import Context, say, say_json
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import json_option
from pmdaemon.cli.render.platform import domains_table, variables_table, webhooks_table
from pmdaemon.control.messages.platform import DomainView, ProviderWord, ScopeWord


@click.group("env", no_args_is_help=False)
def env() -> None:
    """Manage the variables of a project. Values are encrypted and never shown again."""


@command_named("list")
@click.argument("project")
@json_option
def _list_env(context: Context, *, project: str, json: bool) -> None:
    """List the names of a project's variables."""
    variables = context.client().projects.variables(project)
    table = variables_table(variables, context.terminal)
    say(variables, table if variables else f"{project} has no variables", json=json)


@command_named("set")
@click.argument("project")
@click.argument("variables", nargs=-1, metavar="[NAME=VALUE|NAME]...")
@click.option("--file", "file", metavar="FILE", help="Also set the variables in a .env file.")
@click.option(
    "--scope", type=click.Choice(["build", "run", "both"]), help="When to pass them; default both."
)
@json_option
def _set_env(
    context: Context,
    *,
    project: str,
    variables: tuple[str, ...],
    file: str | None,
    scope: ScopeWord | None,
    json: bool,
) -> None:
    """Set variables; they take effect with the next deployment.

    Give only a NAME to be prompted for the value, or to pass it on standard input. That keeps it
    out of your shell's history and the process list.
    """
    given = {**_of_file(file), **dict(map(_variable, variables))}
    if not given:
        raise WrongUsage("nothing to set: say NAME=VALUE, NAME, or --file FILE")
    written = context.client().projects.set_variables(project, given, scope=scope)
    say(written, f"set {', '.join(one['key'] for one in written)}", json=json)


@command_named("remove")
@click.argument("project")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@json_option
def _remove_env(context: Context, *, project: str, names: tuple[str, ...], json: bool) -> None:
    """Remove variables; this takes effect with the next deployment."""
    projects = context.client().projects
    for name in names:
        projects.remove_variable(project, name)
    say({"removed": list(names)}, f"removed {', '.join(names)}", json=json)


@click.group("domain", no_args_is_help=False)
def domain() -> None:
    """Manage the domains of projects; a domain goes live once it is proved to be yours."""


@command_named("list")
@click.argument("project", required=False)
@json_option
def _list_domains(context: Context, *, project: str | None, json: bool) -> None:
    """List domains, of PROJECT or all."""
    domains = context.client().projects.domains(project)
    table = domains_table(domains, context.terminal)
    say(
        domains,
        table if domains else "no domains; add one with pmdaemon project domain add",
        json=json,
    )


@command_named("add")
@click.argument("project")
@click.argument("host", metavar="DOMAIN")
@click.option("--trust", is_flag=True, help="Skip the proof, because you know who owns it.")
@json_option
def _add_domain(context: Context, *, project: str, host: str, trust: bool, json: bool) -> None:
    """Add a domain, and show how to prove that it is yours."""
    _say_domain(context.client().projects.add_domain(project, host, trust=trust), json=json)


@command_named("verify")
@click.argument("host", metavar="DOMAIN")
@click.option("--trust", is_flag=True, help="Skip the proof, because you know who owns it.")
@json_option
def _verify_domain(context: Context, *, host: str, trust: bool, json: bool) -> None:
    """Check the proof of a domain, and put it live if it is right."""
    _say_domain(context.client().projects.verify_domain(host, trust=trust), json=json)


@command_named("remove")
@click.argument("host", metavar="DOMAIN")
@json_option
def _remove_domain(context: Context, *, host: str, json: bool) -> None:
    """Remove a domain."""
    removed = context.client().projects.remove_domain(host)
    say(removed, f"removed {removed['domain']}", json=json)


@click.group("webhook", no_args_is_help=False)
def webhook() -> None:
    """Manage webhooks, which deploy a project when something is pushed to its forge."""


@command_named("list")
@click.argument("project", required=False)
@json_option
def _list_webhooks(context: Context, *, project: str | None, json: bool) -> None:
    """List webhooks, of PROJECT or all."""
    webhooks = context.client().projects.webhooks(project)
    table = webhooks_table(webhooks, context.terminal)
    say(
        webhooks,
        table if webhooks else "no webhooks; make one with pmdaemon project webhook add",
        json=json,
    )


@command_named("add")
@click.argument("project")
@click.argument("provider", type=click.Choice(["github", "gitlab", "gitea"]))
@click.option(
    "--branch", default="", metavar="NAME", help="Branch to deploy; default the project's."
)
@json_option
def _add_webhook(
    context: Context, *, project: str, provider: ProviderWord, branch: str, json: bool
) -> None:
    """Make a webhook, and show its address and, only this once, its secret."""
    made = context.client().projects.add_webhook(project, provider, branch=branch)
    if json:
        say_json(made)
        return
    print(f"address  {made['url'] or made['path']}")
    print(f"secret   {made['secret']}")
    if made["url"] is None:
        print("the web API is off: turn it on with pmdaemon web --detach", file=sys.stderr)


@command_named("remove")
@click.argument("id_", metavar="ID")
@json_option
def _remove_webhook(context: Context, *, id_: str, json: bool) -> None:
    """Remove a webhook."""
    context.client().projects.remove_webhook(id_)
    say({"id": id_}, f"removed {id_}", json=json)


for _each in (_list_env, _set_env, _remove_env):
    env.add_command(_each)

for _each in (_list_domains, _add_domain, _verify_domain, _remove_domain):
    domain.add_command(_each)

for _each in (_list_webhooks, _add_webhook, _remove_webhook):
    webhook.add_command(_each)


def _variable(word: str) -> tuple[str, str]:
    name, is_said, value = word.partition("=")
    return name, value if is_said else read_secret(f"value for {name}")


def _of_file(path: str | None) -> Mapping[str, str]:
    if path is None:
        return {}
    from pmdaemon.config.env_files import read_env_file  # noqa: PLC0415 - for who has one

    return read_env_file(path)


def _say_domain(view: DomainView, *, json: bool) -> None:
    if json:
        say_json(view)
        return
    if view["verified"]:
        print(f"{view['domain']} belongs to {view['project']} and is live")
        return
    print(f"{view['domain']} goes live once you have proved that it is yours. Publish")
    print(f"  {view['proof']}")
    print(f"at {view['http_url']}")
    print(
        f"or in the TXT record {view['txt_name']}, then run: pmdaemon project domain verify"
        f" {view['domain']}"
    )
