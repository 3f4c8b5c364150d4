from pathlib import Path

import pytest

from pmdaemon import __version__
from pmdaemon.server.http.prox.routes import PROX
from tests.dialects.prox.scene import see_requests, set_scene, write_logs
from tests.dialects.transcripts import ask, port_of, replay, untold
from tests.support.engine import engine_on_fakes
from tests.support.web_side import LOCKED, turned_on

HERE = Path(__file__).parent
TRANSCRIPTS = sorted(HERE.glob("*.http"))

PLAIN = {"/health"}
"""Paths that answer with plain text, which transcripts do not hold."""


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
async def test_the_server_answers_as_the_transcript_says(path, tmp_path):
    async with engine_on_fakes(tmp_path) as parts:
        await set_scene(parts)
        write_logs(parts)
        if path.stem != "proxy_off":
            await see_requests(parts)
        async with turned_on(parts, LOCKED) as server:
            await replay(path, port_of(server), {"version": __version__})


async def test_health_is_one_word_for_anybody(tmp_path):
    async with engine_on_fakes(tmp_path) as parts, turned_on(parts, LOCKED) as server:
        answer = await ask(port_of(server), ["GET /health HTTP/1.1"])

    assert (answer.status, answer.body) == (200, b"ok")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_every_endpoint_has_its_transcript():
    endpoints = [one for one in PROX.endpoints if one.path not in PLAIN]

    # A stream that goes on for ever is asked for its head.
    assert untold(endpoints, TRANSCRIPTS, also="HEAD") == []
