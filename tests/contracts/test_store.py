"""What every store does; run on the one in memory and on the one in SQLite."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.core.access import Token, TokenKind
from pmdaemon.core.errors import StoreUnavailable
from pmdaemon.core.process import Errored, Instant, Process, Stopped, Wish
from pmdaemon.core.services import ServiceSpec
from pmdaemon.core.spec import AppSpec, Command
from pmdaemon.engine.interfaces import Changes, GatewaySettings, Store, Stored, WebSettings
from tests.fakes.store import MemoryStore

EMPTY = Stored(processes=[], next_pm_id=0, boot_id=None, web=None, tokens=[])


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
    else:
        async with SqliteStore(tmp_path / "store.db") as opened:
            yield opened


def an_app(name: str, **changes: Any) -> AppSpec:
    command = Command(f"{name}.js", (), None, ("/usr/bin/node", f"/srv/{name}.js"))
    return AppSpec(name=name, command=command, cwd="/srv", **changes)


def a_process(pm_id: int, app: AppSpec | None = None, **changes: Any) -> Process:
    app = app or an_app(f"app-{pm_id}")
    created = Instant(wall=1_700_000_000.0, monotonic=100.0)
    return replace(Process(pm_id=pm_id, instance=0, spec=app, created=created), **changes)


async def test_a_new_store_holds_nothing(store: Store):
    assert await store.load() == EMPTY


async def test_what_was_written_is_read_back(store: Store):
    web, worker = a_process(0, tcp_port=3000), a_process(1, state=Errored("no such file"))

    await store.commit(Changes(written=[web, worker], next_pm_id=2, boot_id="b1", urgent=True))

    assert await store.load() == Stored(
        processes=[web, worker], next_pm_id=2, boot_id="b1", web=None, tokens=[]
    )


async def test_processes_come_back_in_the_order_of_their_ids(store: Store):
    await store.commit(Changes(written=[a_process(10), a_process(2)]))
    await store.commit(Changes(written=[a_process(7)]))

    assert [process.pm_id for process in (await store.load()).processes] == [2, 7, 10]


async def test_a_process_written_again_takes_the_place_of_the_former(store: Store):
    process = a_process(0)
    await store.commit(Changes(written=[process, a_process(1)]))

    changed = replace(process, state=Stopped(), wish=Wish.DOWN, epoch=9, restarts=3)
    await store.commit(Changes(written=[changed]))

    assert (await store.load()).processes == [changed, a_process(1)]


async def test_an_app_declared_anew_is_so_for_all_of_its_instances(store: Store):
    before, after = an_app("web"), an_app("web", max_memory=1000)
    await store.commit(Changes(written=[a_process(0, before), a_process(1, before, instance=1)]))

    await store.commit(Changes(written=[a_process(0, after)]))

    assert [process.spec for process in (await store.load()).processes] == [after, after]


async def test_a_removed_process_is_gone(store: Store):
    await store.commit(Changes(written=[a_process(0), a_process(1)]))

    await store.commit(Changes(removed=[0]))

    assert (await store.load()).processes == [a_process(1)]


async def test_removing_what_is_not_there_changes_nothing(store: Store):
    await store.commit(Changes(written=[a_process(0)]))

    await store.commit(Changes(removed=[5]))

    assert (await store.load()).processes == [a_process(0)]


async def test_an_app_outlives_the_removal_of_one_instance(store: Store):
    app = an_app("web")
    await store.commit(Changes(written=[a_process(0, app), a_process(1, app, instance=1)]))

    await store.commit(Changes(removed=[0]))

    assert (await store.load()).processes == [a_process(1, app, instance=1)]


async def test_an_id_can_be_given_to_another_app(store: Store):
    await store.commit(Changes(written=[a_process(0, an_app("old"))]))

    await store.commit(Changes(written=[a_process(0, an_app("new"))]))

    assert (await store.load()).processes == [a_process(0, an_app("new"))]


async def test_a_tcp_port_passes_on_with_the_removal_of_its_holder(store: Store):
    await store.commit(Changes(written=[a_process(0, tcp_port=3000)]))

    heir = a_process(1, tcp_port=3000)
    await store.commit(Changes(removed=[0], written=[heir]))

    assert (await store.load()).processes == [heir]


async def test_two_processes_exchange_their_tcp_ports(store: Store):
    one, other = a_process(0, tcp_port=3000), a_process(1, tcp_port=3001)
    await store.commit(Changes(written=[one, other]))

    exchanged = [replace(one, tcp_port=3001), replace(other, tcp_port=3000)]
    await store.commit(Changes(written=exchanged))

    assert (await store.load()).processes == exchanged


async def test_a_tcp_port_is_never_held_twice(store: Store):
    await store.commit(Changes(written=[a_process(0, tcp_port=3000)]))

    with pytest.raises(StoreUnavailable):
        await store.commit(Changes(written=[a_process(1, tcp_port=3000)]))

    assert (await store.load()).processes == [a_process(0, tcp_port=3000)]


async def test_a_refused_action_leaves_nothing_of_itself(store: Store):
    before = Changes(
        written=[a_process(0, tcp_port=3000), a_process(5)], next_pm_id=6, boot_id="b1"
    )
    await store.commit(before)
    held = await store.load()

    with pytest.raises(StoreUnavailable):
        await store.commit(
            Changes(
                written=[a_process(2, an_app("app-0", instances=9)), a_process(3, tcp_port=3000)],
                removed=[5],
                next_pm_id=9,
                boot_id="b2",
                web=WebSettings(),
            )
        )

    assert await store.load() == held


async def test_a_store_that_refused_an_action_takes_the_next(store: Store):
    await store.commit(Changes(written=[a_process(0, tcp_port=3000)]))
    with pytest.raises(StoreUnavailable):
        await store.commit(Changes(written=[a_process(1, tcp_port=3000)]))

    await store.commit(Changes(written=[a_process(1, tcp_port=3001)]))

    assert len((await store.load()).processes) == 2


async def test_a_declaration_that_went_down_with_its_action_is_written_with_the_next(store: Store):
    app = an_app("web")
    await store.commit(Changes(written=[a_process(0, tcp_port=3000)]))
    with pytest.raises(StoreUnavailable):
        await store.commit(Changes(written=[a_process(1, app), a_process(2, tcp_port=3000)]))

    await store.commit(Changes(written=[a_process(1, app)]))

    assert (await store.load()).processes[1] == a_process(1, app)


async def test_an_app_comes_back_as_it_was_declared_after_all_of_it_was_removed(store: Store):
    app = an_app("web")
    await store.commit(Changes(written=[a_process(0, app)]))
    await store.commit(Changes(removed=[0]))

    await store.commit(Changes(written=[a_process(0, app)]))

    assert (await store.load()).processes == [a_process(0, app)]


async def test_an_app_whose_id_was_given_away_comes_back_as_it_was_declared(store: Store):
    app = an_app("web")
    await store.commit(Changes(written=[a_process(0, app)]))
    await store.commit(Changes(written=[a_process(0, an_app("other"))]))

    await store.commit(Changes(written=[a_process(1, app)]))

    assert (await store.load()).processes == [a_process(0, an_app("other")), a_process(1, app)]


async def test_the_web_side_is_remembered_until_it_is_turned_off(store: Store):
    settings = WebSettings(host="0.0.0.0", tcp_port=80, api_key_digest="ab12")

    await store.commit(Changes(web=settings))
    remembered = await store.load()
    await store.commit(Changes(web_off=True))

    assert remembered.web == settings
    assert await store.load() == EMPTY


async def test_settings_that_an_action_does_not_mention_stay(store: Store):
    await store.commit(Changes(next_pm_id=4, boot_id="b1", web=WebSettings()))

    await store.commit(Changes(written=[a_process(0)]))
    held = await store.load()

    assert (held.next_pm_id, held.boot_id, held.web) == (4, "b1", WebSettings())


async def test_the_next_id_can_go_back_to_zero(store: Store):
    await store.commit(Changes(next_pm_id=4))

    await store.commit(Changes(next_pm_id=0))

    assert (await store.load()).next_pm_id == 0


async def test_an_action_that_changes_nothing_is_taken(store: Store):
    await store.commit(Changes(urgent=True))

    assert await store.load() == EMPTY


A_TOKEN = Token(
    name="ci",
    kind=TokenKind.CONSUMER,
    digest="ab12",
    grants=("read", "telemetry:3"),
    created=1_700_000_000.5,
    expires=1_700_003_600.0,
    former_digest="cd34",
    former_until=1_700_000_060.0,
    revoked=True,
)


async def test_tokens_are_read_back_by_name(store: Store):
    other = Token(name="a", kind=TokenKind.KEY, digest="ef", grants=("admin",), created=1.0)

    await store.commit(Changes(tokens_written=[A_TOKEN, other], urgent=True))

    assert (await store.load()).tokens == [other, A_TOKEN]


async def test_a_token_written_again_takes_the_place_of_the_former(store: Store):
    await store.commit(Changes(tokens_written=[A_TOKEN]))

    await store.commit(Changes(tokens_written=[replace(A_TOKEN, digest="99")]))

    assert (await store.load()).tokens == [replace(A_TOKEN, digest="99")]


async def test_a_removed_token_is_gone(store: Store):
    await store.commit(Changes(tokens_written=[A_TOKEN]))

    await store.commit(Changes(tokens_removed=["ci", "nobody"]))

    assert (await store.load()).tokens == []


async def test_services_and_how_the_gateway_listens_are_remembered(store):
    settings = GatewaySettings(http_port=80)
    web, db = ServiceSpec(name="web", app="web"), ServiceSpec(name="db", strategy="ip-hash")
    await store.commit(Changes(gateway=settings, services_written=[web, db]))

    stored = await store.load()
    assert (stored.gateway, list(stored.services)) == (settings, [db, web])

    await store.commit(Changes(gateway_off=True, services_removed=["db"]))

    stored = await store.load()
    assert (stored.gateway, list(stored.services)) == (None, [web])
