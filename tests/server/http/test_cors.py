import pytest
from aiohttp import web

from pmdaemon.server.http.cors import let_origins_read

PAGE = "https://app.example.com"


@pytest.fixture
def client_for(aiohttp_client):
    async def client(*origins):
        async def hello(_request):
            return web.Response(text="hello")

        app = web.Application()
        routes = app.add_routes([web.get("/a", hello), web.post("/a", hello), web.put("/b", hello)])
        let_origins_read(app, routes, origins)
        return await aiohttp_client(app)

    return client


def asking(method, origin=PAGE):
    return {"Origin": origin, "Access-Control-Request-Method": method}


async def test_a_page_may_ask_for_every_method_of_a_path(client_for):
    client = await client_for("*")

    for path, method in (("/a", "GET"), ("/a", "POST"), ("/b", "PUT")):
        response = await client.options(path, headers=asking(method))
        assert response.status == 200
        assert response.headers["Access-Control-Allow-Methods"] == method
        assert response.headers["Access-Control-Max-Age"] == "600"


async def test_only_the_origins_that_were_chosen_may_read(client_for):
    client = await client_for(PAGE, "https://other.example.com")

    mine = await client.get("/a", headers={"Origin": PAGE})
    foreign = await client.get("/a", headers={"Origin": "https://evil.example.com"})

    assert mine.headers["Access-Control-Allow-Origin"] == PAGE
    assert "Access-Control-Allow-Origin" not in foreign.headers


async def test_without_origins_there_is_nothing_to_ask(client_for):
    client = await client_for()

    assert (await client.options("/a", headers=asking("GET"))).status == 405
    response = await client.get("/a", headers={"Origin": PAGE})
    assert "Access-Control-Allow-Origin" not in response.headers
