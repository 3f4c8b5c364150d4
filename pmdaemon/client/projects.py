"""What clients ask about projects: `Client.projects`, and `AsyncClient.projects`."""

from collections.abc import Mapping
from operator import itemgetter

from pmdaemon.client.awaiting import AsyncDo, Do, awaited
from pmdaemon.client.calls import Call, nothing, said
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

_project = itemgetter("project")
_domain = itemgetter("domain")


class Projects:
    """Projects, for programs that may block."""

    def __init__(self, do: Do) -> None:
        self._do = do

    def list(self) -> AllProjects:
        """Return all projects, the newest first."""
        return self._do(Call[AllProjects]("projects", {}, itemgetter("projects")))

    def get(self, project: str) -> ProjectView:
        """Return a project."""
        return self._do(Call[ProjectView]("project", {"project": project}, _project))

    def create(
        self, /, name: str, repo_url: str, *, user: str | None = None, **fields: object
    ) -> ProjectView:
        """Create a project, for the account `user` or else for the owner of the machine.

        Args:
            name: its name, from which its slug is made.
            repo_url: the repository of its code.
            user: an account, by its e-mail address.
            fields: any other of a `ProjectView`, as `branch`, `build_command`, `port`; whatever
                is not given is detected from the code.

        Raises:
            PmdaemonError: a field is invalid, or there is no such account.

        """
        return self._do(
            Call[ProjectView](
                "project_add",
                said(fields=said(name=name, repo_url=repo_url, **fields), user=user),
                _project,
            )
        )

    def change(self, /, project: str, **fields: object) -> ProjectView:
        """Change fields of a project, as for `create`; the others stay as they are."""
        return self._do(
            Call[ProjectView](
                "project_change",
                {"project": project, "fields": said(**fields)},
                _project,
            )
        )

    def remove(self, project: str) -> ProjectView:
        """Stop everything a project runs, and delete it."""
        return self._do(Call[ProjectView]("project_remove", {"project": project}, _project))

    def variables(self, project: str) -> Variables:
        """Return the variables of a project, without their values."""
        return self._do(Call[Variables]("variables", {"project": project}, itemgetter("variables")))

    def set_variables(
        self, project: str, variables: Mapping[str, str], *, scope: ScopeWord | None = None
    ) -> Variables:
        """Set variables of a project, either all or none."""
        return self._do(
            Call[Variables](
                "variables_set",
                said(project=project, variables=dict(variables), scope=scope),
                itemgetter("variables"),
            )
        )

    def remove_variable(self, project: str, key: str) -> None:
        """Delete a variable."""
        return self._do(Call[None]("variable_remove", {"project": project, "key": key}, nothing))

    def rotate_sealing(self) -> int:
        """Encrypt all secrets of projects with a new key; return how many."""
        return self._do(Call[int]("rotate_sealing", {}, itemgetter("sealed")))

    def domains(self, project: str | None = None) -> Domains:
        """Return domains, those of a project if one is named."""
        return self._do(Call[Domains]("domains", said(project=project), itemgetter("domains")))

    def add_domain(self, project: str, domain: str, *, trust: bool = False) -> DomainView:
        """Claim a domain for a project; with `trust`, it needs no proof."""
        return self._do(
            Call[DomainView](
                "domain_add",
                {"project": project, "domain": domain, "trust": trust},
                _domain,
            )
        )

    def verify_domain(self, domain: str, *, trust: bool = False) -> DomainView:
        """Check whether a domain shows its proof; with `trust`, it needs none."""
        return self._do(
            Call[DomainView]("domain_verify", {"domain": domain, "trust": trust}, _domain)
        )

    def remove_domain(self, domain: str) -> DomainView:
        """Remove a domain."""
        return self._do(Call[DomainView]("domain_remove", {"domain": domain}, _domain))

    def webhooks(self, project: str | None = None) -> Webhooks:
        """Return webhooks, those of a project if one is named."""
        return self._do(Call[Webhooks]("webhooks", said(project=project), itemgetter("webhooks")))

    def add_webhook(self, project: str, provider: ProviderWord, *, branch: str = "") -> WebhookView:
        """Create a webhook; only this answer contains its secret."""
        return self._do(
            Call[WebhookView](
                "webhook_add",
                {"project": project, "provider": provider, "branch": branch},
                itemgetter("webhook"),
            )
        )

    def remove_webhook(self, id_: str) -> None:
        """Remove a webhook."""
        return self._do(Call[None]("webhook_remove", {"id": id_}, nothing))


class AsyncProjects:
    """Projects, for programs on an event loop; see `Projects`."""

    def __init__(self, do: AsyncDo) -> None:
        self._do = do

    list = awaited(Projects.list)
    get = awaited(Projects.get)
    create = awaited(Projects.create)
    change = awaited(Projects.change)
    remove = awaited(Projects.remove)
    variables = awaited(Projects.variables)
    set_variables = awaited(Projects.set_variables)
    remove_variable = awaited(Projects.remove_variable)
    rotate_sealing = awaited(Projects.rotate_sealing)
    domains = awaited(Projects.domains)
    add_domain = awaited(Projects.add_domain)
    verify_domain = awaited(Projects.verify_domain)
    remove_domain = awaited(Projects.remove_domain)
    webhooks = awaited(Projects.webhooks)
    add_webhook = awaited(Projects.add_webhook)
    remove_webhook = awaited(Projects.remove_webhook)
