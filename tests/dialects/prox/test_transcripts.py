import re
from pathlib import Path

import pytest

from pmdaemon import __version__
from pmdaemon.core.access import digest_of
from pmdaemon.engine.interfaces import WebSettings
from pmdaemon.server.http.app import HttpServer
from pmdaemon.server.http.prox.routes import PROX
from tests.dialects.prox.scene import see_requests, set_scene, write_logs
from tests.dialects.transcripts import ask, read_transcript
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
            port = int(server.address.rsplit(":", 1)[1])
            for exchange in read_transcript(path, {"version": __version__}):
                answer = await ask(port, exchange.request)

                where = f"{path.name}:{exchange.line} {exchange.request[0]}"
                assert (where, answer.status) == (where, exchange.status), answer.body
                for name, value in exchange.headers.items():
                    assert (where, name, answer.headers.get(name)) == (where, name, value)
                assert (where, answer.json) == (where, exchange.expected)
        finally:
            await server.turn_off()


async def test_health_is_one_word_for_anybody(tmp_path):
    async with engine_on_fakes(tmp_path) as parts:
        server = HttpServer(parts.engine)
        await server.turn_on(LOCKED)
        try:
            answer = await ask(int(server.address.rsplit(":", 1)[1]), ["GET /health HTTP/1.1"])
        finally:
            await server.turn_off()

    assert (answer.status, answer.body) == (200, b"ok")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_every_endpoint_has_its_transcript():
    lines = [
        line
        for path in TRANSCRIPTS
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("> ")
    ]

    untold = [
        (endpoint.method, endpoint.path)
        for endpoint in PROX.endpoints
        if endpoint.path not in PLAIN
        and not any(
            # A stream that goes on for ever is asked for its head.
            re.match(f"> ({endpoint.method}|HEAD) {pattern(endpoint.path)}[ ?]", one)
            for one in lines
        )
    ]

    assert untold == []


def pattern(path):
    return re.sub(r"\\{.*?\\}", "[^/?]+", re.escape(path))
