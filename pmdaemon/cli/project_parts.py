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
    """Set the variables of a project. Values are sealed, and never shown again."""


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
@click.option("--file", "file", metavar="FILE", help="Those of a .env file as well.")
@click.option("--scope", type=click.Choice(["build", "run", "both"]), help="When; at first both.")
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
    """Set variables, from the next deployment on.

    The value of a NAME that stands alone is asked for, or read from standard input, so that it is
    in no history and in no list of processes.
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
    """Have variables no more, from the next deployment on."""
    projects = context.client().projects
    for name in names:
        projects.remove_variable(project, name)
    say({"removed": list(names)}, f"removed {', '.join(names)}", json=json)


@click.group("domain", no_args_is_help=False)
def domain() -> None:
    """Give projects domains of their own, which are routed once they are proved."""


@command_named("list")
@click.argument("project", required=False)
@json_option
def _list_domains(context: Context, *, project: str | None, json: bool) -> None:
    """List domains, those of PROJECT or all."""
    domains = context.client().projects.domains(project)
    table = domains_table(domains, context.terminal)
    say(
        domains,
        table if domains else "no domains; pmdaemon project domain add claims one",
        json=json,
    )


@command_named("add")
@click.argument("project")
@click.argument("host", metavar="DOMAIN")
@click.option("--trust", is_flag=True, help="Route it without a proof: you know whose it is.")
@json_option
def _add_domain(context: Context, *, project: str, host: str, trust: bool, json: bool) -> None:
    """Claim a domain, and say how it is proved."""
    _say_domain(context.client().projects.add_domain(project, host, trust=trust), json=json)


@command_named("verify")
@click.argument("host", metavar="DOMAIN")
@click.option("--trust", is_flag=True, help="Without looking: you know whose it is.")
@json_option
def _verify_domain(context: Context, *, host: str, trust: bool, json: bool) -> None:
    """Look whether a domain shows its proof, and route it if it does."""
    _say_domain(context.client().projects.verify_domain(host, trust=trust), json=json)


@command_named("remove")
@click.argument("host", metavar="DOMAIN")
@json_option
def _remove_domain(context: Context, *, host: str, json: bool) -> None:
    """Have a domain no more."""
    removed = context.client().projects.remove_domain(host)
    say(removed, f"removed {removed['domain']}", json=json)


@click.group("webhook", no_args_is_help=False)
def webhook() -> None:
    """Have a project deployed whenever a forge says that something was pushed."""


@command_named("list")
@click.argument("project", required=False)
@json_option
def _list_webhooks(context: Context, *, project: str | None, json: bool) -> None:
    """List webhooks, those of PROJECT or all."""
    webhooks = context.client().projects.webhooks(project)
    table = webhooks_table(webhooks, context.terminal)
    say(
        webhooks,
        table if webhooks else "no webhooks; pmdaemon project webhook add makes one",
        json=json,
    )


@command_named("add")
@click.argument("project")
@click.argument("provider", type=click.Choice(["github", "gitlab", "gitea"]))
@click.option("--branch", default="", metavar="NAME", help="By default the project's.")
@json_option
def _add_webhook(
    context: Context, *, project: str, provider: ProviderWord, branch: str, json: bool
) -> None:
    """Make a webhook: its address, and its secret, which is shown once."""
    made = context.client().projects.add_webhook(project, provider, branch=branch)
    if json:
        say_json(made)
        return
    print(f"address  {made['url'] or made['path']}")
    print(f"secret   {made['secret']}")
    if made["url"] is None:
        print("the web API is off: pmdaemon web --detach turns it on", file=sys.stderr)


@command_named("remove")
@click.argument("id_", metavar="ID")
@json_option
def _remove_webhook(context: Context, *, id_: str, json: bool) -> None:
    """Have a webhook no more."""
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
        print(f"{view['domain']} is {view['project']}'s, and is routed")
        return
    print(f"{view['domain']} is routed when it shows its proof, which is")
    print(f"  {view['proof']}")
    print(f"either at {view['http_url']}")
    print(
        f"or in the TXT record {view['txt_name']}; then: pmdaemon project domain verify"
        f" {view['domain']}"
    )
