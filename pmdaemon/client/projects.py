"""What clients ask about projects: `Client.projects`, and `AsyncClient.projects`."""

from collections.abc import Mapping
from typing import Any

from pmdaemon.client.calls import Call
from pmdaemon.client.gateway import AsyncDo, Do
from pmdaemon.control.messages.platform import (
    DomainView,
    ProjectView,
    ProviderWord,
    ScopeWord,
    VariableView,
    WebhookView,
)

AllProjects = list[ProjectView]
Variables = list[VariableView]
Domains = list[DomainView]
Webhooks = list[WebhookView]


class Projects:
    """Projects, for programs that may block."""

    def __init__(self, do: Do) -> None:
        self._do = do

    def list(self) -> AllProjects:
        """Return all projects, the newest first."""
        return self._do(list_projects())

    def get(self, project: str) -> ProjectView:
        """Return a project."""
        return self._do(get_project(project))

    def create(
        self, name: str, repo_url: str, *, user: str | None = None, **fields: object
    ) -> ProjectView:
        """Make a project, of the account `user` or else of whoever has the machine."""
        return self._do(create_project(name, repo_url, user=user, **fields))

    def change(self, project: str, **fields: object) -> ProjectView:
        """Set fields of a project; the others stay."""
        return self._do(change_project(project, **fields))

    def remove(self, project: str) -> ProjectView:
        """End what runs of a project, and have it no more."""
        return self._do(remove_project(project))

    def variables(self, project: str) -> Variables:
        """Return the variables of a project, without their values."""
        return self._do(list_variables(project))

    def set_variables(
        self, project: str, variables: Mapping[str, str], *, scope: ScopeWord | None = None
    ) -> Variables:
        """Set variables of a project, all or none."""
        return self._do(set_variables(project, variables, scope=scope))

    def remove_variable(self, project: str, key: str) -> None:
        """Have a variable no more."""
        self._do(remove_variable(project, key))

    def rotate_sealing(self) -> int:
        """Seal all secrets of projects with a new key; return how many."""
        return self._do(rotate_sealing())

    def domains(self, project: str | None = None) -> Domains:
        """Return domains, those of a project if one is named."""
        return self._do(list_domains(project))

    def add_domain(self, project: str, domain: str, *, trust: bool = False) -> DomainView:
        """Claim a domain for a project; with `trust` it needs no proof."""
        return self._do(add_domain(project, domain, trust=trust))

    def verify_domain(self, domain: str, *, trust: bool = False) -> DomainView:
        """See whether a domain shows its proof; with `trust` it needs none."""
        return self._do(verify_domain(domain, trust=trust))

    def remove_domain(self, domain: str) -> DomainView:
        """Have a domain no more."""
        return self._do(remove_domain(domain))

    def webhooks(self, project: str | None = None) -> Webhooks:
        """Return webhooks, those of a project if one is named."""
        return self._do(list_webhooks(project))

    def add_webhook(self, project: str, provider: ProviderWord, *, branch: str = "") -> WebhookView:
        """Make a webhook; its secret is in the answer, this once."""
        return self._do(add_webhook(project, provider, branch=branch))

    def remove_webhook(self, id_: str) -> None:
        """Have a webhook no more."""
        self._do(remove_webhook(id_))


class AsyncProjects:
    """Projects, for programs on an event loop; see `Projects`."""

    def __init__(self, do: AsyncDo) -> None:
        self._do = do

    async def list(self) -> AllProjects:
        """Return all projects, the newest first."""
        return await self._do(list_projects())

    async def get(self, project: str) -> ProjectView:
        """Return a project."""
        return await self._do(get_project(project))

    async def create(
        self, name: str, repo_url: str, *, user: str | None = None, **fields: object
    ) -> ProjectView:
        """Make a project, of the account `user` or else of whoever has the machine."""
        return await self._do(create_project(name, repo_url, user=user, **fields))

    async def change(self, project: str, **fields: object) -> ProjectView:
        """Set fields of a project; the others stay."""
        return await self._do(change_project(project, **fields))

    async def remove(self, project: str) -> ProjectView:
        """End what runs of a project, and have it no more."""
        return await self._do(remove_project(project))

    async def variables(self, project: str) -> Variables:
        """Return the variables of a project, without their values."""
        return await self._do(list_variables(project))

    async def set_variables(
        self, project: str, variables: Mapping[str, str], *, scope: ScopeWord | None = None
    ) -> Variables:
        """Set variables of a project, all or none."""
        return await self._do(set_variables(project, variables, scope=scope))

    async def remove_variable(self, project: str, key: str) -> None:
        """Have a variable no more."""
        await self._do(remove_variable(project, key))

    async def rotate_sealing(self) -> int:
        """Seal all secrets of projects with a new key; return how many."""
        return await self._do(rotate_sealing())

    async def domains(self, project: str | None = None) -> Domains:
        """Return domains, those of a project if one is named."""
        return await self._do(list_domains(project))

    async def add_domain(self, project: str, domain: str, *, trust: bool = False) -> DomainView:
        """Claim a domain for a project; with `trust` it needs no proof."""
        return await self._do(add_domain(project, domain, trust=trust))

    async def verify_domain(self, domain: str, *, trust: bool = False) -> DomainView:
        """See whether a domain shows its proof; with `trust` it needs none."""
        return await self._do(verify_domain(domain, trust=trust))

    async def remove_domain(self, domain: str) -> DomainView:
        """Have a domain no more."""
        return await self._do(remove_domain(domain))

    async def webhooks(self, project: str | None = None) -> Webhooks:
        """Return webhooks, those of a project if one is named."""
        return await self._do(list_webhooks(project))

    async def add_webhook(
        self, project: str, provider: ProviderWord, *, branch: str = ""
    ) -> WebhookView:
        """Make a webhook; its secret is in the answer, this once."""
        return await self._do(add_webhook(project, provider, branch=branch))

    async def remove_webhook(self, id_: str) -> None:
        """Have a webhook no more."""
        await self._do(remove_webhook(id_))


