"""What is particular to the store in SQLite; what every store does is in the contract."""

import asyncio
import json
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from pmdaemon.adapters.sqlite.connection import JOURNAL_SIZE
from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.core.errors import StoreUnavailable
from pmdaemon.core.process import (
    Backoff,
    Cause,
    Errored,
    Exit,
    Exited,
    Identity,
    Instant,
    Online,
    Process,
    Run,
    Starting,
    Stopping,
    Wish,
)
from pmdaemon.core.spec import AppSpec, Command, LogPolicy, RestartPolicy, StopPolicy
from pmdaemon.core.tcp_ports import TcpPorts
from pmdaemon.engine.interfaces import Changes, Stored, WebSettings
from tests.support.committer import numbers_in
from tests.support.disks import fill, small_disk

DATA = Path(__file__).parents[2] / "data"

WEB = AppSpec(
    name="web",
    command=Command(
        "server.js", ("--fast",), "node", ("/usr/bin/node", "/srv/server.js"), ("--inspect",)
    ),
    cwd="/srv",
    namespace="shop",
    instances=7,
    tcp_ports=TcpPorts(3000, 3006),
    env={"COLOR": "grün"},
    inherited_env={"HOME": "/root", "ODD": "\udcff"},
    max_memory=150_000_000,
    restart=RestartPolicy(
        autorestart=False,
        max_restarts=3,
        min_uptime=2.5,
        restart_delay=0.1,
        stop_exit_codes=frozenset({0, 42}),
    ),
    stop=StopPolicy(signal="SIGTERM", grace=3.25),
    logs=LogPolicy(max_size=1_000_000, keep=3),
)
BATCH = AppSpec(name="batch", command=Command("b.sh", (), None, ("/srv/b.sh",)), cwd="/srv")

RUN = Run(Identity(4711, 123_456), Instant(1_700_000_100.5, 100.5))
FIRST = Process(pm_id=0, instance=0, spec=WEB, created=Instant(1_700_000_000.0, 0.25))

