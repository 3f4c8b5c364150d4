"""The verbs about accounts and projects: whoever has the machine may do everything with them."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from pmdaemon.control.messages.platform import (
    AccountBody,
    AccountNameBody,
    ApiTokenBody,
    ApiTokensBody,
    DomainBody,
    DomainNameBody,
    IdBody,
    InviteBody,
    OfProjectBody,
    PasswordBody,
    ProjectBody,
    ProjectChangeBody,
    ProjectNameBody,
    RoleBody,
    VariableBody,
    VariablesBody,
    WebhookBody,
    WholeBody,
)
from pmdaemon.core.accounts import OPERATOR, THE_OPERATOR, Asker, Role
from pmdaemon.core.projects import EnvScope, WebhookProvider
from pmdaemon.engine.engine import Engine
from pmdaemon.engine.invitations import LIFE
from pmdaemon.server.control_socket import Conversation
from pmdaemon.server.platform_views import (
    account_view,
    api_token_view,
    domain_view,
    invitation_view,
    project_view,
    variable_view,
    webhook_view,
)

Handler = Callable[[Engine, Any, Conversation], Coroutine[Any, Any, dict[str, Any]]]

# Accounts.


async def accounts(engine: Engine, _body: WholeBody, _: Conversation) -> dict[str, Any]:
    """List accounts."""
    found = engine.platform.accounts.list()
    return {"accounts": [account_view(engine.platform, one) for one in found]}


async def add_account(engine: Engine, body: AccountBody, _: Conversation) -> dict[str, Any]:
    """Make an account."""
    account = await engine.platform.accounts.register(
        email=body["email"],
        name=body["name"],
        password=body["password"],
        by_admin=True,
        role=Role(body.get("role", "user")),
    )
    return {"account": account_view(engine.platform, account)}


async def remove_account(engine: Engine, body: AccountNameBody, _: Conversation) -> dict[str, Any]:
    """Have an account no more, nor its projects."""
    account = engine.platform.accounts.named(body["email"])
    view = account_view(engine.platform, account)
    await engine.platform.remove_account(account.id)
    return {"account": view}


async def set_password(engine: Engine, body: PasswordBody, _: Conversation) -> dict[str, Any]:
    """Give an account another password."""
    account = engine.platform.accounts.named(body["email"])
    changed = await engine.platform.accounts.set_password(account.id, body["password"])
    return {"account": account_view(engine.platform, changed)}


async def set_role(engine: Engine, body: RoleBody, _: Conversation) -> dict[str, Any]:
    """Give an account another role."""
    account = engine.platform.accounts.named(body["email"])
    changed = await engine.platform.accounts.set_role(account.id, Role(body["role"]))
    return {"account": account_view(engine.platform, changed)}


async def invite(engine: Engine, body: InviteBody, _: Conversation) -> dict[str, Any]:
    """Make an invitation."""
    invitation, text = await engine.platform.accounts.invitations.make(
        by=OPERATOR,
        email=body.get("email"),
        role=Role(body.get("role", "user")),
        expire_in=body.get("expire_in", LIFE),
    )
    return {"invitation": {**invitation_view(invitation), "invitation": text}}


async def invitations(engine: Engine, _body: WholeBody, _: Conversation) -> dict[str, Any]:
    """List the invitations that nobody has used yet."""
    found = engine.platform.accounts.invitations.list()
    return {"invitations": [invitation_view(one) for one in found]}


async def make_api_token(engine: Engine, body: ApiTokenBody, _: Conversation) -> dict[str, Any]:
    """Make an API token for an account."""
    accounts = engine.platform.accounts
    token, text = await accounts.api_tokens.make(
        accounts.named(body["email"]).id, body["name"], expire_in=body.get("expire_in")
    )
    return {"token": {**api_token_view(token), "token": text}}


async def api_tokens(engine: Engine, body: ApiTokensBody, _: Conversation) -> dict[str, Any]:
    """List the API tokens of an account."""
    accounts = engine.platform.accounts
    found = accounts.api_tokens.list(accounts.named(body["email"]).id)
    return {"tokens": [api_token_view(one) for one in found]}


async def revoke_api_token(engine: Engine, body: ApiTokensBody, _: Conversation) -> dict[str, Any]:
    """Let nobody in by an API token any more."""
    accounts = engine.platform.accounts
    await accounts.api_tokens.revoke(accounts.named(body["email"]).id, body.get("id", ""))
    return {}


async def remove_invitation(engine: Engine, body: IdBody, _: Conversation) -> dict[str, Any]:
    """Let nobody register by an invitation any more."""
    await engine.platform.accounts.invitations.withdraw(body["id"])
    return {}


# Projects.


async def projects(engine: Engine, _body: WholeBody, _: Conversation) -> dict[str, Any]:
    """List projects, the newest first."""
    found = engine.platform.projects.list(THE_OPERATOR)
    return {"projects": [project_view(engine.platform, one) for one in found]}


async def project(engine: Engine, body: ProjectNameBody, _: Conversation) -> dict[str, Any]:
    """Show a project."""
    found = engine.platform.projects.get(THE_OPERATOR, body["project"])
    return {"project": project_view(engine.platform, found)}


async def add_project(engine: Engine, body: ProjectBody, _: Conversation) -> dict[str, Any]:
    """Make a project."""
    asker = THE_OPERATOR
    if "user" in body:
        asker = Asker(engine.platform.accounts.named(body["user"]).id, all=True)
    made = await engine.platform.projects.create(asker, body["fields"])
    return {"project": project_view(engine.platform, made)}


async def change_project(
    engine: Engine, body: ProjectChangeBody, _: Conversation
) -> dict[str, Any]:
    """Set fields of a project."""
    changed = await engine.platform.projects.change(THE_OPERATOR, body["project"], body["fields"])
    return {"project": project_view(engine.platform, changed)}


async def remove_project(engine: Engine, body: ProjectNameBody, _: Conversation) -> dict[str, Any]:
    """End what runs of a project, and have it no more."""
    gone = await engine.platform.projects.delete(THE_OPERATOR, body["project"])
    return {"project": project_view(engine.platform, gone)}


# What belongs to them.


async def variables(engine: Engine, body: ProjectNameBody, _: Conversation) -> dict[str, Any]:
    """List the names of a project's variables."""
    found = engine.platform.projects.get(THE_OPERATOR, body["project"])
    listed = engine.platform.projects.variables.list(found.id)
    return {"variables": [variable_view(one) for one in listed]}


