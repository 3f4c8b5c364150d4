"""One app while it is read: field by field, with all that is wrong noted down."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from msgspec import Struct

from pmdaemon.config import field_values as values
from pmdaemon.config.field_table import FIELDS_BY_NAME, NAMED_ENVIRONMENT, Field, remark
from pmdaemon.config.interpolation import interpolated
from pmdaemon.config.spelling import spelled
from pmdaemon.config.tables import Remarked, joined, sentences
from pmdaemon.core.errors import InvalidConfiguration, InvalidInput, PmdaemonError
from pmdaemon.core.wording import shown


class Reading(Struct, frozen=True):
    """What is known of an app so far.

    `said` are the keys by which fields were given, `values` what could be read of them.
    """

    where: str = ""
    said: dict[str, str] = {}
    values: dict[str, Any] = {}
    problems: list[tuple[str, PmdaemonError]] = []
    warnings: list[str] = []

    def path(self, key: str) -> str:
        """Say where in its file a field is."""
        return joined(self.where, key) if self.where else key

    def refuse(self, name: str, error: PmdaemonError) -> None:
        """Note that a field cannot be used, under the key it was given by."""
        self.problems.append((self.path(self.said.get(name, name)), error))

    def warn(self, key: str, sentence: str) -> None:
        """Note something that the author of the app should know."""
        self.warnings.append(f"{self.path(key)}: {sentence}")

    @property
    def sentences(self) -> list[str]:
        """All that is wrong, a sentence each."""
        return [sentence for problem in self.problems for sentence in sentences(*problem)]

    def as_one(self) -> PmdaemonError:
        """Make one error of all problems."""
        if not self.where and len(self.problems) == 1:
            path, error = self.problems[0]
            if error.code not in {InvalidInput.code, InvalidConfiguration.code}:
                # What has a code of its own says what it is about.
                return error
            return InvalidInput(sentences(path, error)[0], field=path)
        return InvalidConfiguration(self.where or "the app", self.sentences)


def read_fields(
    reading: Reading,
    raw: Mapping[str, object],
    *,
    cpus: int | None = None,
    variables: Mapping[str, str] | None = None,
) -> None:
    """Read all fields of an app, with `variables` put into their texts, if there are any."""
    for key, value in raw.items():
        spelling = spelled(key)
        field = FIELDS_BY_NAME.get(spelling)
        if value is None:
            if field is None and not spelling.startswith(NAMED_ENVIRONMENT):
                reading.warn(shown(key), remark(spelling))
            continue
        if field is not None:
            read = field.kind.read
            if field.name == "instances":
                read = partial(values.instances, cpus=cpus)
            if variables is not None:
                read = partial(_with_variables, read, field, variables)
            _read_field(reading, field, key, read, value)
        elif spelling.startswith(NAMED_ENVIRONMENT):
            _check_environment(reading, key, value)
        else:
            reading.warn(shown(key), remark(spelling))


def _read_field(
    reading: Reading, field: Field, key: str, read: Callable[[object], Any], value: object
) -> None:
    name = field.name
    first = reading.said.setdefault(name, key)
    try:
        result = read(value)
    except RecursionError:
        reading.problems.append((reading.path(key), InvalidInput("it is nested too deeply")))
        return
    except PmdaemonError as error:
        reading.problems.append((reading.path(key), error))
        return
    if isinstance(result, Remarked):
        for path, sentence in result.remarks:
            reading.warn(joined(key, path), sentence)
        result = result.value
    if reading.values.setdefault(name, result) != result:
        message = f"it differs from {first}, and both mean {name}"
        reading.problems.append((reading.path(key), InvalidInput(message)))


def _with_variables(
    read: Callable[[object], Any], field: Field, variables: Mapping[str, str], value: object
) -> object:
    """Put variables in first, but leave a command line to the shell, which does as much itself."""
    if field.name == "script" and len(str(value).split()) > 1:
        return read(value)
    return read(interpolated(value, variables))


def _check_environment(reading: Reading, key: str, value: object) -> None:
    """Find what is wrong with variables that are for another `--env` than this one."""
    try:
        values.variables(value)
    except RecursionError:
        reading.problems.append((reading.path(key), InvalidInput("it is nested too deeply")))
    except PmdaemonError as error:
        reading.problems.append((reading.path(key), error))
