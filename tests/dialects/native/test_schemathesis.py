"""Whatever is asked of the API gets an answer that fits its description."""

import pytest
import schemathesis
from schemathesis import GenerationMode

from pmdaemon.server.http.native.routes import NATIVE
from tests.dialects.native.scene import set_scene
from tests.support.fuzzing import Fuzzing, Running

STREAMS = ["/api/events", "/api/processes/{id}/logs/stream"]

PICKY = ["/ws"]
"""A plain request is never what this path wants; and which port will do depends on others."""

OPERATIONS = [(one.method, one.path) for one in NATIVE.endpoints]


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with Running(tmp_path_factory.mktemp("api"), set_scene) as running:
        yield running


@pytest.fixture(scope="module")
def api(running):
    return schemathesis.openapi.from_url(f"{running.url}/openapi.json", headers=running.headers)


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_answer_is_as_described(running, api, method, path, mode):
    Fuzzing(running, STREAMS, PICKY).check(api[path][method], mode)
