"""What deploying needs of the world, made up: code, folders, commands, logs and a store."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from pathlib import Path, PurePath

from msgspec.structs import replace

from pmdaemon.core.deployments import Deployment, DeploymentLine
from pmdaemon.core.errors import StoreUnavailable
from pmdaemon.core.process import Exit
from pmdaemon.core.releases import Listing, Release
from pmdaemon.engine.interfaces.deploying import (
    BuildOrder,
    BuildOutcome,
    CannotRelease,
    CodeAnswer,
    CodeRequest,
    Commit,
    DeploymentQuery,
    FetchFailed,
    FetchOrder,
    LogQuery,
    Say,
)

A_NODE_APP = Listing(
    frozenset({"package.json", "server.js"}),
    {"package.json": '{"scripts": {"start": "/bin/true server.js"}}'},
)


class FakeRepositories:
    """Has the commits that a test gives it: `tips` are the latest of branches."""

    def __init__(self) -> None:
        self.tips: dict[str, Commit] = {"main": Commit("a" * 40, "First")}
        self.failure: FetchFailed | None = None
        self.refusal: CannotRelease | None = None
        self.orders: list[FetchOrder] = []
        self.checked_out: list[str] = []

    async def fetch(self, order: FetchOrder, say: Say) -> Commit:
        """Have a commit here."""
        self.orders.append(order)
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        say("Receiving objects: 100%")
        if order.sha:
            return Commit(order.sha.ljust(40, "0"), "Asked for")
        if order.branch not in self.tips:
            raise FetchFailed(f"there is no branch {order.branch}")
        return self.tips[order.branch]

    async def check_out(
        self, project_id: str, sha: str, folder: str, say: Say, *, name: str
    ) -> None:
        """Write the files of a commit into a folder."""
        del project_id, say, name
        if self.refusal is not None:
            raise self.refusal
        self.checked_out.append(f"{sha[:7]} {PurePath(folder).name}")


class FakeFolders:
    """Folders below a real one, as programs are looked for in them; nothing is in them."""

    def __init__(self, root: str = "/projects") -> None:
        self.root = root
        self.there: set[str] = set()
        self.current: dict[str, str] = {}
        self.removed: list[str] = []
        self.forgotten: list[tuple[str, int | None]] = []
        self.seen: Listing = A_NODE_APP
        self.free = 10**12

    def make(self, project_id: str, name: str) -> str:
        """Choose the folder of a new release."""
        folder = f"{self.root}/{project_id}/releases/{name}"
        Path(folder).mkdir(parents=True, exist_ok=True)
        self.there.add(folder)
        return folder

    def build_home(self, project_id: str) -> str:
        """Return the folder that commands of a project have for their home."""
        return f"{self.root}/{project_id}/home"

    def shared(self, project_id: str) -> str:
        """Return the folder for what outlives a release."""
        return f"{self.root}/{project_id}/shared"

    def listing(self, folder: str, run_dir: str) -> Listing:
        """Look at the files of a release."""
        del folder, run_dir
        return self.seen

    def exists(self, folder: str) -> bool:
        """Whether a release is still there."""
        return folder in self.there

    def point_at(self, project_id: str, folder: str) -> None:
        """Have `current` lead to a release."""
        self.current[project_id] = folder

    async def keep_only(self, project_id: str, folders: Collection[str]) -> None:
        """Remove all releases of a project but these."""
        start = f"{self.root}/{project_id}/"
        gone = {one for one in self.there if one.startswith(start) and one not in folders}
        self.there -= gone

    async def remove(self, project_id: str) -> None:
        """Remove all that there is of a project."""
        self.removed.append(project_id)

    def forget_output(self, slug: str, number: int | None = None) -> None:
        """Remove what the programs of a project printed."""
        self.forgotten.append((slug, number))

    def free_bytes(self) -> int:
        """Say how much room is left."""
        return self.free


class FakeBuilder:
    """Runs commands as a test says: `outcomes` by command; `held` ones go on until let go."""

    def __init__(self) -> None:
        self.orders: list[BuildOrder] = []
        self.outcomes: dict[str, BuildOutcome] = {}
        self.printed: dict[str, Sequence[str]] = {}
        self.complaints: dict[str, Sequence[str]] = {}
        self.held: dict[str, asyncio.Event] = {}
        self.cancelled: list[str] = []
        self.leftovers: dict[str, int] = {}
        self.ended: list[str] = []

    async def run(self, order: BuildOrder, out: Say, err: Say) -> BuildOutcome:
        """Run one."""
        self.orders.append(order)
        for line in self.complaints.get(order.command, ()):
            err(line)
        for line in self.printed.get(order.command, ()):
            out(line)
        try:
            await asyncio.sleep(0)
            if (gate := self.held.get(order.command)) is not None:
                await gate.wait()
        except asyncio.CancelledError:
            self.cancelled.append(order.command)
            raise
        return self.outcomes.get(order.command, BuildOutcome(Exit(code=0)))

    async def end_leftovers(self, name: str) -> int:
        """End what a former daemon left of a command."""
        self.ended.append(name)
        return self.leftovers.pop(name, 0)


class MemoryDeploymentLogs:
    """Logs in memory; while `unreadable` is set, nobody can follow one."""

    def __init__(self) -> None:
        self.unreadable: OSError | None = None
        self._lines: dict[str, list[DeploymentLine]] = {}

    def append(self, deployment: Deployment, lines: Sequence[DeploymentLine]) -> None:
        """Write lines down."""
        self._lines.setdefault(deployment.id, []).extend(lines)

    def read(self, deployment: Deployment, query: LogQuery) -> Sequence[DeploymentLine]:
        """Read lines, oldest first."""
        found = [
            line
            for line in self._lines.get(deployment.id, [])
            if line.number > query.since
            and (not query.levels or line.level in query.levels)
            and (not query.streams or line.stream in query.streams)
        ]
        return found if query.limit is None else found[: query.limit]

    def read_on(
        self, deployment: Deployment, position: int
    ) -> tuple[Sequence[DeploymentLine], int]:
        """Read what came behind a position."""
        if self.unreadable:
            raise self.unreadable
        lines = self._lines.get(deployment.id, [])
        return lines[position:], len(lines)

    def latest(self, deployment: Deployment) -> tuple[int, int]:
        """Say the number of the last line, and how many bytes there are."""
        lines = self._lines.get(deployment.id, [])
        return (lines[-1].number if lines else 0), sum(len(line.message) for line in lines)

    def remove(self, deployment: Deployment) -> None:
        """Remove a log."""
        self._lines.pop(deployment.id, None)


class MemoryDeployments:
    """Remembers as long as it lives; while `failure` is set, nothing can be read or written."""

    def __init__(self) -> None:
        self.failure: StoreUnavailable | None = None
        self._deployments: dict[str, Deployment] = {}
        self._releases: dict[tuple[str, int], Release] = {}

    async def add(self, deployment: Deployment) -> Deployment:
        """Write a new one down, with the next number of its project."""
        await self._be_reached()
        numbers = [
            one.number
            for one in self._deployments.values()
            if one.project_id == deployment.project_id
        ]
        numbers += [
            number for project, number in self._releases if project == deployment.project_id
        ]
        numbered = replace(deployment, number=max(numbers, default=0) + 1)
        self._deployments[numbered.id] = numbered
        return numbered

    async def save(self, *deployments: Deployment) -> None:
        """Write down how they are now."""
        await self._be_reached()
        self._deployments |= {one.id: one for one in deployments}

    async def get(self, deployment_id: str) -> Deployment | None:
        """Find one."""
        await self._be_reached()
        return self._deployments.get(deployment_id)

    async def find(self, query: DeploymentQuery) -> Sequence[Deployment]:
        """List what fits, the youngest first."""
        await self._be_reached()
        found = [one for one in self._deployments.values() if _fits(one, query)]
        found.sort(key=lambda one: (one.created, one.number), reverse=True)
        end = None if query.limit is None else query.offset + query.limit
        return found[query.offset : end]

    async def count(self, query: DeploymentQuery) -> int:
        """Say how many fit."""
        await self._be_reached()
        return sum(_fits(one, query) for one in self._deployments.values())

    async def remove(self, deployment_id: str) -> None:
        """Forget one."""
        await self._be_reached()
        self._deployments.pop(deployment_id, None)

    async def add_release(self, release: Release) -> None:
        """Write a release down."""
        await self._be_reached()
        self._releases[release.project_id, release.number] = release

    async def releases(self, project_id: str) -> Sequence[Release]:
        """List the releases of a project, the youngest first."""
        await self._be_reached()
        found = [one for one in self._releases.values() if one.project_id == project_id]
        return sorted(found, key=lambda one: one.number, reverse=True)

    async def remove_releases(self, project_id: str, numbers: Collection[int]) -> None:
        """Forget releases."""
        await self._be_reached()
        for number in numbers:
            self._releases.pop((project_id, number), None)

    async def forget(self, project_id: str) -> None:
        """Forget all deployments and releases of a project."""
        await self._be_reached()
        self._deployments = {
            id_: one for id_, one in self._deployments.items() if one.project_id != project_id
        }
        self._releases = {key: one for key, one in self._releases.items() if key[0] != project_id}

    async def _be_reached(self) -> None:
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure


class FakeCodeServer:
    """Takes pushes in as a test says: `pushed` is what the branches are after the next one.

    `said` is what it answers.
    """

    def __init__(self) -> None:
        self.tips: Mapping[str, str] = {}
        self.pushed: Mapping[str, str] | None = None
        self.requests: list[CodeRequest] = []
        self.said: Sequence[bytes] = [b"0000"]

    async def answer(self, request: CodeRequest, body: AsyncIterator[bytes]) -> CodeAnswer:
        """Have git answer a request."""
        self.requests.append(request)
        async for _ in body:
            pass
        if self.pushed is not None and request.service == "git-receive-pack":
            self.tips, self.pushed = self.pushed, None
        return CodeAnswer(200, [("Content-Type", "application/x-git")], _pieces(self.said))

    async def branches(self, project_id: str) -> Mapping[str, str]:
        """List the branches that were pushed."""
        del project_id
        return self.tips


async def _pieces(said: Sequence[bytes]) -> AsyncGenerator[bytes, None]:
    for piece in said:
        yield piece


def _fits(one: Deployment, query: DeploymentQuery) -> bool:
    return (
        (query.projects is None or one.project_id in query.projects)
        and (query.users is None or one.user_id in query.users)
        and (query.statuses is None or one.status in query.statuses)
        and (query.apps is None or one.app in query.apps)
    )
