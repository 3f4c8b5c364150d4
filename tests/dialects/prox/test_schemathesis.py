"""Whatever is asked of the API of prox gets an answer that fits its description."""

import pytest
import schemathesis
from schemathesis import GenerationMode

from pmdaemon.server.http.prox.routes import PROX, ROOT
from tests.dialects.prox.scene import see_requests, set_scene, write_logs
from tests.support.fuzzing import Fuzzing, Running

STREAMS = [f"{ROOT}/logs/stream", f"{ROOT}/processes/stream", f"{ROOT}/proxy/requests/stream"]

PICKY = [f"{ROOT}/logs", f"{ROOT}/logs/stream", f"{ROOT}/proxy/requests"]
"""Which patterns are expressions, and which names there are, no schema says."""

OPERATIONS = [
    (one.method, one.path) for one in PROX.endpoints if not one.path.endswith("/shutdown")
]


async def set_up(parts):
    await set_scene(parts)
    write_logs(parts)
    await see_requests(parts)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with Running(tmp_path_factory.mktemp("api"), set_up) as running:
        yield running


@pytest.fixture(scope="module")
def api(running):
    return schemathesis.openapi.from_url(
        f"{running.url}/openapi/prox.json", headers=running.headers
    )


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_answer_is_as_described(running, api, method, path, mode):
    Fuzzing(running, STREAMS, PICKY).check(api[path][method], mode)
