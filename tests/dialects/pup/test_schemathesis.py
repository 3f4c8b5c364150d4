"""Whatever is asked of the API of Pup gets an answer that fits its description."""

import pytest
import schemathesis
from schemathesis import GenerationMode

from pmdaemon.core.access import TokenKind
from pmdaemon.server.http.pup.routes import AT_ROOT
from tests.dialects.native.scene import set_scene
from tests.support.fuzzing import Fuzzing, Running

STREAMS = ()

PICKY = ["/wss", "/token", "/logs"]
"""A plain request, a consumer, and a time that does not fit another, are not what they want."""

OPERATIONS = [(one.method, one.path) for one in AT_ROOT if one.path != "/terminate"]


async def set_up(parts):
    await set_scene(parts)
    _, token = await parts.engine.tokens.make("admin", kind=TokenKind.CONSUMER)
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with Running(tmp_path_factory.mktemp("api"), set_up) as running:
        yield running


@pytest.fixture(scope="module")
def api(running):
    url = f"{running.url}/openapi/pup.json"
    return schemathesis.openapi.from_url(url, headers=running.headers)


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_answer_is_as_described(running, api, method, path, mode):
    Fuzzing(running, STREAMS, PICKY).check(api[path][method], mode)
