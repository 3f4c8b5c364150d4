"""The names of tokens that the settings of a home revoke, read again when the file has changed."""

import logging
import os
from collections.abc import Collection

from pmdaemon.config.settings import read_settings
from pmdaemon.core.errors import InvalidConfiguration

log = logging.getLogger(__name__)

Likeness = tuple[int, int, int]


class RevokedNames:
    """Reads the file when it is not as it was; one that cannot be used changes nothing."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._seen: Likeness | None = None
        self._names: Collection[str] = frozenset()

    def names(self) -> Collection[str]:
        """List names of tokens, in lower case, as they are written down at this moment."""
        likeness = _likeness(self._path)
        if likeness != self._seen:
            self._seen = likeness
            try:
                self._names = frozenset(read_settings(self._path).revoked)
            except InvalidConfiguration as error:
                for problem in error.problems:
                    log.error("settings.refused path=%s reason=%s", self._path, problem)  # noqa: TRY400
        return self._names


def _likeness(path: str) -> Likeness | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - asked for with every request
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
