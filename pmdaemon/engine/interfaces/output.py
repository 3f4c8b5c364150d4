"""What programs write."""

from collections.abc import Callable
from typing import Protocol

from pmdaemon.core.logs import OutputStream
from pmdaemon.core.spec import LogPolicy


class OutputCapture(Protocol):
    """Moves what programs write into files."""

    def open(self, pm_id: int, name: str, instance: int, policy: LogPolicy) -> tuple[str, str]:
        """Be ready for the output of a process; return the FIFOs for its stdout and stderr.

        Opening again is allowed, and takes over a new policy.

        Raises:
            OperationFailed: it cannot be captured, and nothing was opened.

        """

    def files(self, name: str, instance: int) -> tuple[str, str]:
        """Say where the output of a process is kept: the paths for stdout and stderr."""

    def sizes(self, name: str, instance: int) -> tuple[int, int]:
        """Say how many bytes these files hold by now."""

    def drain(self, pm_id: int) -> None:
        """Move all that was written so far into the files."""

    def last_words(self, pm_id: int) -> tuple[str, ...]:
        """Read the last few lines that a process wrote to stderr since it was opened for it."""

    def flush(self, pm_id: int) -> None:
        """Empty the files, and remove the older ones.

        Raises:
            OperationFailed: they cannot be written to.

        """

    def close(self, pm_id: int) -> None:
        """Drain, and give up the FIFOs for good, as nothing writes to them; the files stay."""

    def on_growth(self, callback: Callable[[int, OutputStream], None] | None) -> None:
        """Call `callback` with the pm_id and stream whenever a file has grown, or stop doing so."""
