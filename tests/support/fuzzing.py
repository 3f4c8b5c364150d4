"""Whatever fits the description of an API, and whatever does not, gets an answer that fits it."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from pathlib import Path

import requests
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode, Response
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from tests.support.engine import EngineOnFakes, engine_on_fakes
from tests.support.web_side import KEY, LOCKED, turned_on

FRAMING = {
    "Connection",
    "Content-Encoding",
    "Content-Length",
    "Expect",
    "Host",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
}
"""Headers that tell how a request is to be read: nonsense in them is refused before it is known
which API was meant. Hypothesis draws from the words in all modules of ours that have been imported,
so such a header turns up or does not by which tests a worker had before."""

BOUNDED = settings(
    max_examples=15,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


class Running:
    """A server on fakes, in a thread with a loop of its own, as schemathesis waits.

    `set_scene` brings up what there is, and returns the headers of who may do everything.
    """

    def __init__(
        self, folder: Path, set_scene: Callable[[EngineOnFakes], Awaitable[dict[str, str] | None]]
    ) -> None:
        self._folder = folder
        self._set_scene = set_scene
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self.url = ""
        self.headers = KEY

    def __enter__(self) -> "Running":
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(60)

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with engine_on_fakes(self._folder) as parts:
                self.headers = await self._set_scene(parts) or KEY
                async with turned_on(parts, LOCKED) as server:
                    self.url = server.address or ""
                    self._ready.set()
                    await self._over.wait()
        finally:
            self._ready.set()


class Fuzzing:
    """Asks for what fits and for what does not; `streams` and `picky` are paths.

    Streams go on for ever, so their heads are enough. Where it is picky, what fits may be refused:
    it depends on more than a description says.
    """

    def __init__(self, running: Running, streams: Collection[str], picky: Collection[str]) -> None:
        self._headers = running.headers
        self._streams = streams
        self._picky = picky

    def check(self, operation: APIOperation, mode: GenerationMode) -> None:
        """Ask for all sorts of things."""
        check = self._stream_begins if operation.path in self._streams else self._answered
        try:
            BOUNDED(given(case=operation.as_strategy(generation_mode=mode))(check))()
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE, "there is nothing that fits the description"

    def _answered(self, case: Case) -> None:
        _keep_it_a_request(case)
        case.call_and_validate(
            headers=self._headers, excluded_checks=self._excluded(case), timeout=60
        )

    def _excluded(self, case: Case) -> list[object]:
        # It sends a wrong key beside our right one, and any one of them that is right will do. That
        # every endpoint needs a key is tested with the table of access.
        checks: list[object] = [ignored_auth]
        if case.path in self._picky or case.operation.body:
            checks.append(positive_data_acceptance)
        return checks

    def _stream_begins(self, case: Case) -> None:
        _keep_it_a_request(case)
        request = case.as_transport_kwargs(headers=self._headers)
        with requests.request(**request, stream=True, timeout=60) as answer:
            if answer.status_code == 200:
                assert answer.headers["Content-Type"].startswith("text/event-stream")
            else:
                response = Response.from_requests(answer, verify=False)
                case.validate_response(
                    response, headers=self._headers, excluded_checks=self._excluded(case)
                )


def _keep_it_a_request(case: Case) -> None:
    for name in FRAMING & case.headers.keys():
        del case.headers[name]
