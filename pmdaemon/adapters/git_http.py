"""Taking in what is pushed by HTTP: `git http-backend`, which speaks CGI (RFC 3875), streamed."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import suppress

from pmdaemon.adapters.git import GitRepositories
from pmdaemon.core.errors import OperationFailed
from pmdaemon.core.wording import why
from pmdaemon.engine import tasks
from pmdaemon.engine.interfaces.deploying import CodeAnswer, CodeRequest

DEADLINE = 600.0
"""Seconds for all of a request."""

CHUNK = 64 * 1024

LARGEST_HEAD = 16 * 1024
"""Bytes of what stands before the body of an answer."""

SETTINGS = {
    "http.receivepack": "true",
    "http.uploadpack": "true",
    "receive.fsckObjects": "true",
    "receive.denyDeletes": "false",
    "receive.autogc": "false",
    "receive.advertisePushOptions": "true",
    "transfer.hideRefs": "refs/deploy",
    "core.hooksPath": os.devnull,
    "safe.directory": "*",
    "uploadpack.allowFilter": "true",
}


class GitBackend:
    """Runs git for each request, with nothing of the user's configuration.

    `largest` says how many bytes a push may have.
    """

    def __init__(
        self, repositories: GitRepositories, search_path: str, largest: Callable[[], int]
    ) -> None:
        self._largest = largest
        self._repositories = repositories
        self._search_path = search_path

    async def answer(self, request: CodeRequest, body: AsyncIterator[bytes]) -> CodeAnswer:
        """Have git answer a request."""
        await self._repositories.prepare(request.project_id)
        try:
            backend = _Backend(self._environment(request))
        except OSError as error:
            raise OperationFailed(f"cannot run git: {why(error)}") from None
        try:
            return await backend.answer(body, self._largest())
        except BaseException:
            await backend.end()
            raise

    async def branches(self, project_id: str) -> Mapping[str, str]:
        """List the branches that were pushed, each with its commit."""
        return await self._repositories.branches(project_id)

    def _environment(self, request: CodeRequest) -> Mapping[str, str]:
        path = self._repositories.path(request.project_id)
        wanted = {**SETTINGS, "receive.maxInputSize": str(self._largest())}
        settings: dict[str, str] = {"GIT_CONFIG_COUNT": str(len(wanted))}
        for number, (name, value) in enumerate(wanted.items()):
            settings |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
        return {
            "PATH": self._search_path,
            "HOME": str(path),
            "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_PROJECT_ROOT": str(path.parent),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": request.protocol,
            "GATEWAY_INTERFACE": "CGI/1.1",
            "REQUEST_METHOD": request.method,
            "PATH_INFO": f"/{path.name}/{request.service}",
            "QUERY_STRING": request.query,
            "CONTENT_TYPE": request.content_type,
            "REMOTE_USER": request.user,
            "REMOTE_ADDR": "",
            **settings,
        }


class _Backend:
    """One run of it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            ["git", "http-backend"],
            cwd="/",
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._feeding: asyncio.Task[None] | None = None
        self._deadline = asyncio.get_running_loop().call_later(DEADLINE, self._kill)

    async def answer(self, body: AsyncIterator[bytes], largest: int) -> CodeAnswer:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=LARGEST_HEAD)
        await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), self._process.stdout
        )
        transport, protocol = await loop.connect_write_pipe(
            asyncio.streams.FlowControlMixin, self._process.stdin
        )
        writer = asyncio.StreamWriter(transport, protocol, None, loop)
        self._feeding = tasks.spawn(_feed(body, writer, largest), name="git.push")
        status, headers = await _head(reader)
        pieces = self._body(reader)
        await anext(pieces)  # what was not begun would not end git when it is closed
        return CodeAnswer(status, headers, pieces)

    async def end(self) -> None:
        """Have done with it, whatever it is doing; when this returns, it is gone."""
        self._deadline.cancel()
        if self._feeding is not None:
            self._feeding.cancel()
        self._kill()
        await asyncio.shield(tasks.spawn(self._reaped(), name="git.reap"))

    async def _body(self, reader: asyncio.StreamReader) -> AsyncGenerator[bytes, None]:
        try:
            yield b""
            while data := await reader.read(CHUNK):
                yield data
        finally:
            await self.end()

    async def _reaped(self) -> None:
        await asyncio.to_thread(self._process.wait)

    def _kill(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)


async def _feed(body: AsyncIterator[bytes], writer: asyncio.StreamWriter, largest: int) -> None:
    total = 0
    with suppress(ConnectionError):
        async for data in body:
            total += len(data)
            if total > largest:
                break
            writer.write(data)
            await writer.drain()
    with suppress(ConnectionError, RuntimeError):
        writer.close()


async def _head(reader: asyncio.StreamReader) -> tuple[int, list[tuple[str, str]]]:
    """Read what stands before the body: fields, of which `Status` is for us."""
    status, headers = 200, []
    try:
        while line := (await reader.readline()).strip():
            name, _, value = line.decode("latin-1").partition(":")
            if name.lower() == "status":
                status = int(value.split()[0])
            elif name:
                headers.append((name, value.strip()))
    except ValueError:
        raise OperationFailed("git has answered with something else than HTTP") from None
    if not headers:
        raise OperationFailed("git has answered nothing")
    return status, headers