EVERYTHING = Stored(
    processes=[
        replace(FIRST, wish=Wish.DOWN, last_exit=Exit(code=0), last_cause=Cause.STOP_REQUESTED),
        replace(FIRST, pm_id=1, instance=1, state=Starting(), epoch=1, launch=1),
        replace(
            FIRST,
            pm_id=2,
            instance=2,
            state=Online(RUN),
            epoch=9,
            launch=8,
            tcp_port=3002,
            restarts=4,
            ends=(1.5, 2.5),
            last_exit=Exit(signal=9),
            last_cause=Cause.MEMORY_EXCEEDED,
            started=RUN.since,
        ),
        replace(
            FIRST,
            pm_id=3,
            instance=3,
            wish=Wish.GONE,
            state=Stopping(RUN, Cause.RESTART_REQUESTED, Exit(), killed=True),
        ),
        replace(FIRST, pm_id=4, instance=4, state=Stopping(RUN, Cause.DAEMON_SHUT_DOWN)),
        replace(FIRST, pm_id=5, instance=5, state=Backoff(RUN.since, 0.5)),
        replace(FIRST, pm_id=6, instance=6, state=Exited(), last_cause=Cause.ENDED_BY_ITSELF),
        replace(FIRST, pm_id=9, spec=BATCH, state=Errored("no such file: /srv/b.sh")),
    ],
    next_pm_id=10,
    boot_id="c0ffee",
    web=WebSettings("0.0.0.0", 80, "ab12"),
    tokens=[],
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    async with SqliteStore(path, patience=0.05) as opened:
        yield opened


def changes_to(everything: Stored) -> Changes:
    return Changes(
        written=everything.processes,
        next_pm_id=everything.next_pm_id,
        boot_id=everything.boot_id,
        web=everything.web,
    )


def a_process(pm_id: int, spec: AppSpec = BATCH) -> Process:
    return replace(FIRST, pm_id=pm_id, spec=spec)


async def load(path: Path) -> Stored:
    async with SqliteStore(path) as store:
        return await store.load()


def outside(path: Path) -> "closing[sqlite3.Connection]":
    return closing(sqlite3.connect(path, isolation_level=None))


async def pragma(store: SqliteStore, statement: str) -> int:
    """Ask, or tell, the connection of the store itself."""

    def ask() -> int:
        return int(store._opened().execute(f"PRAGMA {statement}").fetchone()[0])

    return await store._in_writer(ask)


async def refusal_of(store: SqliteStore, changes: Changes) -> StoreUnavailable:
    with pytest.raises(StoreUnavailable) as raised:
        await store.commit(changes)
    return raised.value


async def test_everything_there_is_survives_closing_and_opening(path: Path):
    async with SqliteStore(path) as store:
        await store.commit(changes_to(EVERYTHING))

    assert await load(path) == EVERYTHING


async def test_apps_that_inherited_the_same_share_it_when_they_are_loaded(path: Path):
    like_web = replace(BATCH, name="like-web", inherited_env=dict(WEB.inherited_env))
    other = replace(BATCH, name="other", inherited_env={"HOME": "/home/ann"})
    processes = [a_process(number, spec) for number, spec in enumerate((WEB, like_web, other))]
    async with SqliteStore(path) as store:
        await store.commit(Changes(written=processes))

    found = {one.name: one.spec for one in (await load(path)).processes}

    assert found == {"web": WEB, "like-web": like_web, "other": other}
    assert found["web"].inherited_env is found["like-web"].inherited_env


async def test_a_store_of_version_1_loads(path: Path):
    shutil.copy(DATA / "store_v1.db", path)

    assert await load(path) == EVERYTHING


async def test_the_instances_of_an_app_share_its_declaration(store: SqliteStore, path: Path):
    await store.commit(Changes(written=[a_process(n, WEB) for n in range(5)]))

    with outside(path) as database:
        assert database.execute("SELECT name FROM apps").fetchall() == [("web",)]
    assert len({id(process.spec) for process in (await store.load()).processes}) == 1


async def test_an_app_goes_with_its_last_process(store: SqliteStore, path: Path):
    await store.commit(Changes(written=[a_process(0, WEB), a_process(1, BATCH)]))

    await store.commit(Changes(removed=[0]))

    with outside(path) as database:
        assert database.execute("SELECT name FROM apps").fetchall() == [("batch",)]


async def test_an_app_whose_id_went_to_another_is_gone(store: SqliteStore, path: Path):
    await store.commit(Changes(written=[a_process(0, WEB)]))

    await store.commit(Changes(written=[a_process(0, BATCH)]))

    with outside(path) as database:
        assert database.execute("SELECT name FROM apps").fetchall() == [("batch",)]


@pytest.mark.parametrize(("urgent", "synchronous"), [(True, 2), (False, 1)])
async def test_only_urgent_changes_wait_for_the_disk(
    store: SqliteStore, urgent: bool, synchronous: int
):
    await store.commit(Changes(next_pm_id=1, urgent=not urgent))

    await store.commit(Changes(next_pm_id=2, urgent=urgent))

    assert await pragma(store, "synchronous") == synchronous


async def test_the_journal_stays_small(store: SqliteStore, path: Path):
    for number in range(600):
        await store.commit(Changes(written=[replace(a_process(0), restarts=number)]))

    journal = path.with_name("store.db-wal").stat().st_size
    assert 0 < journal < 1.1 * JOURNAL_SIZE


async def test_the_journal_shrinks_after_a_large_action(store: SqliteStore, path: Path):
    large = replace(BATCH, env={"LARGE": "x" * 3 * JOURNAL_SIZE})
    await store.commit(Changes(written=[a_process(0, large)]))
    journal = path.with_name("store.db-wal")
    at_first = journal.stat().st_size

    await store.commit(Changes(removed=[0]))
    await store.commit(Changes(next_pm_id=1))

    assert at_first > 3 * JOURNAL_SIZE
    assert journal.stat().st_size <= JOURNAL_SIZE


async def test_what_is_being_written_is_finished_before_the_store_closes(path: Path):
    store = SqliteStore(path)
    await store.open()
    writing = asyncio.gather(
        *(store.commit(Changes(written=[a_process(number)])) for number in range(20))
    )
    await asyncio.sleep(0)

    await store.close()
    await writing

    assert len((await load(path)).processes) == 20


async def test_a_store_that_is_not_open_says_so(path: Path):
    store = SqliteStore(path)
    before = await refusal_of(store, Changes())
    await store.open()
    await store.close()

    after = await refusal_of(store, Changes())

    assert before.message == after.message == f"cannot use the store {path}: it is not open"


async def test_a_closed_store_is_one_file_with_all_of_it(path: Path):
    store = SqliteStore(path)
    await store.open()
    await store.commit(Changes(next_pm_id=7))

    await store.close()

    assert [file.name for file in path.parent.iterdir()] == ["store.db"]
    with outside(path) as database:
        assert database.execute("SELECT value FROM settings").fetchall() == [("7",)]


async def test_closing_twice_does_no_harm(path: Path):
    store = SqliteStore(path)
    await store.open()

    await store.close()
    await store.close()

    assert path.exists()


async def test_a_store_that_could_not_be_opened_can_be_tried_again(path: Path):
    path.write_bytes(b"not a database" * 100)
    store = SqliteStore(path)
    with pytest.raises(StoreUnavailable):
        await store.open()

    path.unlink()
    async with store:
        held = await store.load()

    assert held.processes == []


async def test_a_full_store_keeps_what_it_has_and_goes_on_when_there_is_room(store: SqliteStore):
    await store.commit(Changes(written=[a_process(0)], next_pm_id=1))
    before = await store.load()
    large = a_process(1, replace(WEB, env={"LARGE": "x" * 100_000}))
    await pragma(store, f"max_page_count = {await pragma(store, 'page_count') + 3}")

    error = await refusal_of(store, Changes(written=[large], next_pm_id=2, urgent=True))
    held = await store.load()
    await pragma(store, "max_page_count = 100000")
    await store.commit(Changes(written=[large], next_pm_id=2))

    assert error.code == "store_full"
    assert error.message.endswith("its disk is full")
    assert held == before
    assert (await store.load()).processes == [a_process(0), large]


async def test_a_file_that_may_not_grow_keeps_what_it_has(store: SqliteStore):
    await store.commit(Changes(written=[a_process(0)], next_pm_id=1))
    before = await store.load()
    large = a_process(1, replace(WEB, env={"LARGE": "x" * 1_000_000}))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        error = await refusal_of(store, Changes(written=[large], next_pm_id=2, urgent=True))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    held = await store.load()
    await store.commit(Changes(written=[large], next_pm_id=2))

    assert error.code == "store_unavailable"
    assert held == before
    assert (await store.load()).processes == [a_process(0), large]


async def test_a_folder_in_the_place_of_the_store_is_said_to_be_one(tmp_path: Path):
    (tmp_path / "state.db").mkdir()

    with pytest.raises(StoreUnavailable, match=r"cannot use the store .*: it is a folder$"):
        await SqliteStore(tmp_path / "state.db").open()


async def test_a_locked_store_takes_the_next_action_after_the_lock(store: SqliteStore, path: Path):
    with outside(path) as other:
        other.execute("BEGIN IMMEDIATE")
        error = await refusal_of(store, Changes(written=[a_process(0)]))
    await store.commit(Changes(written=[a_process(1)]))

    assert error.code == "store_unavailable"
    assert error.message.endswith("another program has it locked")
    assert (await store.load()).processes == [a_process(1)]


async def test_a_number_that_cannot_be_stored_is_refused(store: SqliteStore):
    error = await refusal_of(store, Changes(written=[a_process(0), a_process(2**70)]))

    assert error.code == "store_unavailable"
    assert (await store.load()).processes == []


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE processes SET state = 'frozen' WHERE pm_id = 2", "store_newer"),
        ("UPDATE processes SET pid = NULL", "store_corrupt"),
        ("UPDATE processes SET ends = '['", "store_corrupt"),
        ("UPDATE processes SET app = 'nobody'", "store_corrupt"),
        ("UPDATE processes SET wish = CAST(x'ff' AS TEXT)", "store_corrupt"),
        ("UPDATE apps SET declaration = '[]'", "store_corrupt"),
        ("UPDATE apps SET declaration = '{}'", "store_corrupt"),
        ("UPDATE settings SET value = 'x' WHERE key = 'next_pm_id'", "store_corrupt"),
        ("UPDATE settings SET value = '{}' WHERE key = 'web'", "store_corrupt"),
        ("DROP TABLE settings", "store_corrupt"),
    ],
)
async def test_contents_that_make_no_sense_are_refused(
    store: SqliteStore, path: Path, statement: str, code: str
):
    await store.commit(changes_to(EVERYTHING))
    with outside(path) as other:
        other.execute(statement)

    with pytest.raises(StoreUnavailable) as raised:
        await store.load()

    assert raised.value.code == code
    assert str(path) in raised.value.message


