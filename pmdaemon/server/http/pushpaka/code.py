"""`git push https://HOST/git/PROJECT.git`: what is pushed to a project's branch is deployed.

git asks for a name and a password. The password is an API token, or the token of a session; the
name may be anything.
"""

from collections.abc import AsyncIterator
from contextlib import aclosing

from aiohttp import web

from pmdaemon.core.deployments import Deployment
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.projects import Project
from pmdaemon.engine.engine import Engine
from pmdaemon.engine.interfaces.deploying import CodeAnswer, CodeRequest
from pmdaemon.engine.pushes import RECEIVE
from pmdaemon.server.http.guard import note, principal_of
from pmdaemon.server.http.pushpaka.asking import asker_of, here
from pmdaemon.server.http.refusals import PermissionDenied, Unauthorized
from pmdaemon.server.http.statuses import status_of

SERVICES = frozenset({RECEIVE, "git-upload-pack"})

ASK = 'Basic realm="pmdaemon", charset="UTF-8"'

CHUNK = 64 * 1024


async def list_refs(engine: Engine, request: web.Request) -> web.StreamResponse:
    """Tell git what there is, which is how all of its exchanges begin."""
    if request.query.get("service") not in SERVICES:
        raise PermissionDenied("only git's smart protocol is supported here")
    return await _answer(engine, request, "info/refs")


async def upload(engine: Engine, request: web.Request) -> web.StreamResponse:
    """Give what was pushed back to who clones or fetches."""
    return await _answer(engine, request, "git-upload-pack")


async def receive(engine: Engine, request: web.Request) -> web.StreamResponse:
    """Take a push in, and deploy it if it is to the project's branch."""
    asker = asker_of(request)
    project = engine.platform.projects.get(asker, request.match_info["project"])
    note(request, project=project.slug)

    def page_of(deployment: Deployment) -> str:
        note(request, deployment=deployment.number)
        return f"{here(request)}/deploy#/deployment/{deployment.id}"

    answer = await engine.pushes.receive(
        project,
        _asked(request, project, RECEIVE),
        _body(request),
        user_id=asker.account,
        page_of=page_of,
    )
    return await _send(request, answer)


def encode_error(error: PmdaemonError) -> web.Response:
    """Word an error so that git shows it: as plain text."""
    response = web.Response(status=status_of(error), text=f"{error.message}\n")
    if isinstance(error, Unauthorized):
        response.headers["WWW-Authenticate"] = ASK
    return response


async def _answer(engine: Engine, request: web.Request, service: str) -> web.StreamResponse:
    project = engine.platform.projects.get(asker_of(request), request.match_info["project"])
    asked = _asked(request, project, service)
    return await _send(request, await engine.pushes.answer(asked, _body(request)))


def _asked(request: web.Request, project: Project, service: str) -> CodeRequest:
    return CodeRequest(
        project_id=project.id,
        service=service,
        method=request.method,
        query=request.rel_url.raw_query_string,
        content_type=request.headers.get("Content-Type", ""),
        protocol=request.headers.get("Git-Protocol", ""),
        user=principal_of(request).name,
    )


async def _send(request: web.Request, answer: CodeAnswer) -> web.StreamResponse:
    """Give all that git has to say; it is heard to its end, also when nobody listens any more."""
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    is_there = True
    async with aclosing(answer.body) as pieces:
        try:
            await response.prepare(request)
        except ConnectionError:
            is_there = False
        async for data in pieces:
            try:
                if is_there and data:
                    await response.write(data)
            except ConnectionError:
                is_there = False
    if is_there:
        await response.write_eof()
    return response


async def _body(request: web.Request) -> AsyncIterator[bytes]:
    async for data in request.content.iter_chunked(CHUNK):
        yield data
