"""Fields whose value is a table, or a list of tables, with fields of their own.

All that is wrong within is told at once. What nobody knows is a remark, as it is for an app.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from pmdaemon.config.spelling import spelled, unknown
from pmdaemon.core.errors import InvalidConfiguration, InvalidInput, PmdaemonError
from pmdaemon.core.wording import shown

Readers = Mapping[str, Callable[[object], Any]]


class Remarked(Struct, frozen=True):
    """A value that was read, and what its author should know: each with the path within."""

    value: Any
    remarks: tuple[tuple[str, str], ...] = ()


def read_table(value: object, readers: Readers, *, expected: str) -> Remarked:
    """Read the fields of a table, by name; what is null counts as not said.

    Raises:
        InvalidInput: it is not a table.
        InvalidConfiguration: some of its fields cannot be used.

    """
    if not isinstance(value, Mapping):
        raise InvalidInput(f"not {expected}: {shown(value)}", value=shown(value))
    found: dict[str, Any] = {}
    problems: list[str] = []
    remarks: list[tuple[str, str]] = []
    for key, said in value.items():
        spelling = spelled(str(key))
        if spelling not in readers:
            remarks.append((shown(key), unknown(spelling, readers)))
        elif said is not None:
            try:
                found[spelling] = readers[spelling](said)
            except PmdaemonError as error:
                problems += sentences(shown(key), error)
    if problems:
        raise InvalidConfiguration("the table", problems)
    return Remarked(found, tuple(remarks))


def read_each(values: Sequence[object], read: Callable[[object], Remarked]) -> Remarked:
    """Read the entries of a list.

    Raises:
        InvalidConfiguration: some of them cannot be used.

    """
    found: list[Any] = []
    problems: list[str] = []
    remarks: list[tuple[str, str]] = []
    for index, value in enumerate(values):
        try:
            one = read(value)
        except PmdaemonError as error:
            problems += sentences(f"[{index}]", error)
        else:
            found.append(one.value)
            remarks += [(joined(f"[{index}]", path), remark) for path, remark in one.remarks]
    if problems:
        raise InvalidConfiguration("the list", problems)
    return Remarked(tuple(found), tuple(remarks))


def sentences(path: str, error: PmdaemonError) -> list[str]:
    """Say what is wrong at a path, and within it."""
    if isinstance(error, InvalidConfiguration):
        return [joined(path, problem) for problem in error.problems]
    return [f"{path}: {error.message}"]


def joined(path: str, rest: str) -> str:
    """Put two parts of a path together."""
    return path + rest if rest.startswith("[") else f"{path}.{rest}"
