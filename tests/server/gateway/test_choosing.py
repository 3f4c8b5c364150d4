import asyncio

import pytest

from pmdaemon.core.routing import Mode, RouteTable, Service, Target, TargetState
from pmdaemon.server.gateway.choosing import Chooser

A, B = Target("127.0.0.1", 1), Target("127.0.0.1", 2)
COMING = Target("127.0.0.1", 3, TargetState.ADDING)


def table(*targets, mode=Mode.SERVING):
    return RouteTable((), {"app": Service("app", targets, mode=mode)})


@pytest.fixture
async def chooser():
    chooser = Chooser()
    chooser.swap(table(A, B))
    return chooser


async def test_a_swap_tells_which_addresses_are_gone(chooser):
    assert chooser.swap(table(B)) == {A.address}


async def test_what_was_tried_is_not_chosen_again(chooser):
    assert chooser.choose("app", "client", [A.address]) == B
    assert chooser.choose("app", "client", [A.address, B.address]) is None
    assert chooser.choose("other", "client", []) is None


async def test_nothing_is_waited_for_that_will_not_come(chooser):
    soon = asyncio.get_running_loop().time() + 5.0
    chooser.swap(table())

    assert await chooser.target("app", "client", [], soon) is None
    chooser.swap(table(A, mode=Mode.MAINTENANCE))
    assert await chooser.target("app", "client", [], soon) is None


async def test_patience_ends(chooser):
    chooser.swap(table(COMING))
    now = asyncio.get_running_loop().time()

    assert await chooser.target("app", "client", [], now + 0.01) is None


async def test_a_service_that_goes_while_it_is_waited_for_is_not_waited_for(chooser):
    chooser.swap(table(COMING))
    soon = asyncio.get_running_loop().time() + 5.0
    waiting = asyncio.ensure_future(chooser.target("app", "client", [], soon))
    await asyncio.sleep(0)

    chooser.swap(RouteTable())

    assert await waiting is None


async def test_what_a_target_has_to_do_is_counted(chooser):
    with chooser.busy_with("app", A), chooser.busy_with("app", A):
        assert chooser.busy("app", A) == 2
        assert not await chooser.drained("app", A, within=0.01)
    assert chooser.busy("app", A) == 0
    assert await chooser.drained("app", A, within=0.01)


async def test_what_has_no_end_of_its_own_is_not_waited_for(chooser):
    with chooser.busy_with("app", A) as goes_on, chooser.busy_with("app", A):
        drained = asyncio.ensure_future(chooser.drained("app", A, within=60.0))
        goes_on()
        await asyncio.sleep(0)
        assert not drained.done()
        with chooser.busy_with("app", A):
            pass
        assert chooser.busy("app", A) == 2
        assert not drained.done()
    assert await drained


async def test_what_goes_on_alone_has_drained(chooser):
    with chooser.busy_with("app", A) as goes_on:
        drained = asyncio.ensure_future(chooser.drained("app", A, within=None))
        await asyncio.sleep(0)
        goes_on()
        assert await drained
        assert chooser.busy("app", A) == 1
    with chooser.busy_with("app", A):
        assert not await chooser.drained("app", A, within=0.01)


async def test_a_service_that_is_gone_drains_all_the_same(chooser):
    with chooser.busy_with("app", A):
        chooser.swap(RouteTable())
        drained = asyncio.ensure_future(chooser.drained("app", A, within=60.0))
        await asyncio.sleep(0)
        assert not drained.done()
    assert await drained
