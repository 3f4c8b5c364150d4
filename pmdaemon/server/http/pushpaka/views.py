"""What Pushpaka shows of accounts, projects and what belongs to them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from pmdaemon.core.accounts import Account, ApiToken, Invitation
from pmdaemon.core.deployments import Deployment, DeploymentLine
from pmdaemon.core.logs import OutputStream
from pmdaemon.core.process import Process
from pmdaemon.core.project_domains import PROOF_NAME, PROOF_PATH
from pmdaemon.core.projects import Domain, EnvVariable, Project, ProjectStatus, Webhook


class PrintedLine(Protocol):
    """A line of output: whose it is, and when it came."""

    @property
    def process(self) -> Process:
        """Whose."""

    @property
    def stream(self) -> OutputStream:
        """On which stream."""

    @property
    def time(self) -> float:
        """When, in seconds since the epoch."""

    @property
    def text(self) -> str:
        """What."""


def moment(wall: float | None) -> str | None:
    """Word a time as RFC 3339 has it, in UTC; a time that is not there is null."""
    if wall is None:
        return None
    text = datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00").removesuffix(".000") + "Z"


def page_view(
    items: Sequence[dict[str, Any]], *, total: int, limit: int, offset: int
) -> dict[str, Any]:
    """Show a part of a list, and which part of how much."""
    return {"data": list(items), "total": total, "limit": limit, "offset": offset}


def account_view(account: Account) -> dict[str, Any]:
    """Show an account, without anything by which one signs in."""
    return {
        "id": account.id,
        "email": account.email,
        "name": account.name,
        "role": account.role,
        "created_at": moment(account.created),
        "updated_at": moment(account.updated),
    }


def session_view(account: Account, token: str) -> dict[str, Any]:
    """Show that a session has begun."""
    return {"token": token, "user": account_view(account)}


def api_token_view(token: ApiToken) -> dict[str, Any]:
    """Show an API token, without the token."""
    return {
        "id": token.id,
        "name": token.name,
        "created_at": moment(token.created),
        "expires_at": moment(token.expires),
        "last_used_at": moment(token.last_used),
    }


def invitation_view(invitation: Invitation) -> dict[str, Any]:
    """Show an invitation, without what one registers by."""
    return {
        "id": invitation.id,
        "email": invitation.email,
        "role": invitation.role,
        "created_by": invitation.created_by,
        "created_at": moment(invitation.created),
        "expires_at": moment(invitation.expires),
    }


def project_view(project: Project, *, status: ProjectStatus, url: str) -> dict[str, Any]:
    """Show a project."""
    return {
        "id": project.id,
        "user_id": project.user_id,
        "name": project.name,
        "slug": project.slug,
        "repo_url": project.repo_url,
        "branch": project.branch,
        "install_command": project.install_command,
        "build_command": project.build_command,
        "start_command": project.start_command,
        "run_dir": project.run_dir,
        "port": project.port,
        "framework": project.framework,
        "health_path": project.health_path,
        "drain_seconds": project.drain,
        "keep_releases": project.keep,
        "build_timeout": project.build_timeout,
        "start_timeout": project.start_timeout,
        "build_memory": project.build_memory,
        "status": status,
        "url": url,
        "created_at": moment(project.created),
        "updated_at": moment(project.updated),
    }


def variable_view(variable: EnvVariable) -> dict[str, Any]:
    """Show a variable: that it has a value, and never which."""
    return {
        "id": variable.id,
        "project_id": variable.project_id,
        "key": variable.key,
        "has_value": True,
        "scope": variable.scope,
        "created_at": moment(variable.created),
        "updated_at": moment(variable.updated),
    }


def webhook_view(webhook: Webhook, url: str) -> dict[str, Any]:
    """Show a webhook, without its secret."""
    return {
        "id": webhook.id,
        "project_id": webhook.project_id,
        "provider": webhook.provider,
        "branch": webhook.branch,
        "webhook_url": url,
        "created_at": moment(webhook.created),
    }


def domain_view(domain: Domain, *, tls: bool) -> dict[str, Any]:
    """Show a domain and, until it is proved, how that is done; `tls` is whether we speak it."""
    view = {
        "id": domain.id,
        "project_id": domain.project_id,
        "user_id": domain.user_id,
        "domain": domain.host,
        "verified": domain.verified,
        "ssl_enabled": domain.verified and tls,
        "created_at": moment(domain.created),
        "updated_at": moment(domain.updated),
    }
    if domain.verified:
        return view
    return {
        **view,
        "verification": {
            "value": domain.proof,
            "http_url": f"http://{domain.host}{PROOF_PATH}",
            "txt_name": f"{PROOF_NAME}.{domain.host}",
        },
    }


def deployment_view(
    deployment: Deployment, *, process: Process | None, live: bool, kept: bool
) -> dict[str, Any]:
    """Show a deployment; `process` is the program of it that answers, while there is one."""
    pid = process.pid if process is not None else None
    return {
        "id": deployment.id,
        "project_id": deployment.project_id,
        "user_id": deployment.user_id,
        "number": deployment.number,
        "commit_sha": deployment.commit_sha,
        "commit_msg": deployment.commit_msg,
        "branch": deployment.branch,
        "status": deployment.status,
        "phase": deployment.phase,
        "phases": dict(deployment.phases),
        "origin": deployment.origin,
        "image_tag": f"release-{deployment.release}" if deployment.release is not None else "",
        "container_id": str(pid) if pid is not None else "",
        "app": deployment.app,
        "external_port": process.serving_port if process is not None else None,
        "url": deployment.url if live else "",
        "is_default": live,
        "can_roll_back": kept,
        "rollback_of": deployment.rollback_of,
        "release": deployment.release,
        "error_msg": deployment.error_msg,
        "started_at": moment(deployment.started),
        "finished_at": moment(deployment.finished),
        "created_at": moment(deployment.created),
        "updated_at": moment(deployment.updated),
    }


def line_view(deployment_id: str, line: DeploymentLine) -> dict[str, Any]:
    """Show a line of a deployment's log."""
    return {
        "id": f"{deployment_id}-{line.number}",
        "deployment_id": deployment_id,
        "number": line.number,
        "level": line.level,
        "stream": line.stream,
        "message": line.message,
        "created_at": moment(line.at),
    }


def output_view(deployment_id: str, line: PrintedLine) -> dict[str, Any]:
    """Show a line that a program of a deployment has printed."""
    return {
        "deployment_id": deployment_id,
        "app": line.process.name,
        "level": "info",
        "stream": "stdout" if line.stream is OutputStream.OUT else "stderr",
        "message": line.text,
        "created_at": moment(line.time),
    }
