"""Accounts and projects as the control channel shows them."""

from msgspec.structs import asdict

from pmdaemon.control.messages.platform import (
    AccountView,
    ApiTokenView,
    DomainView,
    InvitationView,
    ProjectView,
    VariableView,
    WebhookView,
)
from pmdaemon.core.accounts import Account, ApiToken, Asker, Invitation
from pmdaemon.core.platform_errors import AccountNotFound
from pmdaemon.core.project_domains import PROOF_NAME, PROOF_PATH
from pmdaemon.core.projects import Domain, EnvVariable, Project, Webhook
from pmdaemon.engine.platform import Platform


def account_view(platform: Platform, account: Account) -> AccountView:
    """Show an account, and how many projects it has."""
    return {
        "id": account.id,
        "email": account.email,
        "name": account.name,
        "role": account.role,
        "created": account.created,
        "projects": len(platform.projects.list(Asker(account.id))),
    }


def invitation_view(invitation: Invitation) -> InvitationView:
    """Show an invitation, without its text."""
    return {
        "id": invitation.id,
        "email": invitation.email,
        "role": invitation.role,
        "created": invitation.created,
        "expires": invitation.expires,
    }


def api_token_view(token: ApiToken) -> ApiTokenView:
    """Show an API token, without the token."""
    return {
        "id": token.id,
        "name": token.name,
        "created": token.created,
        "expires": token.expires,
        "last_used": token.last_used,
    }


def project_view(platform: Platform, project: Project) -> ProjectView:
    """Show a project."""
    follower = platform.projects.follower
    shown = asdict(project)
    owner = shown.pop("user_id")
    view: ProjectView = {
        **shown,  # type: ignore[typeddict-item] # its fields are those of a project
        "user": _email(platform, owner),
        "status": follower.status(project.id),
        "url": follower.url(project),
    }
    return view


def variable_view(variable: EnvVariable) -> VariableView:
    """Show a variable, without its value."""
    return {
        "key": variable.key,
        "scope": variable.scope,
        "created": variable.created,
        "updated": variable.updated,
    }


def domain_view(platform: Platform, domain: Domain) -> DomainView:
    """Show a domain and, until it is proved, how that is done."""
    view: DomainView = {
        "id": domain.id,
        "project": _slug(platform, domain.project_id),
        "domain": domain.host,
        "verified": domain.verified,
        "created": domain.created,
    }
    if not domain.verified:
        view["proof"] = domain.proof
        view["http_url"] = f"http://{domain.host}{PROOF_PATH}"
        view["txt_name"] = f"{PROOF_NAME}.{domain.host}"
    return view


def webhook_view(platform: Platform, webhook: Webhook, address: str | None) -> WebhookView:
    """Show a webhook, without its secret; `address` is where the web side answers."""
    path = f"/api/v1/webhooks/{webhook.id}/receive"
    return {
        "id": webhook.id,
        "project": _slug(platform, webhook.project_id),
        "provider": webhook.provider,
        "branch": webhook.branch,
        "path": path,
        "url": f"{address}{path}" if address is not None else None,
        "created": webhook.created,
    }


def _email(platform: Platform, account_id: str) -> str | None:
    try:
        return platform.accounts.get(account_id).email
    except AccountNotFound:
        return None


def _slug(platform: Platform, project_id: str) -> str:
    project = platform.projects.find(project_id)
    return project.slug if project is not None else project_id
