"""Accounts, projects and what belongs to them, as tables."""

from collections.abc import Sequence
from datetime import UTC, datetime

from pmdaemon.cli.render.table import Column, draw
from pmdaemon.cli.render.terminal import Terminal
from pmdaemon.cli.render.text import harmless
from pmdaemon.control.messages.platform import (
    AccountView,
    ApiTokenView,
    DomainView,
    InvitationView,
    ProjectView,
    VariableView,
    WebhookView,
)
from pmdaemon.core.quantities import format_size

STATUS_COLOURS = {"active": "green", "building": "yellow"}


def accounts_table(accounts: Sequence[AccountView], terminal: Terminal) -> str:
    """Draw accounts."""
    return draw(
        [
            Column("email", [harmless(one["email"]) for one in accounts], flexible=True),
            Column("name", [harmless(one["name"]) for one in accounts], rank=2),
            Column("role", [one["role"] for one in accounts]),
            Column("projects", [str(one["projects"]) for one in accounts], right=True),
            Column("since", [moment(one["created"]) for one in accounts], rank=1),
        ],
        terminal,
    )


def invitations_table(invitations: Sequence[InvitationView], terminal: Terminal) -> str:
    """Draw invitations."""
    return draw(
        [
            Column("id", [one["id"] for one in invitations]),
            Column(
                "for", [harmless(one["email"] or "anybody") for one in invitations], flexible=True
            ),
            Column("as", [one["role"] for one in invitations]),
            Column("until", [moment(one["expires"]) for one in invitations], rank=1),
        ],
        terminal,
    )


def api_tokens_table(tokens: Sequence[ApiTokenView], terminal: Terminal) -> str:
    """Draw API tokens."""
    used, until = [one["last_used"] for one in tokens], [one["expires"] for one in tokens]
    return draw(
        [
            Column("id", [one["id"] for one in tokens]),
            Column("name", [harmless(one["name"]) for one in tokens], flexible=True),
            Column("since", [moment(one["created"]) for one in tokens], rank=2),
            Column("used", ["never" if at is None else moment(at) for at in used], rank=1),
            Column("until", ["-" if at is None else moment(at) for at in until]),
        ],
        terminal,
    )


def project_lines(one: ProjectView) -> list[str]:
    """Tell what there is to know of a project; what it does not say itself is left out."""
    rows = {
        "project": one["slug"],
        "name": one["name"],
        "status": one["status"],
        "url": one["url"],
        "of": one["user"] or "this machine",
        "repository": one["repo_url"],
        "branch": one["branch"],
        "folder": one["run_dir"],
        "install": one["install_command"],
        "build": one["build_command"],
        "start": one["start_command"],
        "health": one["health_path"],
        "drain": f"{one['drain']:g} s",
        "keep": f"{one['keep']} releases",
        "time to build": f"{one['build_timeout']:g} s" if one["build_timeout"] else "",
        "time to start": f"{one['start_timeout']:g} s" if one["start_timeout"] else "",
        "build memory": format_size(one["build_memory"]) if one["build_memory"] else "",
        "created": moment(one["created"]),
    }
    return [f"{name:<13} {harmless(str(value))}" for name, value in rows.items() if value]


def projects_table(projects: Sequence[ProjectView], terminal: Terminal) -> str:
    """Draw projects."""
    return draw(
        [
            Column("project", [one["slug"] for one in projects]),
            Column(
                "status",
                [one["status"] for one in projects],
                colours=[STATUS_COLOURS.get(one["status"]) for one in projects],
            ),
            Column(
                "repository", [harmless(one["repo_url"]) for one in projects], flexible=True, rank=1
            ),
            Column("branch", [harmless(one["branch"]) for one in projects], rank=2),
            Column("of", [harmless(one["user"] or "this machine") for one in projects], rank=3),
            Column("url", [one["url"] for one in projects]),
        ],
        terminal,
    )


def variables_table(variables: Sequence[VariableView], terminal: Terminal) -> str:
    """Draw the names of variables."""
    return draw(
        [
            Column("variable", [one["key"] for one in variables], flexible=True),
            Column("set for", [one["scope"] for one in variables]),
            Column("changed", [moment(one["updated"]) for one in variables], rank=1),
        ],
        terminal,
    )


def domains_table(domains: Sequence[DomainView], terminal: Terminal) -> str:
    """Draw domains."""
    return draw(
        [
            Column("domain", [one["domain"] for one in domains], flexible=True),
            Column("project", [one["project"] for one in domains]),
            Column(
                "verified",
                ["yes" if one["verified"] else "no" for one in domains],
                colours=["green" if one["verified"] else "yellow" for one in domains],
            ),
            Column("since", [moment(one["created"]) for one in domains], rank=1),
        ],
        terminal,
    )


def webhooks_table(webhooks: Sequence[WebhookView], terminal: Terminal) -> str:
    """Draw webhooks."""
    return draw(
        [
            Column("id", [one["id"] for one in webhooks]),
            Column("project", [one["project"] for one in webhooks]),
            Column("by", [one["provider"] for one in webhooks]),
            Column("branch", [harmless(one["branch"] or "the project's") for one in webhooks]),
            Column(
                "address", [one["url"] or one["path"] for one in webhooks], flexible=True, rank=1
            ),
        ],
        terminal,
    )


def moment(wall: float) -> str:
    """Word a time, as the clock on the wall has it here."""
    return datetime.fromtimestamp(wall, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
