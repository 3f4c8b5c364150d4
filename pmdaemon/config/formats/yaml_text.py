"""YAML by the rules of its version 1.2: `no` is a word, `010` is ten, and a time of day is text.

Keys are always text. What makes a small text large is bounded: aliases, and merges of them.
"""

import re
from typing import Any, ClassVar

import yaml

from pmdaemon.config.formats.sentences import lowered

DEEPEST = 100
MOST_ALIASES = 1000
MOST_VALUES = 250_000
"""In a document, each counted as often as aliases repeat it."""

_CORE = "tag:yaml.org,2002:"

_FLOAT = r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
_NO_NUMBER = r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
_SCALARS = (
    ("null", r"~|null|Null|NULL|", ("~", "n", "N", "")),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", f"{_FLOAT}|{_NO_NUMBER}", "-+0123456789."),
    ("merge", r"<<", "<"),
)
"""YAML 1.2.2, section 10.3.2; and `<<`, which is older, and which everybody uses."""


def parse(text: str) -> object:
    """Read a YAML document.

    Raises:
        ValueError: it is not YAML, or too large; the sentence has line and column, if it can.

    """
    try:
        _check_size(text)
        document: object = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe one
    except yaml.MarkedYAMLError as error:
        reason = _on_one_line(error.problem or error.context or "it is broken").removeprefix("but ")
        mark = error.problem_mark or error.context_mark
        place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
        raise ValueError(f"{reason}{place}") from error
    except yaml.YAMLError as error:
        raise ValueError(_on_one_line(str(error).splitlines()[0])) from error
    _count_values(document)
    return document


def _check_size(text: str) -> None:
    """Refuse what could not be read: the parser of libyaml ends the program when nested deeply."""
    aliases = depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=_Loader)):
        match event:
            case yaml.CollectionStartEvent():
                depth += 1
            case yaml.CollectionEndEvent():
                depth -= 1
            case yaml.AliasEvent():
                aliases += 1
            case _:
                pass
        if depth > DEEPEST:
            raise ValueError("it is nested too deeply")
        if aliases > MOST_ALIASES:
            raise ValueError(f"there are more than {MOST_ALIASES} aliases in it")
        if count > 2 * MOST_VALUES:
            raise ValueError(f"there are more than {MOST_VALUES} values in it")


def _count_values(document: object) -> None:
    """Refuse what is small in memory, and, each alias written out, is not."""
    count = 0
    left = [document]
    while left:
        value = left.pop()
        count += 1
        if count > MOST_VALUES:
            raise ValueError(f"there are more than {MOST_VALUES} values in it")
        match value:
            case dict():
                left += value.values()
            case list():
                left += value
            case _:
                pass


class _Loader(yaml.CSafeLoader):
    """The safe loader with the scalars of YAML 1.2, and nothing that has a tag of its own."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - as its base has it
    yaml_constructors: ClassVar[dict[str | None, Any]] = {}

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Put merged mappings in; each may be put into others again."""
        super().flatten_mapping(node)
        if len(node.value) > MOST_VALUES // 10:
            raise ValueError("its merges are too large")


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[str, Any]:
    """Read names and values; a name is the text that stands there."""
    said: set[str] = set()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _refused("a name is not text", key)
        if key.value in said:
            raise _refused(f"{key.value} appears twice", key)
        said.add(key.value)
    loader.flatten_mapping(node)
    return {key.value: loader.construct_object(value, deep=True) for key, value in node.value}


def _list(loader: _Loader, node: yaml.SequenceNode) -> list[Any]:
    return [loader.construct_object(each, deep=True) for each in node.value]


def _int(_: _Loader, node: yaml.ScalarNode) -> int:
    text = str(node.value)
    if len(text) > 400:
        raise _refused("a number is too long", node)
    base = {"0o": 8, "0x": 16}.get(text[:2], 10)
    try:
        return int(text, base)
    except ValueError as error:  # of another look than its tag, as in `!!int x`
        raise _refused("not a number", node) from error


def _float(_: _Loader, node: yaml.ScalarNode) -> float:
    text = str(node.value).lower()
    try:
        return float(text.replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError as error:
        raise _refused("not a number", node) from error


def _unknown(_: _Loader, node: yaml.Node) -> None:
    raise _refused(f"the tag {node.tag} is not supported", node)


def _refused(problem: str, node: yaml.Node) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(None, None, problem, node.start_mark)


def _on_one_line(sentence: str) -> str:
    return lowered(" ".join(sentence.split()))


for _name, _pattern, _first in _SCALARS:
    _Loader.add_implicit_resolver(_CORE + _name, re.compile(rf"(?:{_pattern})\Z"), list(_first))
_Loader.add_constructor(f"{_CORE}null", lambda _, __: None)
_Loader.add_constructor(f"{_CORE}bool", lambda _, node: node.value.lower() == "true")
_Loader.add_constructor(f"{_CORE}int", _int)
_Loader.add_constructor(f"{_CORE}float", _float)
_Loader.add_constructor(f"{_CORE}str", lambda _, node: str(node.value))
_Loader.add_constructor(f"{_CORE}seq", _list)
_Loader.add_constructor(f"{_CORE}map", _mapping)
_Loader.add_constructor(None, _unknown)
