from pathlib import Path

import pytest

from pmdaemon import __version__
from pmdaemon.engine.interfaces import WebSettings
from pmdaemon.server.http.pushpaka.routes import DOOR, PUSHPAKA
from tests.dialects.pushpaka.scene import set_scene
from tests.dialects.transcripts import port_of, replay, untold
from tests.support.engine import engine_on_fakes
from tests.support.web_side import turned_on

HERE = Path(__file__).parent
TRANSCRIPTS = sorted(HERE.glob("*.http"))

OPEN = WebSettings("127.0.0.1", 0)

PLAIN = {"/api/v1/metrics"}
"""Paths that answer with plain text, which transcripts do not hold."""

WITHOUT_PEOPLE = {"first_account"}
"""Transcripts of a daemon that nobody has an account at."""


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
async def test_the_server_answers_as_the_transcript_says(path, tmp_path):
    async with engine_on_fakes(tmp_path) as parts:
        names = {} if path.stem in WITHOUT_PEOPLE else await set_scene(parts)
        async with turned_on(parts, OPEN) as server:
            port = port_of(server)
            await replay(path, port, {"version": __version__, "port": str(port), **names})


def test_every_endpoint_has_its_transcript():
    endpoints = [one for one in (*DOOR.endpoints, *PUSHPAKA.endpoints) if one.path not in PLAIN]

    assert untold(endpoints, TRANSCRIPTS) == []
