"""The API of Pushpaka: its endpoints, and the scope that each of them needs.

It is two dialects, since who has nothing to show gets to the door and no further: projects are
somebody's in open mode, too.
"""

from msgspec.structs import replace

from pmdaemon.core.access import Scope
from pmdaemon.core.rate_limits import RateKind
from pmdaemon.server.http.dialect import UNLIMITED, Dialect, Endpoint, Handler
from pmdaemon.server.http.pushpaka import (
    code,
    deployments,
    domains,
    health,
    logs,
    projects,
    sessions,
    users,
    variables,
    webhooks,
)
from pmdaemon.server.http.pushpaka.errors import encode_error

ROOT = "/api/v1"

PLACES = (
    "auth",
    "users",
    "projects",
    "env",
    "domains",
    "webhooks",
    "deployments",
    "metrics",
    "ready",
    "health",
)


def _endpoint(method: str, path: str, handler: Handler, scope: Scope = Scope.DEPLOY) -> Endpoint:
    return Endpoint(method, f"{ROOT}{path}", scope, handler, limits=RateKind.DEPLOY)


def _try(
    path: str, handler: Handler, scope: Scope = Scope.PUBLIC, method: str = "POST"
) -> Endpoint:
    return Endpoint(method, f"{ROOT}{path}", scope, handler, limits=RateKind.SIGN_IN)


DOOR = Dialect(
    endpoints=(
        _try("/auth/register", sessions.register),
        _try("/auth/login", sessions.sign_in),
        Endpoint("POST", webhooks.RECEIVE, Scope.PUBLIC, webhooks.receive, limits=RateKind.DEPLOY),
        Endpoint("GET", f"{ROOT}/health", Scope.PUBLIC, health.show_health, limits=UNLIMITED),
        Endpoint("GET", f"{ROOT}/ready", Scope.PUBLIC, health.show_ready, limits=UNLIMITED),
        Endpoint("GET", f"{ROOT}/metrics", Scope.READ, health.show_metrics),
    ),
    encode_error=encode_error,
)

PUSHPAKA = Dialect(
    endpoints=(
        _endpoint("GET", "/auth/me", sessions.show_me, Scope.ACCOUNT),
        _endpoint("POST", "/auth/logout", sessions.sign_out, Scope.ACCOUNT),
        _try("/auth/password", sessions.change_password, Scope.ACCOUNT, "PUT"),
        _try("/auth/password", sessions.change_password, Scope.ACCOUNT),
        _endpoint("GET", "/auth/tokens", sessions.list_api_tokens, Scope.ACCOUNT),
        _endpoint("POST", "/auth/tokens", sessions.make_api_token, Scope.ACCOUNT),
        _endpoint("DELETE", "/auth/tokens/{id}", sessions.revoke_api_token, Scope.ACCOUNT),
        _endpoint("GET", "/auth/invitations", users.list_invitations, Scope.ADMIN),
        _endpoint("POST", "/auth/invitations", users.invite, Scope.ADMIN),
        _endpoint("DELETE", "/auth/invitations/{id}", users.withdraw, Scope.ADMIN),
        _endpoint("GET", "/users", users.list_users, Scope.ADMIN),
        _endpoint("PUT", "/users/{id}", users.change_user, Scope.ADMIN),
        _endpoint("DELETE", "/users/{id}", users.remove_user, Scope.ADMIN),
        _endpoint("GET", "/projects", projects.list_projects),
        _endpoint("POST", "/projects", projects.create_project),
        _endpoint("GET", "/projects/{id}", projects.show_project),
        _endpoint("PUT", "/projects/{id}", projects.change_project),
        _endpoint("DELETE", "/projects/{id}", projects.delete_project),
        _endpoint("GET", "/deployments", deployments.list_deployments),
        _endpoint("POST", "/deployments", deployments.deploy),
        _endpoint("GET", "/deployments/{id}", deployments.show_deployment),
        _endpoint("DELETE", "/deployments/{id}", deployments.delete_deployment),
        _endpoint("POST", "/deployments/{id}/rollback", deployments.roll_back),
        _endpoint("POST", "/deployments/{id}/restart", deployments.restart),
        _endpoint("PATCH", "/deployments/{id}/promote", deployments.promote),
        _endpoint("POST", "/deployments/{id}/promote", deployments.promote),
        _endpoint("POST", "/deployments/{id}/cancel", deployments.cancel),
        _endpoint("POST", "/deployments/{id}/stop", deployments.stop),
        _endpoint("GET", "/deployments/{id}/output", logs.show_output),
        _endpoint("GET", "/logs/{id}", logs.show_log),
        _endpoint("GET", "/logs/{id}/events", logs.stream_events),
        replace(_endpoint("GET", "/logs/{id}/stream", logs.stream_websocket), query_token=True),
        _endpoint("GET", "/env", variables.list_variables),
        _endpoint("POST", "/env", variables.set_variable),
        _endpoint("PUT", "/env", variables.set_variables),
        _endpoint("DELETE", "/env", variables.remove_variable),
        _endpoint("POST", "/env/import", variables.import_file),
        _endpoint("GET", "/domains", domains.list_domains),
        _endpoint("POST", "/domains", domains.add_domain),
        _endpoint("POST", "/domains/{id}/verify", domains.verify_domain),
        _endpoint("DELETE", "/domains/{id}", domains.remove_domain),
        _endpoint("GET", "/webhooks", webhooks.list_webhooks),
        _endpoint("POST", "/webhooks", webhooks.create_webhook),
        _endpoint("DELETE", "/webhooks/{id}", webhooks.remove_webhook),
    ),
    encode_error=encode_error,
    credentials_needed=True,
    places=tuple(f"{ROOT}/{place}" for place in PLACES),
)

GIT = "/git/{project}.git"

CODE = Dialect(
    endpoints=tuple(
        Endpoint(
            method,
            f"{GIT}/{service}",
            Scope.DEPLOY,
            handler,
            limits=RateKind.DEPLOY,
            passwords=True,
        )
        for method, service, handler in (
            ("GET", "info/refs", code.list_refs),
            ("POST", "git-upload-pack", code.upload),
            ("POST", "git-receive-pack", code.receive),
        )
    ),
    encode_error=code.encode_error,
    credentials_needed=True,
    places=("/git",),
)
"""What git speaks: it shows a password when it is asked for one."""
