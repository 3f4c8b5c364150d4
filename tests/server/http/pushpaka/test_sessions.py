from datetime import UTC, datetime

import pytest

from pmdaemon.core.accounts import AccountRules
from pmdaemon.core.errors import StoreUnavailable

LEE = {"email": "lee@example.com", "name": "Lee Doe", "password": "securepassword"}


async def test_who_registers_is_signed_in(api):
    answer = await api.ask("POST", "/auth/register", LEE, by="root")

    assert await api.status("GET", "/auth/me", by=answer.json["token"]) == 200


async def test_nobody_registers_without_leave(api):
    assert await api.status("POST", "/auth/register", LEE) == 403


async def test_registration_can_be_opened(api):
    api.parts.platform.rules = AccountRules(open_registration=True)

    answer = await api.ask("POST", "/auth/register", LEE)

    assert (answer.status, answer.json["user"]["role"]) == (201, "user")


async def test_times_are_as_written_in_the_reference(api):
    created = (await api.ask("GET", "/auth/me", by="jane")).json["created_at"]

    assert datetime.fromisoformat(created) == datetime.fromtimestamp(
        api.parts.clock.now().wall, UTC
    )


async def test_what_cannot_be_stored_has_not_happened(api):
    api.parts.platform.store.failure = StoreUnavailable("disk full")

    answer = await api.ask("POST", "/auth/register", LEE, by="root")

    assert (answer.status, answer.json) == (503, {"error": "disk full"})


async def test_changes_are_noted_down_by_who_made_them_and_without_secrets(api):
    await api.ask("POST", "/auth/login", {"email": "jane@example.com", "password": "wrong-one"})
    await api.ask("POST", "/auth/tokens", {"name": "bot"}, by="jane")

    noted = [entry for entry in api.parts.audit.entries if entry["method"] == "POST"]
    assert [(one["who"], one["path"], one["status"]) for one in noted] == [
        ("anybody", "/api/v1/auth/login", 401),
        ("jane@example.com", "/api/v1/auth/tokens", 201),
    ]
    assert "wrong-one" not in str(noted)
    assert "made-key" not in str(noted)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_a_scheme_is_the_same_in_capitals(api, scheme):
    headers = [f"Authorization: {scheme} {api.names['jane']}"]

    assert await api.status("GET", "/auth/me", headers=headers) == 200


async def test_what_the_settings_revoke_lets_nobody_in(api):
    api.parts.revocations.revoked = {"jane@example.com"}

    for token in ("jane", "jane_ci"):
        assert await api.status("GET", "/projects", by=token) == 401


async def test_a_token_that_no_calendar_has_an_end_for_is_not_made(api):
    body = {"name": "bot", "expires_in": 1e308}
    before = (await api.ask("GET", "/auth/tokens", by="jane")).json["total"]

    assert await api.status("POST", "/auth/tokens", body, by="jane") == 400

    assert (await api.ask("GET", "/auth/tokens", by="jane")).json["total"] == before
