from pmdaemon.core.errors import OperationFailed


async def test_a_role_counts_from_the_next_request_on(api):
    assert await api.status("GET", "/users", by="jane") == 403

    await api.ask("PUT", "/users/{jane_id}", {"role": "admin"}, by="root")

    assert await api.status("GET", "/users", by="jane") == 200
    assert (await api.ask("GET", "/projects", by="jane")).json["total"] == 2


async def test_a_session_of_an_administrator_opens_the_apis_of_the_machine(api):
    lines = [f"Authorization: Bearer {api.names['root']}"]

    assert await api.status("GET", "/status", headers=lines) == 200


async def test_a_user_whose_programs_cannot_be_ended_stays(api):
    api.parts.platform.follower.failure = OperationFailed("shop@3 does not end")

    answer = await api.ask("DELETE", "/users/{jane_id}", by="root")

    assert (answer.status, answer.json) == (409, {"error": "shop@3 does not end"})
    assert await api.status("GET", "/projects/{shop}", by="jane") == 200


async def test_whoever_is_invited_registers_once(api):
    made = await api.ask("POST", "/auth/invitations", {}, by="root")
    lee = {"email": "lee@example.com", "name": "Lee Doe", "password": "securepassword"}
    invited = {**lee, "invitation": made.json["invitation"]}

    assert await api.status("POST", "/auth/register", invited) == 201
    assert await api.status("POST", "/auth/register", {**invited, "email": "l@b.co"}) == 403
