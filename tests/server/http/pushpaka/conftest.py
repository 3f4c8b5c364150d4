"""A server with the scene of the transcripts behind it."""

import json

import pytest

from pmdaemon.engine.interfaces import WebSettings
from tests.dialects.pushpaka.scene import set_scene
from tests.dialects.transcripts import ask
from tests.support.engine import engine_on_fakes
from tests.support.web_side import turned_on


class Api:
    """The API, as those who have something to show use it; `names` are those of the scene."""

    def __init__(self, parts, names, port):
        self.parts = parts
        self.platform = parts.platform.platform
        self.names = names
        self.port = port

    async def ask(self, method, path, body=None, *, by=None, headers=()):
        lines = [f"{method} /api/v1{path.format(**self.names)} HTTP/1.1", *headers]
        if by is not None:
            lines.append(f"Authorization: Bearer {self.names.get(by, by)}")
        if body is not None:
            lines += ["", body if isinstance(body, str) else json.dumps(body)]
        return await ask(self.port, lines)

    async def status(self, *what, **how):
        return (await self.ask(*what, **how)).status


@pytest.fixture
async def api(tmp_path):
    async with engine_on_fakes(tmp_path) as parts:
        names = await set_scene(parts)
        async with turned_on(parts, WebSettings("127.0.0.1", 0)) as server:
            yield Api(parts, names, int(server.address.rsplit(":", 1)[1]))
