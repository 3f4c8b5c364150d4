import pytest
from aiohttp import ClientSession

from pmdaemon.engine.interfaces import WebSettings
from pmdaemon.server.http.dashboard.files import deploy_files, static_files
from pmdaemon.server.http.dashboard.routes import POLICY
from pmdaemon.server.keys import digest_of
from tests.support.engine import engine_on_fakes
from tests.support.web_side import turned_on

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
async def client(tmp_path):
    """A client that knows no key, of a server that has one."""
    locked = WebSettings("127.0.0.1", 0, digest_of("sesame"))
    async with (
        engine_on_fakes(tmp_path) as parts,
        turned_on(parts, locked) as server,
        ClientSession(server.address) as session,
    ):
        yield session


def path_of(name):
    return f"/dashboard/{static_files().version}/{name}"


async def test_a_browser_gets_the_page_without_a_key(client):
    answer = await client.get("/", headers=BROWSER)

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert await answer.read() == static_files().page.body


async def test_anybody_else_gets_json_from_the_same_address(client):
    answer = await client.get("/")

    assert (await answer.json())["name"] == "PMDaemon"
    assert answer.headers.getall("Vary") == ["Accept", "Origin"]


async def test_caches_keep_the_two_apart(client):
    answer = await client.get("/", headers=BROWSER)

    assert "Accept, Accept-Encoding" in answer.headers.getall("Vary")


async def test_the_page_may_do_nothing_but_what_its_files_say(client):
    answer = await client.get("/", headers=BROWSER)

    policy = answer.headers["Content-Security-Policy"]
    assert policy == POLICY
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


async def test_the_page_is_asked_for_each_time_and_sent_when_it_is_new(client):
    first = await client.get("/", headers=BROWSER)
    again = await client.get("/", headers={**BROWSER, "If-None-Match": first.headers["ETag"]})
    other = await client.get("/", headers={**BROWSER, "If-None-Match": 'W/"other"'})

    assert first.headers["Cache-Control"] == "no-cache"
    assert (again.status, await again.read()) == (304, b"")
    assert other.status == 200


async def test_what_a_browser_has_kept_stays_under_the_same_policy(client):
    first = await client.get("/", headers=BROWSER)
    again = await client.get("/", headers={**BROWSER, "If-None-Match": first.headers["ETag"]})

    assert again.status == 304
    assert again.headers["Content-Security-Policy"] == POLICY


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("main.js", "text/javascript; charset=utf-8"),
        ("base.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml; charset=utf-8"),
    ],
)
async def test_its_files_are_kept_for_ever(client, name, content_type):
    answer = await client.get(path_of(name))

    assert answer.status == 200
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert await answer.read() == static_files().others[name].body


async def test_a_page_from_before_an_update_gets_todays_files_for_once(client):
    answer = await client.get("/dashboard/0123456789abcdef/main.js")

    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "name", ["nothing.js", "index.html", "..%2Ffiles.py", "%2e%2e%2fapp.py", "__init__.py", "%00"]
)
async def test_there_is_nothing_else_to_be_had(client, name):
    answer = await client.get(path_of(name))

    assert answer.status == 404
    assert (await answer.json())["error"]["code"] == "NOT_FOUND"


async def test_files_are_compressed_for_who_takes_them_so(client):
    plain = await client.get(path_of("parts.css"), headers={"Accept-Encoding": "identity"})
    packed = await client.get(path_of("parts.css"), headers={"Accept-Encoding": "gzip"})

    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert await packed.read() == await plain.read()


async def test_a_head_tells_the_same_without_the_body(client):
    answer = await client.head("/", headers=BROWSER)

    assert answer.status == 200
    assert answer.headers["Content-Security-Policy"] == POLICY


async def test_a_foreign_name_gets_no_page_where_there_is_no_key(tmp_path):
    async with (
        engine_on_fakes(tmp_path) as parts,
        turned_on(parts) as server,
        ClientSession(server.address) as session,
    ):
        answer = await session.get("/", headers={**BROWSER, "Host": "evil.example"})

    assert answer.status == 403


async def test_the_page_of_deployments_is_for_everybody_and_as_strict(client):
    answer = await client.get("/deploy")

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert await answer.read() == deploy_files().page.body


async def test_its_files_are_kept_for_ever_and_belong_together(client):
    version = deploy_files().version

    answer = await client.get(f"/deploy/{version}/deploy.js")
    shared = await client.get(f"/deploy/{version}/base.css")
    older = await client.get("/deploy/0123456789abcdef/deploy.js")
    missing = await client.get(f"/deploy/{version}/main.js")

    assert (answer.status, shared.status, older.status, missing.status) == (200, 200, 200, 404)
    assert "immutable" in answer.headers["Cache-Control"]
    assert older.headers["Cache-Control"] == "no-cache"
