"""`docs/python-verbs.md`: every verb of the Python API, made of the clients themselves.

To write it anew: python -m tests.support.python_manual
"""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from pmdaemon import Client
from pmdaemon.client.deployments import Deployments
from pmdaemon.client.gateway import Gateway
from pmdaemon.client.projects import Projects
from pmdaemon.client.users import Users

PATH = Path(__file__).parents[2] / "docs" / "python-verbs.md"

INTRODUCTION = """\
# Verbs of the Python API

All verbs of `Client` and its parts, with their arguments. `AsyncClient` has the same verbs as
coroutines; iterate over those that yield with `async for`. For an introduction with examples, see
[the Python API](python-api.md).

Results whose types end in `View` or `Result` are dictionaries. Their keys are declared in
`pmdaemon.control.messages`.
"""

PARTS = {
    "client": Client,
    "client.gateway": Gateway,
    "client.deployments": Deployments,
    "client.projects": Projects,
    "client.users": Users,
}

_MODULES = re.compile(r"\b(?:[a-z_]+\.)+(?=[A-Za-z])")
_ARGUMENT = re.compile(r"^ {4}(\w+): (.+(?:\n {8}.+)*)", re.MULTILINE)
_SECTION = re.compile(r"^(Args|Raises):\n\n?", re.MULTILINE)


def manual() -> str:
    """Word the page."""
    parts = "".join(_part(called, kind) for called, kind in PARTS.items())
    return f"{INTRODUCTION}{parts}"


def verbs_of(kind: type) -> Iterator[tuple[str, object]]:
    """List what is public of a client, or of a part of one, in the order in which it stands."""
    return ((name, verb) for name, verb in vars(kind).items() if not name.startswith("_"))


def _part(called: str, kind: type) -> str:
    made = f"```text\nClient{_signature(kind)}\n```\n\n" if kind is Client else ""
    verbs = "".join(_verb(called, name, verb) for name, verb in verbs_of(kind))
    return f"\n## `{called}`\n\n{made}{_documentation(kind)}\n{verbs}"


def _verb(called: str, name: str, verb: object) -> str:
    if isinstance(verb, property):
        return f"\n### `{called}.{name}`\n\n{_documentation(verb)}\n"
    signature = f"{name}{_signature(verb)}"
    return f"\n### `{called}.{name}`\n\n```text\n{signature}\n```\n\n{_documentation(verb)}\n"


def _signature(verb: object) -> str:
    """Word what is passed, a line each where it does not fit on one."""
    assert callable(verb)
    signature = inspect.signature(verb)
    own = [one for one in signature.parameters.values() if one.name != "self"]
    returned = signature.return_annotation
    arrow = "" if isinstance(verb, type) else f" -> {_annotation(returned)}"
    shown = _shown(str(signature.replace(parameters=own, return_annotation=signature.empty)))
    if len(shown + arrow) < 88:
        return shown + arrow
    lines = "".join(f"    {one},\n" for one in _one_by_one(own))
    return f"(\n{lines}){arrow}"


def _one_by_one(parameters: list[inspect.Parameter]) -> Iterator[str]:
    """Word parameters, with the star that stands before those that are passed by name."""
    kinds = {one.kind for one in parameters}
    bare = inspect.Parameter.KEYWORD_ONLY in kinds and inspect.Parameter.VAR_POSITIONAL not in kinds
    for one in parameters:
        if bare and one.kind is inspect.Parameter.KEYWORD_ONLY:
            bare = False
            yield "*"
        yield _shown(str(one))


def _annotation(annotation: object) -> str:
    named = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return _shown(named)


def _shown(text: str) -> str:
    return _MODULES.sub("", text).replace("'", '"')


def _documentation(documented: object) -> str:
    """Word a docstring, with its arguments and errors as lists."""
    text = inspect.getdoc(documented)
    assert text, documented
    text = _ARGUMENT.sub(lambda one: f"* `{one[1]}`: {' '.join(one[2].split())}", text)
    return _SECTION.sub(lambda one: f"{one[1].replace('Args', 'Arguments')}:\n\n", text).rstrip()


if __name__ == "__main__":
    PATH.write_text(manual(), "utf-8")
