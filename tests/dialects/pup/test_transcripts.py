import os
import platform
from pathlib import Path

import pytest

from pmdaemon import __version__
from pmdaemon.core.access import Principal, TokenKind
from pmdaemon.server.http.pup.routes import DESCRIPTION, PREFIX, PUP
from tests.dialects.native.scene import set_scene
from tests.dialects.native.test_transcripts import write_logs
from tests.dialects.transcripts import port_of, replay, untold
from tests.support.engine import engine_on_fakes
from tests.support.web_side import turned_on

HERE = Path(__file__).parent
TRANSCRIPTS = sorted(HERE.glob("*.http"))

SCOPES = {"admin": [], "reader": ["read"], "logger": ["log"], "web-app": ["telemetry:web-app"]}

CHILD = Principal("telemetry-web-app", frozenset({"telemetry:web-app", "log"}), about="web-app")
"""The program of `web-app`, as it is known by the token that it was started with."""


async def make_tokens(parts):
    """Make a token for each consumer of the transcripts, and some that let nobody in."""
    tokens = {}
    for name, scopes in SCOPES.items():
        _, tokens[name] = await parts.engine.tokens.make(
            name, kind=TokenKind.CONSUMER, scopes=scopes
        )
    _, tokens["expired"] = await parts.engine.tokens.make(
        "late", kind=TokenKind.CONSUMER, expire_in=1.0
    )
    _, tokens["revoked"] = await parts.engine.tokens.make("gone", kind=TokenKind.CONSUMER)
    await parts.engine.tokens.revoke("gone")
    return tokens


def substitutes(folder, port, prefix, tokens):
    return {
        "version": __version__,
        "python": platform.python_version(),
        "folder": folder,
        "port": str(port),
        "pid": str(os.getpid()),
        "p": prefix,
        "70KB": "x" * 70_000,
        **tokens,
    }


@pytest.mark.parametrize("prefix", ["", PREFIX], ids=["root", "prefixed"])
@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
async def test_the_server_answers_as_the_transcript_says(path, prefix, tmp_path):
    async with engine_on_fakes(tmp_path) as parts:
        tokens = await make_tokens(parts)
        await set_scene(parts)
        tokens["child"], _ = parts.engine.children.renew(CHILD)
        write_logs(parts)
        async with turned_on(parts) as server:
            parts.engine.web._server = server
            port = port_of(server)
            await replay(path, port, substitutes(str(tmp_path), port, prefix, tokens))


def test_every_endpoint_has_its_transcript():
    endpoints = [
        endpoint
        for endpoint in PUP.endpoints
        if not endpoint.path.startswith(PREFIX)
        and endpoint.path != DESCRIPTION  # what it says is tested with what makes it
    ]

    assert untold(endpoints, TRANSCRIPTS, prefix="{p}") == []
