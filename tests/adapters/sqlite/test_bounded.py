from msgspec import Struct

from pmdaemon.adapters.sqlite.bounded import WRITES_PER_PRUNING, BoundedTable, Statements
from pmdaemon.adapters.sqlite.store import SqliteStore

NUMBERS = Statements(
    write="INSERT INTO numbers (number) VALUES (:number)",
    prune="DELETE FROM numbers WHERE id <= (SELECT max(id) FROM numbers) - ?",
    find="""
SELECT number FROM numbers
WHERE :among IS NULL OR number IN (SELECT value FROM json_each(:among))
ORDER BY id DESC LIMIT :limit
""",
)


class Query(Struct):
    limit: int = 1000
    among: tuple[int, ...] | None = None


async def a_table(store, rows):
    await store.work(lambda c: c.execute("CREATE TABLE numbers (id INTEGER PRIMARY KEY, number)"))
    return BoundedTable(store, NUMBERS, rows=rows)


async def write(table, *numbers):
    await table.write([{"number": number} for number in numbers])


async def found(table, query):
    return await table.find(query, lambda row: row["number"])


async def test_rows_are_found_the_oldest_of_the_newest_first(tmp_path):
    async with SqliteStore(tmp_path / "store.db") as store:
        table = await a_table(store, rows=9)
        await write(table, 1, 2, 3)

        assert await found(table, Query(limit=2)) == [2, 3]
        assert await found(table, Query(among=(1, 3, 5))) == [1, 3]
        assert await found(table, Query(among=())) == []


async def test_a_small_table_never_has_many_more_rows_than_it_is_to_have(tmp_path):
    async with SqliteStore(tmp_path / "store.db") as store:
        table = await a_table(store, rows=3)
        for number in range(8):
            await write(table, number)

            # As many may have come since the last pruning.
            assert len(await found(table, Query())) < 2 * 3


async def test_a_large_table_is_not_looked_through_for_each_row(tmp_path):
    rows = 2 * WRITES_PER_PRUNING
    async with SqliteStore(tmp_path / "store.db") as store:
        table = await a_table(store, rows)
        await write(table, *range(rows))
        await write(table, *range(WRITES_PER_PRUNING - 1))
        assert len(await found(table, Query())) == rows + WRITES_PER_PRUNING - 1

        await write(table, 0)

        assert len(await found(table, Query())) == rows
