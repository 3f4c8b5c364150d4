from pathlib import Path

import pytest

from pmdaemon import __version__
from pmdaemon.core.access import digest_of
from pmdaemon.engine.interfaces import WebSettings
from pmdaemon.server.http.native.routes import NATIVE
from tests.dialects.native.scene import set_scene
from tests.dialects.output_files import write_log
from tests.dialects.transcripts import port_of, replay, untold
from tests.support.engine import engine_on_fakes
from tests.support.web_side import turned_on

HERE = Path(__file__).parent
TRANSCRIPTS = sorted(HERE.glob("*.http"))

KEY = "sesame"


def write_logs(parts):
    begin = 1_700_000_000
    out, err = parts.capture.files("web-app", 0)
    write_log(
        out,
        *((begin + number, f"line {number}") for number in range(24)),
        (begin + 60, "Server started on port 3000"),
        (begin + 120.9, "späte Zeile"),
    )
    write_log(err, (begin + 61, "warning: deprecated"))
    for instance in (0, 1):
        out, _ = parts.capture.files("api", instance)
        write_log(out, (begin + 10 - instance, f"api {instance} is up"))


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
async def test_the_server_answers_as_the_transcript_says(path, tmp_path):
    async with engine_on_fakes(tmp_path) as parts:
        await set_scene(parts)
        write_logs(parts)
        # What an open server says differs, so its transcripts say so by their names.
        key = None if path.stem.startswith("open_") else digest_of(KEY)
        creating = path.stem == "creating"
        settings = WebSettings("127.0.0.1", 0, key, allow_create=creating, rate_limits=())
        async with turned_on(parts, settings) as server:
            port = port_of(server)
            known = {"version": __version__, "folder": str(tmp_path), "port": str(port)}
            await replay(path, port, known)


def test_every_endpoint_has_its_transcript():
    assert untold(NATIVE.endpoints, TRANSCRIPTS) == []
