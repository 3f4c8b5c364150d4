"""What every DeploymentStore does; run on the one in memory and on the one in SQLite."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from pmdaemon.adapters.sqlite.deployments import SqliteDeployments
from pmdaemon.adapters.sqlite.store import SqliteStore
from pmdaemon.core.deployments import DeploymentStatus, Origin, Phase
from pmdaemon.core.releases import Program, ProgramKind, Release, ReleasePlan
from pmdaemon.engine.interfaces.deploying import DeploymentQuery, DeploymentStore
from tests.core.test_deployments import a_deployment
from tests.fakes.deploying import MemoryDeployments

S = DeploymentStatus

FULL = a_deployment(
    id="d9",
    status=S.RUNNING,
    origin=Origin.PUSH,
    branch="dev",
    commit_sha="abc",
    commit_msg="Läuft",
    rollback_of="d1",
    release=3,
    url="http://shop.test",
    error_msg="why",
    app="shop@9",
    phase=Phase.START,
    phases={"fetch": 1.5},
    started=11.0,
    finished=12.0,
    begun=2,
)


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[DeploymentStore]:
    if request.param == "memory":
        yield MemoryDeployments()
    else:
        async with SqliteStore(tmp_path / "store.db") as file:
            yield SqliteDeployments(file)


def a_release(number: int, project_id: str = "p1") -> Release:
    return Release(
        project_id=project_id,
        number=number,
        deployment_id=f"d{number}",
        commit_sha="abc",
        commit_msg="First",
        branch="main",
        folder=f"/projects/{project_id}/{number}",
        plan=ReleasePlan(
            runtime="node",
            install="npm ci",
            programs=(Program(kind=ProgramKind.CRON, name="c", command="x", schedule="@daily"),),
            path=("bin",),
            run_env={"A": "b"},
            reasons=("why",),
        ),
        created=5.0,
    )


async def test_deployments_of_a_project_are_numbered(store: DeploymentStore):
    first = await store.add(a_deployment(id="a"))
    second = await store.add(a_deployment(id="b"))
    other = await store.add(a_deployment(id="c", project_id="p2"))

    assert (first.number, second.number, other.number) == (1, 2, 1)
    assert await store.get("b") == second


async def test_the_number_of_a_release_is_not_given_again(store: DeploymentStore):
    await store.add_release(a_release(7))

    assert (await store.add(a_deployment(id="a"))).number == 8


async def test_all_of_a_deployment_is_kept(store: DeploymentStore):
    await store.save(FULL)

    assert await store.get("d9") == FULL
    assert await store.get("nothing") is None


async def test_several_are_written_together(store: DeploymentStore):
    await store.save(a_deployment(id="a"), a_deployment(id="b", number=4))
    await store.save(a_deployment(id="a", status=S.FAILED))

    assert (await store.get("a")).status is S.FAILED
    assert (await store.get("b")).number == 4


async def test_what_is_asked_for_is_found_the_youngest_first(store: DeploymentStore):
    for number in range(1, 5):
        one = a_deployment(
            id=f"d{number}",
            number=number,
            created=float(number),
            user_id="u2" if number == 2 else "u1",
            status=S.QUEUED if number == 3 else S.STOPPED,
            app=f"shop@{number}",
        )
        await store.save(one)
    await store.save(a_deployment(id="x", project_id="p2", number=1, created=9.0))

    async def ids(**wanted: object) -> list[str]:
        query = DeploymentQuery(**wanted)
        found = [one.id for one in await store.find(query)]
        assert await store.count(replace(query, limit=1, offset=3)) >= len(found)
        return found

    assert await ids() == ["x", "d4", "d3", "d2", "d1"]
    assert await ids(projects=frozenset({"p1"}), limit=2) == ["d4", "d3"]
    assert await ids(projects=frozenset({"p1"}), limit=2, offset=3) == ["d1"]
    assert await ids(users=frozenset({"u2"})) == ["d2"]
    assert await ids(statuses=frozenset({S.QUEUED}), projects=frozenset({"p1"})) == ["d3"]
    assert await ids(apps=frozenset({"shop@1", "shop@4"})) == ["d4", "d1"]
    assert await ids(projects=frozenset()) == []


async def test_of_two_at_the_same_moment_the_later_number_is_younger(store: DeploymentStore):
    await store.save(a_deployment(id="a", number=1), a_deployment(id="b", number=2))

    assert [one.id for one in await store.find(DeploymentQuery())] == ["b", "a"]


async def test_one_can_be_forgotten(store: DeploymentStore):
    await store.save(FULL)
    await store.remove("d9")

    assert await store.get("d9") is None


async def test_releases_are_kept_whole(store: DeploymentStore):
    await store.add_release(a_release(1))
    await store.add_release(a_release(2))
    await store.add_release(a_release(1, "p2"))

    assert await store.releases("p1") == [a_release(2), a_release(1)]

    await store.remove_releases("p1", [2])
    assert await store.releases("p1") == [a_release(1)]


async def test_a_project_is_forgotten_with_all_that_is_its(store: DeploymentStore):
    await store.save(FULL, a_deployment(id="x", project_id="p2"))
    await store.add_release(a_release(1))
    await store.add_release(a_release(1, "p2"))

    await store.forget("p1")

    assert [one.id for one in await store.find(DeploymentQuery())] == ["x"]
    assert (await store.releases("p1"), len(await store.releases("p2"))) == ([], 1)