async def set_variables(engine: Engine, body: VariablesBody, _: Conversation) -> dict[str, Any]:
    """Set variables of a project."""
    found = engine.platform.projects.get(THE_OPERATOR, body["project"])
    scope = EnvScope(body["scope"]) if "scope" in body else None
    written = await engine.platform.projects.variables.set(found.id, body["variables"], scope)
    return {"variables": [variable_view(one) for one in written]}


async def remove_variable(engine: Engine, body: VariableBody, _: Conversation) -> dict[str, Any]:
    """Have a variable no more."""
    found = engine.platform.projects.get(THE_OPERATOR, body["project"])
    await engine.platform.projects.variables.remove(found.id, body["key"])
    return {}


async def rotate_sealing(engine: Engine, _body: WholeBody, _: Conversation) -> dict[str, Any]:
    """Seal all secrets of projects with a new key."""
    return {"sealed": await engine.platform.rotate_sealing()}


async def domains(engine: Engine, body: OfProjectBody, _: Conversation) -> dict[str, Any]:
    """List domains."""
    found = engine.platform.projects.list_domains(THE_OPERATOR)
    if "project" in body:
        of = engine.platform.projects.get(THE_OPERATOR, body["project"])
        found = [one for one in found if one.project_id == of.id]
    return {"domains": [domain_view(engine.platform, one) for one in found]}


