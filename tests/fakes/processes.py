"""A machine's processes, made up: the world that the fakes of this folder share."""

import asyncio
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pmdaemon.core.environment import token_parts
from pmdaemon.core.process import Exit, Identity


@dataclass(slots=True, eq=False)
class FakeProcess:
    """A process, alive until it has an exit; `memory` in bytes, `cpu` in percent of one core.

    One that is `unkillable` waits in the kernel, or belongs to somebody else.
    """

    identity: Identity
    parent: Identity | None
    session: int
    token: str
    ignores: frozenset[str] = frozenset()
    unkillable: bool = False
    exit: Exit | None = None
    memory: int = 1024 * 1024
    cpu: float = 0.0
    waiting: list[Callable[[Exit], None]] = field(default_factory=list)


class FakeProcesses:
    """All processes there are; signals end those that do not ignore them."""

    def __init__(self) -> None:
        self._by_identity: dict[Identity, FakeProcess] = {}
        self._next_pid = 100

    def add(
        self,
        *,
        token: str = "",
        parent: Identity | None = None,
        own_session: bool = False,
        ignores: Iterable[str] = (),
    ) -> Identity:
        """Begin a process; with a `parent`, as its child, in its session and with its token."""
        identity = Identity(self._next_pid, start_time=self._next_pid * 10)
        self._next_pid += 1
        above = self._by_identity[parent] if parent is not None else None
        session = identity.pid if above is None or own_session else above.session
        token = above.token if above is not None else token
        process = FakeProcess(identity, parent, session, token, frozenset(ignores))
        self._by_identity[identity] = process
        return identity

    def get(self, identity: Identity) -> FakeProcess:
        """Give a process, alive or not."""
        return self._by_identity[identity]

    def find_living(self, identity: Identity) -> FakeProcess | None:
        """Give a process if it is alive."""
        process = self._by_identity.get(identity)
        return process if process is not None and process.exit is None else None

    def living(self) -> list[FakeProcess]:
        """List the living, oldest first."""
        return [process for process in self._by_identity.values() if process.exit is None]

    def tree(self, identity: Identity, token: str | None = None) -> list[FakeProcess]:
        """List the living of a session, below it, and of a token; each before its children."""
        tree: list[FakeProcess] = []
        members: set[Identity | None] = {identity}
        for process in self.living():
            if (
                process.identity == identity
                or process.parent in members
                or (process.session == identity.pid and identity in self._by_identity)
                or (token is not None and _is_of(process.token, token))
            ):
                members.add(process.identity)
                tree.append(process)
        return tree

    def end(self, identity: Identity, how: Exit) -> None:
        """Let a process end; whoever waits for it is told from the event loop."""
        process = self.find_living(identity)
        if process is None:
            return
        process.exit = how
        for callback in process.waiting:
            asyncio.get_running_loop().call_soon(callback, how)
        process.waiting.clear()

    def reap(self, identity: Identity) -> None:
        """Forget a process that has ended."""
        if self.find_living(identity) is None:
            self._by_identity.pop(identity, None)

    def send_signal(self, identity: Identity, name: str) -> None:
        """Signal a process, which ends by it unless it ignores it and may."""
        process = self.find_living(identity)
        if process is None or process.unkillable:
            return
        if name == "SIGKILL" or name not in process.ignores:
            self.end(identity, Exit(signal=signal.Signals[name]))

    def when_ended(self, identity: Identity, callback: Callable[[Exit], None]) -> None:
        """Call `callback` once, from the event loop, when a process has ended."""
        process = self.find_living(identity)
        if process is not None:
            process.waiting.append(callback)
            return
        known = self._by_identity.get(identity)
        how = known.exit if known is not None and known.exit is not None else Exit()
        asyncio.get_running_loop().call_soon(callback, how)


def _is_of(token: str, run: str) -> bool:
    """Whether a token is of a run, or of an earlier one of the same process."""
    (owner, launch), (process, latest) = token_parts(token), token_parts(run)
    return owner == process and launch <= latest
