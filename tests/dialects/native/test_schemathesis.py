"""Whatever fits the description of the API, and whatever does not, gets an answer that fits it."""

import asyncio
import threading
from contextlib import suppress

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode, Response
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from pmdaemon.core.access import digest_of
from pmdaemon.engine.interfaces import WebSettings
from pmdaemon.server.http.app import HttpServer
from pmdaemon.server.http.native.routes import NATIVE
from tests.dialects.native.scene import set_scene
from tests.support.engine import engine_on_fakes

KEY = {"X-API-Key": "sesame"}

STREAMS = ["/api/events", "/api/processes/{id}/logs/stream"]

BOUNDED = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


class Running:
    """A server on fakes, in a thread with a loop of its own, as schemathesis waits."""

    def __init__(self, folder):
        self._folder = folder
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self.url = ""

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_):
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(30)

    async def _serve(self):
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with engine_on_fakes(self._folder) as parts:
                await set_scene(parts)
                server = HttpServer(parts.engine)
                key = digest_of(KEY["X-API-Key"])
                await server.turn_on(WebSettings("127.0.0.1", 0, key, rate_limits=()))
                self.url = server.address
                self._ready.set()
                await self._over.wait()
                await server.turn_off()
        finally:
            self._ready.set()


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    with Running(tmp_path_factory.mktemp("api")) as running:
        yield schemathesis.openapi.from_url(f"{running.url}/openapi.json", headers=KEY)


OPERATIONS = [(one.method, one.path) for one in NATIVE.endpoints]


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_answer_is_as_described(api, method, path, mode):
    operation = api[path][method]
    check = stream_begins if path in STREAMS else answered

    try:
        BOUNDED(given(case=operation.as_strategy(generation_mode=mode))(check))()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, "there is nothing that fits the description"


def answered(case):
    case.call_and_validate(headers=KEY, excluded_checks=excluded(case))


def excluded(case):
    # It sends a wrong key beside our right one, and any one of them that is right will do. That
    # every endpoint needs a key is tested with the table of access.
    checks = [ignored_auth]
    if case.path == "/ws" or case.operation.body:
        # A plain request is never what this path wants; and which port will do depends on others.
        checks.append(positive_data_acceptance)
    return checks


def stream_begins(case):
    request = case.as_transport_kwargs(headers=KEY)
    with requests.request(**request, stream=True, timeout=30) as answer:
        if answer.status_code == 200:
            assert answer.headers["Content-Type"].startswith("text/event-stream")
        else:
            response = Response.from_requests(answer, verify=False)
            case.validate_response(response, headers=KEY, excluded_checks=excluded(case))
