"""The life of a process as a dialogue: what happened, and what there was to do.

play = Playbook(a_process(state=Online(RUN)))
play.tell(StopRequested()).expect(SignalTree(0, RUN, "SIGINT"), SetTimer(...))
play.tell(ProcessExited(RUN.identity, CLEAN)).expect(Sweep(0, RUN, None))
"""

from typing import Self

from pmdaemon.core.effects import Effect
from pmdaemon.core.lifecycle import step
from pmdaemon.core.lifecycle_events import Event
from pmdaemon.core.process import Process, State


class Playbook:
    """Tells a process events, one by one, and compares the effects."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self._effects: list[Effect] = []

    def tell(self, event: Event) -> Self:
        """Let something happen; effects of before must have been expected."""
        assert not self._effects, f"not expected: {self._effects}"
        self.process, effects = step(self.process, event)
        self._effects = list(effects)
        return self

    def expect(self, *effects: Effect) -> Self:
        """Say what there is to do now, all of it and in this order."""
        assert self._effects == list(effects), f"there is to do: {self._effects}"
        self._effects = []
        return self

    def becomes(self, state: State) -> Self:
        """Say what state the process is in now."""
        assert self.process.state == state, f"it is {self.process.state}"
        return self

    def end(self) -> Process:
        """Make sure that nothing is left to do, and return the process."""
        assert not self._effects, f"not expected: {self._effects}"
        return self.process
