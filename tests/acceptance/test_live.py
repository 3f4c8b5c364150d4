"""What a real daemon pushes, to clients that stay while everything around them ends."""

import asyncio
import json
import os
import signal
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientConnectionError, ClientSession, TCPConnector, WSMsgType

from tests.acceptance.conftest import FOREVER
from tests.support.ports import free_port
from tests.support.waiting import eventually

KEY = {"X-API-Key": "sesame"}

COUNTER = """
import itertools, time
for number in itertools.count():
    print(number, flush=True)
    time.sleep(0.002)
"""


@pytest.fixture
def address(pmdaemon):
    """The web side, on for good and with a key."""
    port = free_port()
    pmdaemon.environment["PMDAEMON_API_KEY"] = KEY["X-API-Key"]
    pmdaemon.run("web", "--port", str(port), "--detach", "--rate-limit", "off")
    return f"http://127.0.0.1:{port}"


async def run(pmdaemon, *arguments):
    return await asyncio.to_thread(pmdaemon.run, *arguments)


@asynccontextmanager
async def watching(address):
    async with (
        ClientSession() as session,
        session.ws_connect(f"{address}/ws", headers=KEY) as socket,
    ):
        yield socket


async def frame(socket):
    """Read the next message; None when the other side has hung up."""
    async with asyncio.timeout(60):
        message = await socket.receive()
    return json.loads(message.data) if message.type is WSMsgType.TEXT else None


async def until(socket, kind, **data):
    while found := await frame(socket):
        if found["type"] == kind and data.items() <= found["data"].items():
            return found["data"]
    raise AssertionError(f"no {kind} with {data} before the end")


async def test_a_watcher_sees_a_program_crash_and_come_back(pmdaemon, address):
    await run(pmdaemon, "start", FOREVER, "--name", "app")
    pid = await asyncio.to_thread(pmdaemon.pid, "app")
    async with watching(address) as socket:
        assert (await frame(socket))["data"][0]["pid"] == pid

        os.kill(pid, signal.SIGKILL)

        crash = await until(socket, "process_event", event="crashed")
        assert crash["details"]["exit"] == {"code": None, "signal": 9}
        assert crash["details"]["pid"] == pid
        again = await until(socket, "process_event", event="started")
        assert again["details"]["pid"] != pid


async def test_no_line_is_missed_or_doubled_while_daemons_come_and_go(pmdaemon, address):
    script = pmdaemon.script("counter.py", COUNTER)
    await run(pmdaemon, "start", str(script), "--name", "counter")
    numbers, cursor = [], None

    async def follow(enough):
        """Read numbers until there are enough, or the daemon is gone."""
        nonlocal cursor
        async with watching(address) as socket:
            begin = {"cursor": cursor} if cursor else {"lines": 1000}
            data = {"processes": ["counter"], "stream": "out", **begin}
            await socket.send_json({"type": "subscribe", "data": data})
            while len(numbers) < enough and (found := await frame(socket)):
                if found["type"] == "log_message":
                    numbers.append(int(found["data"]["message"]))
                    cursor = found["data"]["cursor"]

    async def follow_through(enough):
        while len(numbers) < enough:
            try:
                await follow(enough)
            except ClientConnectionError:
                await eventually(lambda: True)  # killed in the midst of a handshake

    for verb in ("update", None):
        reading = asyncio.get_running_loop().create_task(follow_through(len(numbers) + 600))
        await eventually(lambda: cursor)
        await (run(pmdaemon, verb) if verb else asyncio.to_thread(pmdaemon.kill_daemon))
        await reading

    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


async def test_a_watcher_is_sent_on_to_the_next_daemon(pmdaemon, address):
    async with watching(address) as socket:
        await frame(socket)
        updating = asyncio.get_running_loop().create_task(run(pmdaemon, "update"))
        while await frame(socket):
            pass
        assert socket.close_code == 1001
        async with watching(address) as next_socket:
            assert (await frame(next_socket))["type"] == "process_list"
        await updating


async def test_every_one_of_many_watchers_is_told(pmdaemon, address):
    await run(pmdaemon, "start", FOREVER, "--name", "app")
    async with ClientSession(connector=TCPConnector(limit=0)) as session:
        crowd = []
        async with asyncio.TaskGroup() as told:
            for _ in range(300):
                crowd.append(socket := await session.ws_connect(f"{address}/ws", headers=KEY))
                # At once, as who does not read answers no ping.
                told.create_task(until(socket, "process_event", event="stopped"))

            await run(pmdaemon, "stop", "app")

        for socket in crowd:
            await socket.close()
