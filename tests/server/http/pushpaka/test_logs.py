import asyncio
from pathlib import Path

import aiohttp
import pytest

from pmdaemon.core.accounts import THE_OPERATOR
from tests.server.http.pushpaka.test_deployments import deploy, scene
from tests.support.waiting import eventually

__all__ = ["deploy", "scene"]


@pytest.fixture
async def client():
    async with aiohttp.ClientSession() as session:
        yield session


def url(api, path):
    return f"http://127.0.0.1:{api.port}/api/v1{path}"


async def test_a_log_has_the_shape_that_clients_know(api, deploy):
    live = await deploy()

    data = (await api.ask("GET", f"/logs/{live['id']}", by="jane")).json["data"]

    assert data[0] == {
        "id": f"{live['id']}-1",
        "deployment_id": live["id"],
        "number": 1,
        "level": "info",
        "stream": "system",
        "message": "queued",
        "created_at": data[0]["created_at"],
    }
    assert [one["number"] for one in data] == list(range(1, len(data) + 1))


async def test_lines_can_be_chosen(api, deploy):
    live = await deploy()
    path = f"/logs/{live['id']}"

    async def messages(query):
        answer = await api.ask("GET", f"{path}?{query}", by="jane")
        return [one["message"] for one in answer.json["data"]]

    assert await messages("limit=1") == ["queued"]
    assert await messages("since=1&limit=1") != ["queued"]
    assert await messages("stream=stderr") == ["Receiving objects: 100%"]
    assert len(await messages("level=success")) == 1
    for query in ("level=loud", "stream=x", "since=-1", "limit=x"):
        assert await api.status("GET", f"{path}?{query}", by="jane") == 400


async def test_a_websocket_replays_pushes_and_ends(api, scene, client):
    asked = await api.ask("POST", "/deployments", {"project_id": api.names["shop"]}, by="jane")
    path = url(api, f"/logs/{asked.json['id']}/stream?token={api.names['jane']}")
    seen = []

    async def read():
        async with client.ws_connect(path) as socket:
            seen.extend([message.json()["message"] async for message in socket])
            return socket.close_code

    reading = asyncio.get_running_loop().create_task(read())
    await scene.ended(await scene.deployments.get(asked.json["id"]))

    assert await asyncio.wait_for(reading, 60) == 1000
    assert (seen[0], seen[-1]) == ("queued", "live at http://shop.localhost:9680")
    assert len(seen) == len(set(seen))


async def test_the_websocket_of_a_deployment_at_its_end_closes_by_itself(api, deploy, client):
    live = await deploy()

    async with client.ws_connect(
        url(api, f"/logs/{live['id']}/stream?since=3"),
        headers={"Authorization": f"Bearer {api.names['jane']}"},
    ) as socket:
        numbers = [message.json()["number"] async for message in socket]

    assert numbers[0] == 4
    assert socket.close_code == 1000


async def test_a_token_in_the_path_is_good_for_websockets_alone(api, deploy, client):
    live = await deploy()

    for path in (f"/logs/{live['id']}", f"/logs/{live['id']}/events", "/deployments"):
        async with client.get(url(api, f"{path}?token={api.names['jane']}")) as answer:
            assert answer.status == 401


async def test_events_are_pushed_and_end(api, scene, client):
    asked = await api.ask("POST", "/deployments", {"project_id": api.names["shop"]}, by="jane")
    headers = {"Authorization": f"Bearer {api.names['jane']}"}

    async def read():
        async with client.get(
            url(api, f"/logs/{asked.json['id']}/events"), headers=headers
        ) as answer:
            assert answer.headers["Content-Type"].startswith("text/event-stream")
            return await answer.text()

    reading = asyncio.get_running_loop().create_task(read())
    await scene.ended(await scene.deployments.get(asked.json["id"]))
    text = await asyncio.wait_for(reading, 60)

    assert text.startswith('id: 1\ndata: {"id":')
    assert text.endswith('event: end\ndata: {"status": "running"}\n\n')


async def test_who_has_seen_all_is_not_to_come_back(api, deploy, client):
    live = await deploy()
    headers = {"Authorization": f"Bearer {api.names['jane']}", "Last-Event-ID": "999"}

    async with client.get(url(api, f"/logs/{live['id']}/events"), headers=headers) as answer:
        assert answer.status == 204


async def test_a_client_that_goes_leaves_nothing_behind(api, scene, client):
    await scene.projects.change(THE_OPERATOR, "shop", {"build_command": "make"})
    scene.builder.held["make"] = asyncio.Event()
    asked = await api.ask("POST", "/deployments", {"project_id": api.names["shop"]}, by="jane")
    path = url(api, f"/logs/{asked.json['id']}/stream?token={api.names['jane']}")
    async with client.ws_connect(path) as socket:
        await socket.receive_json(timeout=60)
        await eventually(lambda: scene.parts.followers._waiting)

    await eventually(lambda: not scene.parts.followers._waiting)


async def test_what_the_programs_print_is_apart_from_the_build(api, scene, deploy):
    live = await deploy()
    (process,) = scene.world.supervisor.processes.values()
    out, err = scene.world.capture.files(process.name, 0)
    Path(out).write_text("up\n")
    Path(err).write_text("careful\n")

    answer = await api.ask("GET", f"/deployments/{live['id']}/output", by="jane")

    found = {(one["stream"], one["message"], one["app"]) for one in answer.json["data"]}
    assert found == {("stdout", "up", "shop@1"), ("stderr", "careful", "shop@1")}
    assert await api.status("GET", f"/deployments/{live['id']}/output", by="joe") == 404
