import asyncio

import pytest
from aiohttp.test_utils import make_mocked_request

from pmdaemon.server.http.event_streams import cursor_of, until


@pytest.mark.parametrize(
    ("path", "headers", "cursor"),
    [
        ("/", {}, None),
        ("/?cursor=", {}, None),
        ("/?cursor=1.2", {}, "1.2"),
        ("/?cursor=1.2", {"Last-Event-ID": "1.3"}, "1.3"),
    ],
)
def test_a_cursor_comes_in_a_header_or_in_the_query(path, headers, cursor):
    assert cursor_of(make_mocked_request("GET", path, headers=headers)) == cursor


async def test_work_goes_on_until_it_is_done():
    done = []

    async def work():
        await asyncio.sleep(0)
        done.append(True)

    await until({asyncio.Event()}, work())

    assert done == [True]


async def test_work_is_left_when_everything_is_over():
    over, left = asyncio.Event(), []

    async def work():
        over.set()
        try:
            await asyncio.Event().wait()
        finally:
            left.append(True)

    await until({asyncio.Event(), over}, work())

    assert left == [True]


async def test_what_goes_wrong_is_not_lost():
    async def work():
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await until({asyncio.Event()}, work())