async def add_domain(engine: Engine, body: DomainBody, _: Conversation) -> dict[str, Any]:
    """Claim a domain for a project."""
    added = await engine.platform.projects.add_domain(THE_OPERATOR, body["project"], body["domain"])
    if body.get("trust", False):
        added = await engine.platform.projects.verify_domain(THE_OPERATOR, added.id, trust=True)
    return {"domain": domain_view(engine.platform, added)}


async def verify_domain(engine: Engine, body: DomainNameBody, _: Conversation) -> dict[str, Any]:
    """Look whether a domain shows its proof, or take the operator's word for it."""
    verified = await engine.platform.projects.verify_domain(
        THE_OPERATOR, body["domain"], trust=body.get("trust", False)
    )
    return {"domain": domain_view(engine.platform, verified)}


async def remove_domain(engine: Engine, body: DomainNameBody, _: Conversation) -> dict[str, Any]:
    """Have a domain no more."""
    removed = await engine.platform.projects.remove_domain(THE_OPERATOR, body["domain"])
    return {"domain": domain_view(engine.platform, removed)}


async def webhooks(engine: Engine, body: OfProjectBody, _: Conversation) -> dict[str, Any]:
    """List webhooks."""
    found = engine.platform.webhooks.list(THE_OPERATOR)
    if "project" in body:
        of = engine.platform.projects.get(THE_OPERATOR, body["project"])
        found = [one for one in found if one.project_id == of.id]
    return {"webhooks": [webhook_view(engine.platform, one, engine.web.address) for one in found]}


async def add_webhook(engine: Engine, body: WebhookBody, _: Conversation) -> dict[str, Any]:
    """Make a webhook, whose secret is told this once."""
    made, secret = await engine.platform.webhooks.create(
        THE_OPERATOR, body["project"], WebhookProvider(body["provider"]), body.get("branch", "")
    )
    view = webhook_view(engine.platform, made, engine.web.address)
    return {"webhook": {**view, "secret": secret}}


async def remove_webhook(engine: Engine, body: IdBody, _: Conversation) -> dict[str, Any]:
    """Have a webhook no more."""
    await engine.platform.webhooks.remove(THE_OPERATOR, body["id"])
    return {}


TABLE: Mapping[str, tuple[Any, Handler]] = {
    "accounts": (WholeBody, accounts),
    "account_add": (AccountBody, add_account),
    "account_remove": (AccountNameBody, remove_account),
    "account_password": (PasswordBody, set_password),
    "account_role": (RoleBody, set_role),
    "api_token_add": (ApiTokenBody, make_api_token),
    "api_tokens": (ApiTokensBody, api_tokens),
    "api_token_remove": (ApiTokensBody, revoke_api_token),
    "invite": (InviteBody, invite),
    "invitations": (WholeBody, invitations),
    "invitation_remove": (IdBody, remove_invitation),
    "projects": (WholeBody, projects),
    "project": (ProjectNameBody, project),
    "project_add": (ProjectBody, add_project),
    "project_change": (ProjectChangeBody, change_project),
    "project_remove": (ProjectNameBody, remove_project),
    "variables": (ProjectNameBody, variables),
    "variables_set": (VariablesBody, set_variables),
    "variable_remove": (VariableBody, remove_variable),
    "rotate_sealing": (WholeBody, rotate_sealing),
    "domains": (OfProjectBody, domains),
    "domain_add": (DomainBody, add_domain),
    "domain_verify": (DomainNameBody, verify_domain),
    "domain_remove": (DomainNameBody, remove_domain),
    "webhooks": (OfProjectBody, webhooks),
    "webhook_add": (WebhookBody, add_webhook),
    "webhook_remove": (IdBody, remove_webhook),
}
"""Each verb with the type of its body."""
