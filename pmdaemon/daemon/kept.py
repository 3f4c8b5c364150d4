"""What the keeper keeps for the next daemon: descriptors, programs, and how programs ended.

A daemon may die at any moment, also between starting a program and writing down which that is, or
between hearing of an exit and writing that down. So the keeper is told of every program, and keeps
in mind which it is and how it ended until the daemon says that the end is recorded.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

DESCRIPTORS_AT_ONCE = 200
"""The kernel takes at most 253 in one packet."""

EXITS_KEPT = 10_000
"""Statuses kept for the next daemon; more than this many deaths without one lose the oldest."""

AT_ONCE = 500
"""Programs, or exits, in one packet."""

Program = tuple[int, int]
"""Pid and start time."""

Exit = tuple[int | None, int | None]
"""Code and signal."""

Packet = tuple[dict[str, object], list[int]]
"""An object, and the descriptors that go beside it."""


class Kept:
    """What outlives a daemon, and also, by `state`, the keeper that holds it."""

    def __init__(self) -> None:
        self.descriptors: dict[str, int] = {}
        self.programs: dict[Program, str] = {}
        self._exits: dict[Program, Exit] = {}

    @property
    def state(self) -> dict[str, Any]:
        """All of it, as JSON can have it."""
        return {
            "kept": self.descriptors,
            "programs": [[token, *program] for program, token in self.programs.items()],
            "exits": [[*program, *ended] for program, ended in self._exits.items()],
        }

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on from where the keeper before us was."""
        self.descriptors = dict(state["kept"])
        self.programs = {(pid, start): token for token, pid, start in state["programs"]}
        self._exits = {(pid, start): (code, sig) for pid, start, code, sig in state["exits"]}

    def hand_over(self) -> Iterator[Packet]:
        """Word all of it for a new daemon; what that need not record is forgotten."""
        names = list(self.descriptors)
        for begin in range(0, len(names), DESCRIPTORS_AT_ONCE):
            batch = names[begin : begin + DESCRIPTORS_AT_ONCE]
            yield {"kept": batch}, [self.descriptors[name] for name in batch]
        state = self.state
        for what in ("programs", "exits"):
            for begin in range(0, len(state[what]), AT_ONCE):
                yield {what: state[what][begin : begin + AT_ONCE]}, []
        self._exits = {one: how for one, how in self._exits.items() if one in self.programs}

    def keep(self, names: Sequence[str], descriptors: list[int]) -> None:
        """Take over as many descriptors as have a name, and names as have a descriptor."""
        for name in names[: len(descriptors)]:
            self.drop(name)
            self.descriptors[name] = descriptors.pop(0)

    def drop(self, name: str) -> None:
        """Close a descriptor, if it is kept."""
        descriptor = self.descriptors.pop(name, None)
        if descriptor is not None:
            os.close(descriptor)

    def know(self, programs: Sequence[object]) -> None:
        """Take in which programs were started: token, pid and start time of each."""
        for program in programs:
            match program:
                case [str(token), int(pid), int(start)]:
                    self.programs[pid, start] = token
                case _:
                    pass

    def remember(self, program: Program, ended: Exit) -> None:
        """Keep how a program ended for a daemon that is to record it."""
        self._exits[program] = ended
        if len(self._exits) > EXITS_KEPT:
            del self._exits[next(iter(self._exits))]

    def forget(self, program: Program) -> None:
        """Forget a program whose end is recorded."""
        self.programs.pop(program, None)
        self._exits.pop(program, None)
