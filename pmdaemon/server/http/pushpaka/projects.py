"""Projects: made, shown, changed, deleted."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from aiohttp import web

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.project_fields import FIELDS
from pmdaemon.core.projects import Project
from pmdaemon.engine.engine import Engine
from pmdaemon.server.http.dialect import json_response
from pmdaemon.server.http.guard import note
from pmdaemon.server.http.pushpaka import views
from pmdaemon.server.http.pushpaka.asking import asker_of, done, listed, read_object

OTHER_NAMES = {"drain_seconds": "drain", "keep_releases": "keep"}
"""What fields are called in this API where that is not what they are called."""


async def create_project(engine: Engine, request: web.Request) -> web.Response:
    """Make a project."""
    given = _fields(await read_object(request, dict[str, Any]))
    with _in_its_words():
        project = await engine.platform.projects.create(asker_of(request), given)
    note(request, project=project.slug)
    return json_response(_view(engine, project), status=201)


async def list_projects(engine: Engine, request: web.Request) -> web.Response:
    """List one's projects, the newest first."""
    projects = engine.platform.projects.list(asker_of(request))
    return listed(request, [_view(engine, one) for one in projects])


async def show_project(engine: Engine, request: web.Request) -> web.Response:
    """Show a project."""
    project = engine.platform.projects.get(asker_of(request), request.match_info["id"])
    return json_response(_view(engine, project))


async def change_project(engine: Engine, request: web.Request) -> web.Response:
    """Set the fields that are given; the others stay."""
    given = _fields(await read_object(request, dict[str, Any]))
    id_ = request.match_info["id"]
    with _in_its_words():
        project = await engine.platform.projects.change(asker_of(request), id_, given)
    return json_response(_view(engine, project))


async def delete_project(engine: Engine, request: web.Request) -> web.Response:
    """End what runs of a project, and have it no more."""
    project = await engine.platform.projects.delete(asker_of(request), request.match_info["id"])
    note(request, project=project.slug)
    return done("project deleted")


def _view(engine: Engine, project: Project) -> dict[str, Any]:
    follower = engine.platform.projects.follower
    return views.project_view(
        project, status=follower.status(project.id), url=follower.url(project)
    )


def _fields(body: Mapping[str, Any]) -> dict[str, object]:
    """Take the fields that we know; null is what is not said."""
    named = {OTHER_NAMES.get(name, name): value for name, value in body.items()}
    return {name: named[name] for name in FIELDS if named.get(name) is not None}


@contextmanager
def _in_its_words() -> Iterator[None]:
    """Call fields in refusals what they are called here."""
    try:
        yield
    except InvalidInput as error:
        words = {ours: theirs for theirs, ours in OTHER_NAMES.items()}
        field = error.details.get("field")
        if field not in words:
            raise
        text = error.message.replace(f"cannot use {field}:", f"cannot use {words[field]}:", 1)
        raise InvalidInput(text, code=error.code, field=words[field]) from None
