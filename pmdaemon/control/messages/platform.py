"""What goes over the control channel about accounts and projects; see `messages`.

Times are in seconds since the epoch. A project is named by its id or its slug, an account by its
e-mail address.
"""

from typing import Any, Literal, NotRequired, TypedDict

from pmdaemon.control.messages import EmptyBody

RoleWord = Literal["user", "admin"]
ScopeWord = Literal["build", "run", "both"]
ProviderWord = Literal["github", "gitlab", "gitea"]


class WholeBody(EmptyBody):
    """`accounts`, `invitations`, `projects`, `rotate_sealing`."""


class AccountBody(TypedDict):
    """`account_add`: a new account."""

    email: str
    name: str
    password: str
    role: NotRequired[RoleWord]


class AccountNameBody(TypedDict):
    """`account_remove`."""

    email: str


class PasswordBody(TypedDict):
    """`account_password`: another password for an account."""

    email: str
    password: str


class RoleBody(TypedDict):
    """`account_role`: another role for an account."""

    email: str
    role: RoleWord


class InviteBody(TypedDict):
    """`invite`: leave to register; `expire_in` is in seconds."""

    email: NotRequired[str]
    role: NotRequired[RoleWord]
    expire_in: NotRequired[float]


class ApiTokenBody(TypedDict):
    """`api_token_add`: a token for an account; `expire_in` is in seconds."""

    email: str
    name: str
    expire_in: NotRequired[float]


class ApiTokensBody(TypedDict):
    """`api_tokens`, `api_token_remove`: those of an account, or the one of these with this id."""

    email: str
    id: NotRequired[str]


class IdBody(TypedDict):
    """`invitation_remove`, `webhook_remove`: what has this id."""

    id: str


class ProjectBody(TypedDict):
    """`project_add`: a new project, of the account `user` or else of whoever has the machine."""

    fields: dict[str, Any]
    user: NotRequired[str]


class ProjectChangeBody(TypedDict):
    """`project_change`: other values for fields of a project."""

    project: str
    fields: dict[str, Any]


class ProjectNameBody(TypedDict):
    """`project`, `project_remove`, `variables`."""

    project: str


class VariablesBody(TypedDict):
    """`variables_set`: variables of a project, all or none."""

    project: str
    variables: dict[str, str]
    scope: NotRequired[ScopeWord]


class VariableBody(TypedDict):
    """`variable_remove`."""

    project: str
    key: str


class OfProjectBody(TypedDict):
    """`domains`, `webhooks`: those of a project, or all."""

    project: NotRequired[str]


class DomainBody(TypedDict):
    """`domain_add`: a domain for a project; with `trust` it is routed without a proof."""

    project: str
    domain: str
    trust: NotRequired[bool]


class DomainNameBody(TypedDict):
    """`domain_verify`, `domain_remove`: a domain by its name or id."""

    domain: str
    trust: NotRequired[bool]


class WebhookBody(TypedDict):
    """`webhook_add`: a webhook for a project."""

    project: str
    provider: ProviderWord
    branch: NotRequired[str]


class AccountView(TypedDict):
    """An account."""

    id: str
    email: str
    name: str
    role: str
    created: float
    projects: int


class InvitationView(TypedDict):
    """An invitation; its text is told once and never again."""

    id: str
    email: str | None
    role: str
    created: float
    expires: float
    invitation: NotRequired[str]


class ApiTokenView(TypedDict):
    """An API token of an account; what it is itself is told once and never again."""

    id: str
    name: str
    created: float
    expires: float | None
    last_used: float | None
    token: NotRequired[str]


class ProjectView(TypedDict):
    """A project; `user` is the address of its owner, or None where that is who has the machine."""

    id: str
    user: str | None
    name: str
    slug: str
    repo_url: str
    branch: str
    install_command: str
    build_command: str
    start_command: str
    run_dir: str
    port: int
    framework: str
    health_path: str
    drain: float
    keep: int
    build_timeout: float
    start_timeout: float
    build_memory: int
    status: str
    url: str
    created: float
    updated: float


class VariableView(TypedDict):
    """A variable of a project, without its value."""

    key: str
    scope: str
    created: float
    updated: float


class DomainView(TypedDict):
    """A domain; with how it is proved, until it is."""

    id: str
    project: str
    domain: str
    verified: bool
    created: float
    proof: NotRequired[str]
    http_url: NotRequired[str]
    txt_name: NotRequired[str]


class WebhookView(TypedDict):
    """A webhook; its secret is told once and never again."""

    id: str
    project: str
    provider: str
    branch: str
    path: str
    url: str | None
    created: float
    secret: NotRequired[str]
