"""Trees of made-up processes."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from pmdaemon.core.process import Exit, Identity
from tests.fakes.processes import FakeProcesses


class FakeProcessTrees:
    """Answers from the made-up processes, and remembers every signal as (pid, name).

    What is held together is `killed` without one.
    """

    def __init__(self, processes: FakeProcesses) -> None:
        self.processes = processes
        self.signals: list[tuple[int, str]] = []
        self.killed: list[int] = []
        self.held: dict[str, Identity] = {}

    def alive(self, identity: Identity) -> bool:
        """Whether this very process exists and has not ended."""
        return self.processes.find_living(identity) is not None

    def members(self, identity: Identity, token: str) -> Sequence[Identity]:
        """List all living processes of the tree, every child before its parent."""
        return [process.identity for process in reversed(self.processes.tree(identity, token))]

    def hold(self, identity: Identity, token: str) -> None:
        """Remember that a run is held together."""
        self.held[token] = identity

    def release(self, token: str) -> None:
        """Remember no more of it."""
        self.held.pop(token, None)

    def has_leftovers(self, identity: Identity, token: str) -> bool:
        """Tell whether anything in the session of a program that ended is alive."""
        return any(process.session == identity.pid for process in self.processes.living())

    def signal(self, members: Sequence[Identity], signal: str) -> None:
        """Send a signal, by name, to each process that is still there, in the given order."""
        for member in members:
            if self.alive(member):
                self.signals.append((member.pid, signal))
                self.processes.send_signal(member, signal)

    def kill(self, token: str) -> None:
        """Kill what is held together: here that is the tree."""
        if token in self.held:
            for process in self.processes.tree(self.held[token], token):
                self.killed.append(process.identity.pid)
                self.processes.send_signal(process.identity, "SIGKILL")

    def when_gone(self, members: Sequence[Identity], callback: Callable[[], None]) -> None:
        """Call `callback` once, from the event loop, when all of these processes have ended."""
        left = set(members)
        if not left:
            asyncio.get_running_loop().call_soon(callback)

        def ended(member: Identity) -> Callable[[Exit], None]:
            def one_less(_: Exit) -> None:
                left.discard(member)
                if not left:
                    callback()

            return one_less

        for member in frozenset(members):
            self.processes.when_ended(member, ended(member))

    def find_launched(self, tokens: Sequence[str]) -> Mapping[str, Identity]:
        """Find the session leaders that carry exactly one of these tokens, the oldest of each."""
        found: dict[str, Identity] = {}
        for process in self.processes.living():
            if process.session == process.identity.pid and process.token in tokens:
                found.setdefault(process.token, process.identity)
        return found
