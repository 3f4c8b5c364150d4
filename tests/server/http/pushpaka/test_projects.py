from pmdaemon.core.errors import OperationFailed
from pmdaemon.core.project_fields import FIELDS
from pmdaemon.server.http.pushpaka.projects import OTHER_NAMES


async def test_what_is_live_is_told(api):
    api.parts.platform.follower.live.add(api.names["shop"])

    project = (await api.ask("GET", "/projects/{shop}", by="jane")).json

    assert (project["status"], project["url"]) == ("active", "http://shop.localhost")


async def test_every_field_can_be_set_and_is_shown(api):
    shown = (await api.ask("GET", "/projects/{shop}", by="jane")).json
    called = {field: name for name, field in OTHER_NAMES.items()}

    assert {called.get(field, field) for field in FIELDS} <= set(shown)


async def test_what_nobody_sets_cannot_be_set(api):
    forged = {"user_id": api.names["root_id"], "slug": "admin", "id": "1", "status": "active"}

    changed = await api.ask("PUT", "/projects/{shop}", forged, by="jane")

    assert changed.json["slug"] == "shop"
    assert changed.json["user_id"] == api.names["jane_id"]


async def test_a_project_whose_programs_cannot_be_ended_stays(api):
    api.parts.platform.follower.failure = OperationFailed("shop@3 does not end")

    answer = await api.ask("DELETE", "/projects/{shop}", by="jane")

    assert (answer.status, answer.json) == (409, {"error": "shop@3 does not end"})
    assert await api.status("GET", "/projects/{shop}", by="jane") == 200


async def test_an_administrator_may_name_a_folder_and_a_program_of_theirs_may_not(api):
    root = api.platform.accounts.named("root@example.com")
    _, token = await api.platform.accounts.api_tokens.make(root.id, "ci")
    local = {"name": "local", "repo_url": "/srv/local.git"}

    assert await api.status("POST", "/projects", local, by="root") == 201
    assert await api.status("POST", "/projects", local, by=token) == 400


async def test_what_cannot_be_set_is_called_as_it_was_given(api):
    for name, other in OTHER_NAMES.items():
        answer = await api.ask("PUT", "/projects/{shop}", {name: -1}, by="jane")

        assert answer.status == 400
        assert answer.json["error"].startswith(f"cannot use {name}: ")
        assert f" {other}:" not in answer.json["error"]
