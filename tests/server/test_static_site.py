import pytest
from aiohttp import encode_basic_auth
from aiohttp.test_utils import TestClient, TestServer

from pmdaemon.core.errors import InvalidInput
from pmdaemon.server.static_site import application, site_of


@pytest.fixture
def folder(tmp_path):
    site = tmp_path / "site"
    (site / "sub").mkdir(parents=True)
    (site / "index.html").write_text("home")
    (site / "sub" / "a b.txt").write_text("text")
    (tmp_path / "secret").write_text("secret")
    (site / "link").symlink_to(tmp_path / "secret")
    return site


@pytest.fixture
async def get(folder):
    clients = []

    async def ask(path, *, auth=None, **variables):
        headers = {} if auth is None else {"Authorization": encode_basic_auth(*auth)}
        site = site_of({"PM2_SERVE_PATH": str(folder), **variables})
        client = TestClient(TestServer(application(site)))
        clients.append(client)
        await client.start_server()
        from yarl import URL

        answer = await client.get(URL(path, encoded=True), headers=headers)
        return answer.status, await answer.text(), answer.headers

    yield ask
    for client in clients:
        await client.close()


async def test_files_are_served_to_everybody(get):
    status, text, headers = await get("/sub/a%20b.txt")

    assert (status, text) == (200, "text")
    assert headers["Access-Control-Allow-Origin"] == "*"


async def test_a_folder_is_its_home_page_or_not_there(get):
    assert (await get("/"))[:2] == (200, "home")
    assert (await get("/sub"))[0] == 404


async def test_a_folder_is_listed_where_that_is_asked_for(get):
    status, text, _ = await get("/sub/", PM2_SERVE_FTP="true")

    assert status == 200
    assert '<a href="a%20b.txt">a b.txt</a>' in text


async def test_the_page_of_the_folder_is_shown_for_what_is_not_there(get, folder):
    assert (await get("/nothing"))[0] == 404

    (folder / "404.html").write_text("nope")
    assert (await get("/nothing"))[:2] == (404, "nope")


async def test_a_single_page_answers_everything_that_is_not_there(get):
    assert (await get("/some/where", PM2_SERVE_SPA="true"))[:2] == (200, "home")


@pytest.mark.parametrize(
    "path", ["/../secret", "/%2e%2e/secret", "/sub/..%2f..%2fsecret", "/link", "/%2fetc/passwd"]
)
async def test_nothing_outside_of_the_folder_is_served(get, path):
    status, text, _ = await get(path)

    assert status in {403, 404}
    assert "secret" not in text
    assert "root" not in text


async def test_a_path_that_is_none_is_refused(get):
    assert (await get("/a%00b"))[0] in {400, 403, 404}


async def test_nobody_else_is_let_in(get):
    who = {"PM2_SERVE_BASIC_AUTH_USERNAME": "u", "PM2_SERVE_BASIC_AUTH_PASSWORD": "p"}

    status, _, headers = await get("/", **who)

    assert status == 401
    assert headers["WWW-Authenticate"].startswith("Basic ")
    assert (await get("/", auth=("u", "wrong"), **who))[0] == 401
    assert (await get("/", auth=("u", "p"), **who))[0] == 200


@pytest.mark.parametrize(
    "variables",
    [{"PM2_SERVE_PATH": "/nowhere"}, {"PM2_SERVE_PORT": "x"}, {"PM2_SERVE_PORT": "70000"},
     {"PM2_SERVE_BASIC_AUTH_USERNAME": "u"}],
)  # fmt: skip
def test_what_cannot_be_served_is_refused(variables):
    with pytest.raises(InvalidInput):
        site_of(variables)


def test_a_password_is_not_shown(tmp_path):
    who = {"PM2_SERVE_BASIC_AUTH_USERNAME": "u", "PM2_SERVE_BASIC_AUTH_PASSWORD": "hush"}

    assert "hush" not in repr(site_of({"PM2_SERVE_PATH": str(tmp_path), **who}))