async def test_older_declarations_are_read_with_defaults(store: SqliteStore, path: Path):
    await store.commit(Changes(written=[a_process(0, WEB)]))
    command = {"script": "b.sh", "args": [], "interpreter": None, "argv": ["/srv/b.sh"]}
    bare = {"name": "web", "cwd": "/srv", "command": command}
    with outside(path) as other:
        other.execute("UPDATE apps SET declaration = ?", (json.dumps(bare),))

    (process,) = (await store.load()).processes

    assert process.spec == replace(BATCH, name="web")


@pytest.mark.slow
@pytest.mark.posix
async def test_a_daemon_killed_while_it_commits_leaves_what_it_acknowledged(path: Path):
    chance = random.Random(4711)
    command = [sys.executable, "-m", "tests.support.committer", str(path)]
    acknowledged = 0

    for _ in range(8):
        with subprocess.Popen(command, stdout=subprocess.PIPE) as committer:
            try:
                assert committer.stdout is not None
                for _ in range(chance.randrange(1, 400)):
                    acknowledged = int(committer.stdout.readline())
            finally:
                committer.kill()
            acknowledged = int((committer.stdout.read().split() or [acknowledged])[-1])
        held = numbers_in(await load(path))

        assert held in ({acknowledged}, {acknowledged + 1})
        (acknowledged,) = held


