"""What the settings of a home say at this moment: read again when the file has changed."""

import logging
import os
from collections.abc import Collection

from pmdaemon.config.settings import Settings, read_settings
from pmdaemon.core.accounts import AccountRules
from pmdaemon.core.deploy_limits import DeployLimits
from pmdaemon.core.errors import InvalidConfiguration
from pmdaemon.core.rate_limits import Rates

log = logging.getLogger(__name__)

Likeness = tuple[int, int, int]


class LiveSettings:
    """Reads the file when it is not as it was; one that cannot be used changes nothing."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._seen: Likeness | None = None
        self._settings = Settings()
        self._problem: str | None = None

    def names(self) -> Collection[str]:
        """List names of tokens that are revoked, in lower case."""
        return frozenset(self._read().revoked)

    def account_rules(self) -> AccountRules:
        """Say what holds for accounts."""
        return self._read().accounts

    def deploy_limits(self) -> DeployLimits:
        """Say what deployments may take."""
        return self._read().deploy.limits

    def rates(self) -> Rates:
        """Say how often one may ask what has limits of its own."""
        return self._read().deploy.rates

    def problem(self) -> str | None:
        """Say why the file as it is now is not heeded; None while it is."""
        self._read()
        return self._problem

    def _read(self) -> Settings:
        likeness = _likeness(self._path)
        if likeness != self._seen:
            self._seen = likeness
            self._problem = None
            try:
                self._settings = read_settings(self._path)
            except InvalidConfiguration as error:
                self._problem = error.message
                for problem in error.problems:
                    log.error("settings.refused path=%s reason=%s", self._path, problem)
        return self._settings


def _likeness(path: str) -> Likeness | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - asked for with every request
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
