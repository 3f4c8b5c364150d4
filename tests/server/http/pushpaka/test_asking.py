import pytest
from aiohttp.test_utils import make_mocked_request

from pmdaemon.server.http.pushpaka.asking import here


@pytest.mark.parametrize(
    "query",
    ["limit=-1", "limit=1.5", "limit=", "offset=-1", "limit=%C2%B2", "offset=x", "limit=1e3"],
)
async def test_a_part_of_a_list_that_is_none_is_refused(api, query):
    assert await api.status("GET", f"/projects?{query}", by="jane") == 400


@pytest.mark.parametrize("query", ["limit=99999999999999999999", "offset=99999999999999999999"])
async def test_more_than_there_can_be_is_all_there_is(api, query):
    answer = await api.ask("GET", f"/projects?{query}", by="jane")

    assert (answer.status, answer.json["total"]) == (200, 1)


@pytest.mark.parametrize("body", ["", "null", "{", "[]", '"x"', "7", '{"name": 7}'])
async def test_a_body_that_is_none_is_refused(api, body):
    for method, path in (("POST", "/projects"), ("POST", "/env"), ("POST", "/domains")):
        assert await api.status(method, path, body, by="jane") == 400


async def test_who_has_no_account_is_the_operator(api):
    made = await api.ask("POST", "/projects", {"name": "ours", "repo_url": "/srv/x"}, by="key")

    assert made.json["user_id"] == "00000000-0000-0000-0000-000000000000"
    assert await api.status("GET", f"/projects/{made.json['id']}", by="root") == 200
    assert await api.status("GET", f"/projects/{made.json['id']}", by="jane") == 404


async def test_a_key_that_may_deploy_only_sees_what_is_the_operators(api):
    _, key = await api.parts.engine.tokens.make("deployer", scopes=["deploy"])

    assert (await api.ask("GET", "/projects", by=key)).json["total"] == 0
    assert await api.status("GET", "/projects/{shop}", by=key) == 404
    local = {"name": "ours", "repo_url": "/srv/x"}
    assert await api.status("POST", "/projects", local, by=key) == 400


@pytest.mark.parametrize(
    ("headers", "where"),
    [
        ({"Host": "example.com"}, "http://example.com"),
        ({"Host": "example.com", "X-Forwarded-Proto": "https"}, "https://example.com"),
        ({"Host": "example.com:99999999"}, "http://example.com:99999999"),
        ({"Host": "example.com:port"}, "http://example.com:port"),
        ({"Host": "::1"}, "http://::1"),
    ],
)
def test_we_are_where_we_were_asked_whatever_that_is(headers, where):
    assert here(make_mocked_request("GET", "/", headers=headers)) == where
