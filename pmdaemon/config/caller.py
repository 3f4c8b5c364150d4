"""The environment of whoever declares apps."""

from collections.abc import Mapping
from functools import cached_property

from pmdaemon.config.command import Found
from pmdaemon.config.environment import scrubbed
from pmdaemon.config.field_values import variables


class CallerEnvironment:
    """Filtered once, for all apps of a file."""

    def __init__(self, said: Mapping[str, str]) -> None:
        self.said = said
        self.found: Found = {}

    @cached_property
    def inherited(self) -> Mapping[str, str]:
        """What an app inherits unless it says otherwise.

        Raises:
            InvalidInput: these are no variables.

        """
        return scrubbed(variables(self.said))
