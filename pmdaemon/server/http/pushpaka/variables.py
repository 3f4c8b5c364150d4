"""Variables of projects: set, listed by name, removed. No answer has a value in it."""

from aiohttp import web
from msgspec import Struct

from pmdaemon.config.env_files import read_env_text
from pmdaemon.core.projects import EnvScope
from pmdaemon.core.variables import read_scope
from pmdaemon.engine.engine import Engine
from pmdaemon.server.http.dialect import json_response
from pmdaemon.server.http.guard import note
from pmdaemon.server.http.pushpaka import views
from pmdaemon.server.http.pushpaka.asking import asker_of, done, listed, read_object
from pmdaemon.server.http.refusals import InvalidRequest


class NewVariable(Struct):
    """A variable; without a scope, it keeps the one it has, or is set everywhere."""

    project_id: str
    key: str
    value: str
    scope: str | None = None


class NewVariables(Struct):
    """Several variables, all or none of which are set."""

    project_id: str
    variables: dict[str, str]
    scope: str | None = None


class EnvFile(Struct):
    """The text of a `.env` file."""

    project_id: str
    content: str
    scope: str | None = None


class VariableName(Struct):
    """Which variable of which project."""

    project_id: str
    key: str


async def set_variable(engine: Engine, request: web.Request) -> web.Response:
    """Set a variable."""
    body = await read_object(request, NewVariable)
    project = engine.platform.projects.get(asker_of(request), body.project_id)
    (variable,) = await engine.platform.projects.variables.set(
        project.id, {body.key: body.value}, _scope(body.scope)
    )
    note(request, project=project.slug, key=variable.key)
    return json_response(views.variable_view(variable))


async def set_variables(engine: Engine, request: web.Request) -> web.Response:
    """Set several variables, all or none."""
    body = await read_object(request, NewVariables)
    return await _set_all(engine, request, body.project_id, body.variables, body.scope)


async def import_file(engine: Engine, request: web.Request) -> web.Response:
    """Set the variables of a `.env` file, all or none."""
    body = await read_object(request, EnvFile)
    given = dict(read_env_text(body.content, source=".env"))
    return await _set_all(engine, request, body.project_id, given, body.scope)


async def list_variables(engine: Engine, request: web.Request) -> web.Response:
    """List the names of a project's variables."""
    requested = request.query.get("project_id")
    if not requested:
        raise InvalidRequest("project_id query param required")
    project = engine.platform.projects.get(asker_of(request), requested)
    variables = engine.platform.projects.variables.list(project.id)
    return listed(request, [views.variable_view(one) for one in variables])


async def remove_variable(engine: Engine, request: web.Request) -> web.Response:
    """Have a variable no more; it is named in the body or, where that is not easy, in the query."""
    asked = request.query
    if "project_id" in asked and "key" in asked:
        named = VariableName(asked["project_id"], asked["key"])
    else:
        named = await read_object(request, VariableName)
    project = engine.platform.projects.get(asker_of(request), named.project_id)
    await engine.platform.projects.variables.remove(project.id, named.key)
    note(request, project=project.slug, key=named.key)
    return done("env var deleted")


async def _set_all(
    engine: Engine, request: web.Request, project_id: str, given: dict[str, str], scope: str | None
) -> web.Response:
    project = engine.platform.projects.get(asker_of(request), project_id)
    written = await engine.platform.projects.variables.set(project.id, given, _scope(scope))
    note(request, project=project.slug, keys=[one.key for one in written])
    return listed(request, [views.variable_view(one) for one in written])


def _scope(text: str | None) -> EnvScope | None:
    return read_scope(text) if text is not None else None