OTHER = replace(FIRST, pm_id=5, instance=5, tcp_port=None)


async def full_store(disk: Path) -> SqliteStore:
    """Open a store with two processes, and fill its disk."""
    store = SqliteStore(disk / "state.db")
    await store.open()
    await store.commit(Changes(written=[FIRST, OTHER], urgent=True))
    await store.reserve()
    fill(disk)
    return store


async def test_what_happens_can_be_stored_for_long_while_the_disk_is_full(tmp_path: Path):
    with small_disk(tmp_path / "home", "1m") as disk:
        store = await full_store(disk)

        for epoch in range(300):
            await store.commit(Changes(written=[replace(FIRST, epoch=epoch)], urgent=True))
        stored = await store.load()
        await store.close()

    assert stored.processes == [replace(FIRST, epoch=299), OTHER]


async def test_a_few_new_processes_can_be_stored_while_the_disk_is_full(tmp_path: Path):
    new = [replace(FIRST, pm_id=n, instance=n, tcp_port=None) for n in range(10, 30)]
    with small_disk(tmp_path / "home", "1m") as disk:
        store = await full_store(disk)

        await store.commit(Changes(written=new, urgent=True))
        stored = await store.load()
        await store.close()

    assert len(stored.processes) == 22


async def test_a_store_can_be_opened_and_written_where_the_disk_was_full_before(tmp_path: Path):
    with small_disk(tmp_path / "home", "1m") as disk:
        first = await full_store(disk)
        (disk / "ballast").unlink()
        await first.close()
        ballast = fill(disk)
        ballast.write_bytes(ballast.read_bytes()[: -256 * 1024])
        async with SqliteStore(disk / "state.db") as store:
            await store.reserve()
            fill(disk)

            await store.commit(Changes(written=[replace(FIRST, epoch=9)], urgent=True))

            assert (await store.load()).processes[0].epoch == 9


async def test_room_is_reserved_once(tmp_path: Path):
    path = tmp_path / "state.db"
    sizes = []
    for _ in range(3):
        async with SqliteStore(path) as store:
            await store.reserve()
            await store.commit(Changes(written=[FIRST], urgent=True))
        sizes.append(path.stat().st_size)

    assert sizes == [sizes[0]] * 3
