import base64

import aiohttp
import pytest
from aiohttp import web

from pmdaemon.server.http.pushpaka import code
from tests.support.deploying import Scene


@pytest.fixture
async def scene(api):
    scene = Scene(api.parts)
    yield scene
    await scene.deployer.close()


@pytest.fixture
async def git(api):
    async with aiohttp.ClientSession() as session:

        async def ask(method, path, password=None, name="git"):
            headers = {"Git-Protocol": "version=2"}
            if password is not None:
                words = f"{name}:{api.names.get(password, password)}".encode()
                headers["Authorization"] = f"Basic {base64.b64encode(words).decode()}"
            url = f"http://127.0.0.1:{api.port}/git/{path}"
            async with session.request(method, url, headers=headers, data=b"pack") as answer:
                return answer.status, await answer.text(), answer.headers

        yield ask


REFS = "shop.git/info/refs?service=git-receive-pack"


@pytest.mark.parametrize("password", ["jane", "jane_ci", "root", "key"])
async def test_a_token_is_the_password(api, scene, git, password):
    status, text, headers = await git("GET", REFS, password)

    assert (status, text, headers["Content-Type"]) == (200, "0000", "application/x-git")
    (asked,) = api.parts.deploying.code.requests
    assert (asked.service, asked.protocol) == ("info/refs", "version=2")
    assert asked.query == "service=git-receive-pack"


async def test_a_query_is_handed_on_as_it_came(api, scene, git):
    status, _, _ = await git("GET", f"{REFS}&x=%00%0A", "jane")

    assert status == 200
    assert api.parts.deploying.code.requests[0].query == "service=git-receive-pack&x=%00%0A"


@pytest.mark.parametrize("password", [None, "wrong", "", "a.b.c"])
async def test_who_has_none_is_asked_for_one(scene, git, password):
    status, _, headers = await git("GET", REFS, password)

    assert status == 401
    assert headers["WWW-Authenticate"].startswith("Basic ")


async def test_projects_of_others_are_not_there(scene, git):
    status, text, _ = await git("GET", REFS, "joe")

    assert (status, text) == (404, "no project is called shop\n")


async def test_what_is_pushed_to_the_branch_is_deployed(api, scene, git):
    api.parts.deploying.code.pushed = {"main": "b" * 40}

    status, text, _ = await git("POST", "shop.git/git-receive-pack", "jane_ci")

    assert (status, text) == (200, "0000")
    (waiting,) = scene.parts.queue.waiting
    assert (waiting.commit_sha, waiting.user_id) == ("b" * 40, api.names["jane_id"])


async def test_a_push_is_deployed_though_its_sender_has_gone(api, scene, git, monkeypatch):
    class Gone(web.StreamResponse):
        async def prepare(self, _request):
            raise ConnectionResetError

    monkeypatch.setattr(code.web, "StreamResponse", Gone)
    api.parts.deploying.code.pushed = {"main": "b" * 40}

    with pytest.raises(aiohttp.ClientError):
        await git("POST", "shop.git/git-receive-pack", "jane_ci")

    (waiting,) = scene.parts.queue.waiting
    assert waiting.commit_sha == "b" * 40


async def test_what_was_pushed_can_be_fetched(api, scene, git):
    assert (await git("POST", "shop.git/git-upload-pack", "jane"))[0] == 200
    assert scene.parts.queue.waiting == []


@pytest.mark.parametrize("query", ["", "?service=git-shell", "?service=../x"])
async def test_only_the_smart_protocol_is_spoken(scene, git, query):
    assert (await git("GET", f"shop.git/info/refs{query}", "jane"))[0] == 403


async def test_a_password_that_is_no_text_is_none(api, scene):
    async with aiohttp.ClientSession() as session:
        for words in ("Basic !!!", "Basic /w==", "Basic", "Digest x"):
            url = f"http://127.0.0.1:{api.port}/git/{REFS}"
            async with session.get(url, headers={"Authorization": words}) as answer:
                assert answer.status == 401


async def test_a_key_that_is_not_for_deploying_is_refused(scene, git):
    assert (await git("GET", REFS, "reader"))[0] == 403
