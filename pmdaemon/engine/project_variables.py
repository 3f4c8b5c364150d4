"""The variables of projects: sealed in the store and in memory, opened for programs alone."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec.structs import replace

from pmdaemon.core.platform_errors import LimitReached, VariableNotFound
from pmdaemon.core.projects import EnvScope, EnvVariable
from pmdaemon.core.variables import MOST_VARIABLES, read_variables
from pmdaemon.engine.interfaces import Clock
from pmdaemon.engine.interfaces.platform import PlatformChanges, PlatformStore, Sealer


class ProjectVariables:
    """All variables of all projects, in memory and in the store.

    Whoever calls has seen to whose project it is.
    """

    def __init__(
        self, *, store: PlatformStore, clock: Clock, sealer: Sealer, new_id: Callable[[], str]
    ) -> None:
        self._store = store
        self._clock = clock
        self._sealer = sealer
        self._new_id = new_id
        self._by_project: dict[str, dict[str, EnvVariable]] = {}
        self.lock = asyncio.Lock()

    def adopt(self, variables: Iterable[EnvVariable]) -> None:
        """Begin with what the store has."""
        self._by_project = {}
        self._have(variables)

    def list(self, project_id: str) -> Sequence[EnvVariable]:
        """List the variables of a project, by name."""
        return [one for _, one in sorted(self._by_project.get(project_id, {}).items())]

    def environment(self, project_id: str, scope: EnvScope) -> Mapping[str, str]:
        """Open the variables that a program of this project gets.

        Raises:
            PmdaemonError: the key that they were sealed with is gone.

        """
        return {
            one.key: self._open(one)
            for one in self.list(project_id)
            if one.scope in {scope, EnvScope.BOTH}
        }

    async def set(
        self, project_id: str, given: Mapping[str, str], scope: EnvScope | None = None
    ) -> Sequence[EnvVariable]:
        """Set variables, all or none; without a scope, each keeps the one it has.

        Raises:
            InvalidInput: one of them cannot be set.
            LimitReached: there would be too many.

        """
        checked = read_variables(given)
        async with self.lock:
            return await self._set(project_id, checked, scope)

    async def _set(
        self, project_id: str, checked: Mapping[str, str], scope: EnvScope | None
    ) -> Sequence[EnvVariable]:
        present = self._by_project.get(project_id, {})
        if len(present.keys() | checked.keys()) > MOST_VARIABLES:
            raise LimitReached(f"a project has up to {MOST_VARIABLES} variables")
        now = self._clock.now().wall
        written = []
        for key, value in checked.items():
            sealed = self._sealer.seal(value, about=_about(project_id, key))
            former = present.get(key)
            if former is None:
                former = EnvVariable(
                    id=self._new_id(),
                    project_id=project_id,
                    key=key,
                    sealed=sealed,
                    created=now,
                    updated=now,
                )
            written.append(replace(former, sealed=sealed, scope=scope or former.scope, updated=now))
        await self._store.commit(PlatformChanges(variables_written=written))
        self._have(written)
        return written

    async def remove(self, project_id: str, key: str) -> None:
        """Have a variable no more.

        Raises:
            VariableNotFound: the project has none of this name.

        """
        async with self.lock:
            variable = self._by_project.get(project_id, {}).get(key)
            if variable is None:
                raise VariableNotFound(key)
            await self._store.commit(PlatformChanges(variables_removed=[variable.id]))
            self._by_project.get(project_id, {}).pop(key, None)

    def forget(self, project_id: str) -> None:
        """Have those of a project no more, as the store has them no more."""
        self._by_project.pop(project_id, None)

    def seal_anew(self) -> Sequence[EnvVariable]:
        """Seal all with the newest key, to be written down."""
        return [
            replace(
                one,
                sealed=self._sealer.seal(self._open(one), about=_about(one.project_id, one.key)),
            )
            for variables in self._by_project.values()
            for one in variables.values()
        ]

    def _have(self, variables: Iterable[EnvVariable]) -> None:
        for one in variables:
            self._by_project.setdefault(one.project_id, {})[one.key] = one

    def _open(self, variable: EnvVariable) -> str:
        about = _about(variable.project_id, variable.key)
        return self._sealer.open(variable.sealed, about=about)


def _about(project_id: str, key: str) -> str:
    return f"env/{project_id}/{key}"
