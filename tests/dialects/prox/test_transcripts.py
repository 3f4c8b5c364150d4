from pathlib import Path

import pytest

from pmdaemon import __version__
from pmdaemon.core.access import digest_of
from pmdaemon.engine.interfaces import WebSettings
from pmdaemon.server.http.app import HttpServer
from pmdaemon.server.http.prox.routes import PROX
from tests.dialects.prox.scene import see_requests, set_scene, write_logs
from tests.dialects.transcripts import ask, port_of, replay, untold
from tests.support.engine import engine_on_fakes

HERE = Path(__file__).parent
TRANSCRIPTS = sorted(HERE.glob("*.http"))

PLAIN = {"/health"}
"""Paths that answer with plain text, which transcripts do not hold."""

LOCKED = WebSettings("127.0.0.1", 0, digest_of("sesame"), rate_limits=())


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
async def test_the_server_answers_as_the_transcript_says(path, tmp_path):
    async with engine_on_fakes(tmp_path) as parts:
        await set_scene(parts)
        write_logs(parts)
        if path.stem != "proxy_off":
            await see_requests(parts)
        server = HttpServer(parts.engine)
        await server.turn_on(LOCKED)
        try:
            await replay(path, port_of(server), {"version": __version__})
        finally:
            await server.turn_off()


async def test_health_is_one_word_for_anybody(tmp_path):
    async with engine_on_fakes(tmp_path) as parts:
        server = HttpServer(parts.engine)
        await server.turn_on(LOCKED)
        try:
            answer = await ask(port_of(server), ["GET /health HTTP/1.1"])
        finally:
            await server.turn_off()

    assert (answer.status, answer.body) == (200, b"ok")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_every_endpoint_has_its_transcript():
    endpoints = [one for one in PROX.endpoints if one.path not in PLAIN]

    # A stream that goes on for ever is asked for its head.
    assert untold(endpoints, TRANSCRIPTS, also="HEAD") == []
