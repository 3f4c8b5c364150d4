import pytest

from pmdaemon.core.access import Scope
from pmdaemon.core.rate_limits import RateKind
from pmdaemon.server.http.prox.routes import PROX
from pmdaemon.server.http.pushpaka.routes import DOOR, PUSHPAKA
from tests.dialects.transcripts import ask


def test_nothing_is_open_but_the_door():
    public = [one for one in DOOR.endpoints if one.scope is Scope.PUBLIC]
    assert {one.path.removeprefix("/api/v1") for one in public} == {
        "/auth/register",
        "/auth/login",
        "/webhooks/{id}/receive",
        "/health",
        "/ready",
    }
    assert {one.scope for one in DOOR.endpoints} == {Scope.PUBLIC, Scope.READ}
    assert all(one.scope is not Scope.PUBLIC for one in PUSHPAKA.endpoints)
    assert PUSHPAKA.credentials_needed


def test_it_shares_a_root_with_prox_and_no_path():
    ours = {(one.method, one.path) for one in (*DOOR.endpoints, *PUSHPAKA.endpoints)}

    assert not ours & {(one.method, one.path) for one in PROX.endpoints}


def test_guessing_is_limited_more_than_anything_else():
    limits = {one.path: one.limits for one in (*DOOR.endpoints, *PUSHPAKA.endpoints)}

    for path in ("/auth/register", "/auth/login", "/auth/password"):
        assert limits[f"/api/v1{path}"] is RateKind.SIGN_IN
    assert limits["/api/v1/projects"] is RateKind.DEPLOY
    assert limits["/api/v1/health"] == ()


async def test_fifty_requests_at_once_are_answered(api):
    answers = [await api.status("GET", "/projects", by="jane") for _ in range(50)]

    assert answers == [200] * 50


async def test_those_over_three_hundred_a_minute_wait(api):
    answers = [await api.ask("GET", "/projects", by="jane") for _ in range(301)]

    assert [one.status for one in answers[299:]] == [200, 429]
    assert (answers[-1].headers["retry-after"], list(answers[-1].json)) == ("60", ["error"])


@pytest.mark.parametrize("path", ["/auth/nothing", "/users/a/b", "/env/x", "/domains/a/b/c"])
async def test_a_path_that_leads_nowhere_is_told_in_its_words(api, path):
    answer = await api.ask("GET", path, by="root")

    assert (answer.status, list(answer.json)) == (404, ["error"])


@pytest.mark.parametrize("path", ["/api/nothing", "/api/pup/nothing", "/api/v1/nothing", "/x"])
@pytest.mark.parametrize("who", ["jane", "jane_ci"])
async def test_what_no_api_has_is_not_there_for_who_has_signed_in(api, path, who):
    found = await ask(api.port, [f"GET {path} HTTP/1.1", f"Authorization: Bearer {api.names[who]}"])

    assert found.status == 404
