"""What is asked of a declaration before anything is done about it.

All of it is checked, and refused, while an action is still being decided: nothing half applied.
"""

from collections.abc import Callable, Iterable, Sequence

from pmdaemon.core import graph
from pmdaemon.core.errors import InvalidInput, ProcessBlocked
from pmdaemon.core.process import Process, Wish
from pmdaemon.core.spec import AppSpec
from pmdaemon.engine.interfaces import Launcher


class Admission:
    """Looks at declarations with the eyes of those who would have to act on them."""

    def __init__(
        self, launcher: Launcher, *, may_publish: Callable[[Sequence[AppSpec]], None]
    ) -> None:
        self._launcher = launcher
        self._may_publish = may_publish

    def check(self, specs: Sequence[AppSpec], processes: Iterable[Process]) -> None:
        """Make sure that these can be carried out beside the processes that there are.

        Raises:
            ProcessBlocked: somebody has blocked one of them.
            InvalidInput: one depends on nothing, or on itself, or may not run as it is to, or
                what it wants to have published is another's.
            TcpPortTaken: the gateway cannot listen where it is to for one of them.

        """
        present = [one for one in processes if one.wish is not Wish.GONE]
        blocked = {one.name for one in present if one.wish is Wish.BLOCKED}
        for spec in specs:
            if spec.name in blocked:
                raise ProcessBlocked(spec.name)
            objection = self._launcher.objection(spec.run_as, spec.limits)
            if objection is not None:
                message = f"cannot start {spec.name}: {objection}"
                raise InvalidInput(message, code="not_permitted", name=spec.name)
        known = {one.name: one.spec for one in present} | {spec.name: spec for spec in specs}
        graph.check(graph.graph_of(known.values()), [spec.name for spec in specs])
        self._may_publish(specs)
