"""Domains of projects: claimed, proved, removed."""

from typing import Any

from aiohttp import web
from msgspec import Struct

from pmdaemon.core.projects import Domain
from pmdaemon.engine.engine import Engine
from pmdaemon.server.http.dialect import json_response
from pmdaemon.server.http.guard import note
from pmdaemon.server.http.pushpaka import views
from pmdaemon.server.http.pushpaka.asking import asker_of, done, listed, read_object
from pmdaemon.server.http.reading import read_body


class NewDomain(Struct):
    """Which domain for which project."""

    project_id: str
    domain: str


class Verification(Struct):
    """Whether an administrator vouches for it, so that nothing has to be shown."""

    trust: bool = False


async def add_domain(engine: Engine, request: web.Request) -> web.Response:
    """Claim a domain for a project."""
    body = await read_object(request, NewDomain)
    domain = await engine.platform.projects.add_domain(
        asker_of(request), body.project_id, body.domain
    )
    note(request, domain=domain.host)
    return json_response(_view(engine, domain), status=201)


async def list_domains(engine: Engine, request: web.Request) -> web.Response:
    """List one's domains, those of a project if one is named."""
    asker = asker_of(request)
    domains = engine.platform.projects.list_domains(asker)
    if requested := request.query.get("project_id"):
        project = engine.platform.projects.get(asker, requested)
        domains = [one for one in domains if one.project_id == project.id]
    return listed(request, [_view(engine, one) for one in domains])


async def verify_domain(engine: Engine, request: web.Request) -> web.Response:
    """Look whether a domain shows its proof, and route it if it does."""
    body = await read_body(request, Verification, default=Verification())
    domain = await engine.platform.projects.verify_domain(
        asker_of(request), request.match_info["id"], trust=body.trust
    )
    note(request, domain=domain.host)
    return json_response(_view(engine, domain))


async def remove_domain(engine: Engine, request: web.Request) -> web.Response:
    """Have a domain no more."""
    domain = await engine.platform.projects.remove_domain(
        asker_of(request), request.match_info["id"]
    )
    note(request, domain=domain.host)
    return done("domain removed")


def _view(engine: Engine, domain: Domain) -> dict[str, Any]:
    settings = engine.gateway.settings
    return views.domain_view(domain, tls=settings is not None and settings.https_port is not None)