# What is asked.


def list_projects() -> Call[AllProjects]:
    """Ask: return all projects, the newest first."""
    return Call("projects", {}, lambda result: result["projects"])


def get_project(project: str) -> Call[ProjectView]:
    """Ask: return a project."""
    return Call("project", {"project": project}, lambda result: result["project"])


def create_project(
    name: str, repo_url: str, *, user: str | None = None, **fields: object
) -> Call[ProjectView]:
    """Ask: make a project, of the account `user` or else of whoever has the machine."""
    return Call(
        "project_add",
        _said(fields=_said(name=name, repo_url=repo_url, **fields), user=user),
        lambda result: result["project"],
    )


def change_project(project: str, **fields: object) -> Call[ProjectView]:
    """Ask: set fields of a project; the others stay."""
    return Call(
        "project_change",
        {"project": project, "fields": _said(**fields)},
        lambda result: result["project"],
    )


def remove_project(project: str) -> Call[ProjectView]:
    """Ask: end what runs of a project, and have it no more."""
    return Call("project_remove", {"project": project}, lambda result: result["project"])


def list_variables(project: str) -> Call[Variables]:
    """Ask: return the variables of a project, without their values."""
    return Call("variables", {"project": project}, lambda result: result["variables"])


def set_variables(
    project: str, variables: Mapping[str, str], *, scope: ScopeWord | None = None
) -> Call[Variables]:
    """Ask: set variables of a project, all or none."""
    return Call(
        "variables_set",
        _said(project=project, variables=dict(variables), scope=scope),
        lambda result: result["variables"],
    )


def remove_variable(project: str, key: str) -> Call[None]:
    """Ask: have a variable no more."""
    return Call("variable_remove", {"project": project, "key": key}, _nothing)


def rotate_sealing() -> Call[int]:
    """Ask: seal all secrets of projects with a new key; return how many."""
    return Call("rotate_sealing", {}, lambda result: result["sealed"])


def list_domains(project: str | None = None) -> Call[Domains]:
    """Ask: return domains, those of a project if one is named."""
    return Call("domains", _said(project=project), lambda result: result["domains"])


def add_domain(project: str, domain: str, *, trust: bool = False) -> Call[DomainView]:
    """Ask: claim a domain for a project; with `trust` it needs no proof."""
    return Call(
        "domain_add",
        {"project": project, "domain": domain, "trust": trust},
        lambda result: result["domain"],
    )


def verify_domain(domain: str, *, trust: bool = False) -> Call[DomainView]:
    """Ask: see whether a domain shows its proof; with `trust` it needs none."""
    return Call(
        "domain_verify", {"domain": domain, "trust": trust}, lambda result: result["domain"]
    )


def remove_domain(domain: str) -> Call[DomainView]:
    """Ask: have a domain no more."""
    return Call("domain_remove", {"domain": domain}, lambda result: result["domain"])


def list_webhooks(project: str | None = None) -> Call[Webhooks]:
    """Ask: return webhooks, those of a project if one is named."""
    return Call("webhooks", _said(project=project), lambda result: result["webhooks"])


def add_webhook(project: str, provider: ProviderWord, *, branch: str = "") -> Call[WebhookView]:
    """Ask: make a webhook; its secret is in the answer, this once."""
    return Call(
        "webhook_add",
        {"project": project, "provider": provider, "branch": branch},
        lambda result: result["webhook"],
    )


def remove_webhook(id_: str) -> Call[None]:
    """Ask: have a webhook no more."""
    return Call("webhook_remove", {"id": id_}, _nothing)


def _said(**values: object) -> dict[str, object]:
    """Leave out what was not said."""
    return {key: value for key, value in values.items() if value is not None}


def _nothing(_result: dict[str, Any]) -> None:
    """Read nothing from an answer that has nothing in it."""
