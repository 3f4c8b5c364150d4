"""Looking at programs, at the machine and at files."""

from collections.abc import Callable, Mapping
from typing import Literal, Protocol

from msgspec import Struct

from pmdaemon.core.health import ProbeResult
from pmdaemon.core.metrics import HostSample, Sample
from pmdaemon.core.process import Identity
from pmdaemon.core.spec import RunAs
from pmdaemon.core.watching import WatchOrder
from pmdaemon.engine.interfaces.clock import Cancellable


class ProcessMetrics(Protocol):
    """Measures programs, each with all of its descendants."""

    def sample(self, runs: Mapping[int, Identity]) -> Mapping[int, Sample]:
        """Measure the given runs, by pm_id, in one pass."""


class HostMetrics(Protocol):
    """Measures the machine."""

    def read(self) -> HostSample:
        """Take a reading; CPU usage is since the reading before."""


class ProbeOrder(Struct, frozen=True, kw_only=True):
    """A question to a program: whether it answers, or whether a command succeeds.

    `target` is a URL, `host:port`, or a command for a shell, which gets `cwd`, `env` and the rights
    of `run_as`. `timeout` is in seconds.
    """

    kind: Literal["http", "tcp", "command"]
    target: str
    timeout: float
    cwd: str = "/"
    env: Mapping[str, str] = {}
    run_as: RunAs = RunAs()


class Prober(Protocol):
    """Asks programs how they are."""

    async def probe(self, order: ProbeOrder) -> ProbeResult:
        """Ask once; whatever goes wrong is the result, and never an exception."""


class TcpProbe(Protocol):
    """Looks at TCP ports of this machine."""

    def is_free(self, tcp_port: int) -> bool:
        """Whether a program could listen on this port now."""

    def accepts(self, tcp_port: int) -> bool:
        """Whether a connection to this port is accepted now."""


class FileWatch(Protocol):
    """Watches files and folders."""

    def watch(self, order: WatchOrder, on_change: Callable[[str], None]) -> Cancellable:
        """Call `on_change` from the event loop with the path of whatever changes from now on.

        A path that is empty stands for changes that nobody could keep up with. What cannot be
        watched is logged, and looked at now and then instead.
        """
