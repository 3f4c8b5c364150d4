"""Orders of certificates that came to nothing: kept, so that no restart repeats them."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from pmdaemon.adapters.private_files import write_private
from pmdaemon.core.certificates import Refusal
from pmdaemon.core.errors import HomeUnusable
from pmdaemon.core.wording import why

FILE = "refused.json"


class RefusedOrders:
    """The last failure of each host, in one file of `folder`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    def read(self) -> Mapping[str, Refusal]:
        """Return what is kept; nothing, where that is no good."""
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=dict[str, Refusal])
        except (OSError, msgspec.MsgspecError):
            return {}

    def write(self, refusals: Mapping[str, Refusal]) -> None:
        """Keep these and no others; see `Certificates`."""
        try:
            if refusals or self._file.exists():
                write_private(self._file, msgspec.json.encode(refusals))
        except OSError as error:
            message = f"cannot keep when to order again: {why(error)}"
            raise HomeUnusable(message) from error
