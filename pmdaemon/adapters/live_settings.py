"""What the settings of a home say at this moment: read again when the file has changed."""

import logging
import os
from collections.abc import Collection

from pmdaemon.config.settings import Settings, read_settings
from pmdaemon.core.accounts import AccountRules
from pmdaemon.core.errors import InvalidConfiguration

log = logging.getLogger(__name__)

Likeness = tuple[int, int, int]


class LiveSettings:
    """Reads the file when it is not as it was; one that cannot be used changes nothing."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._seen: Likeness | None = None
        self._settings = Settings()

    def names(self) -> Collection[str]:
        """List names of tokens that are revoked, in lower case."""
        return frozenset(self._read().revoked)

    def account_rules(self) -> AccountRules:
        """Say what holds for accounts."""
        return self._read().accounts

    def _read(self) -> Settings:
        likeness = _likeness(self._path)
        if likeness != self._seen:
            self._seen = likeness
            try:
                self._settings = read_settings(self._path)
            except InvalidConfiguration as error:
                for problem in error.problems:
                    log.error("settings.refused path=%s reason=%s", self._path, problem)
        return self._settings


def _likeness(path: str) -> Likeness | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - asked for with every request
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
