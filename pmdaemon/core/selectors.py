"""Which processes are meant by what a user types.

A selector is, in this order:

1. `all`: every process.
2. `/regex/`: those whose app's name contains a match.
3. An app's name: all of its instances.
4. A namespace: everything in it.
5. A number: the process with this pm_id.
6. `name:instance`, as `web:1`: one instance of an app.

A name comes before a number, as with PM2: an app may be called `8080`.
"""

import re
from collections.abc import Sequence

from msgspec import Struct

from pmdaemon.core.errors import InvalidInput, ProcessNotFound
from pmdaemon.core.process import Process
from pmdaemon.core.wording import shown

LONGEST_PATTERN = 100
MOST_CHOICES = 3

_ESCAPES_AND_SETS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_CHOICES = re.compile(r"[*+{]|(?<![(*+?}])\?|\([^()]*\|")
_REPETITION_OF_A_GROUP = re.compile(r"\)[*+{]")
_REPEATED_GROUP = re.compile(r"\(([^()]*)\)[*+{]")


class Selector(Struct, frozen=True):
    """One selector; `pattern` is there when it is a regular expression.

    A `narrow` one means an app by its name, or else one process by its pm_id, and nothing else:
    for programs, which mean what they write. Where there are `pm_ids`, it means these: somebody has
    looked them up already, by the text.
    """

    text: str
    pattern: re.Pattern[str] | None = None
    narrow: bool = False
    pm_ids: frozenset[int] | None = None

    @classmethod
    def parse(cls, text: str) -> "Selector":
        """Read a selector.

        Raises:
            InvalidInput: it is empty, or its regular expression is not usable.

        """
        if not text.strip():
            raise InvalidInput("an empty selector names no process", code="invalid_selector")
        if len(text) > 2 and text.startswith("/") and text.endswith("/"):
            return cls(text, _pattern(text[1:-1]))
        return cls(text)

    def matching(self, processes: Sequence[Process]) -> Sequence[Process]:
        """Pick those that are meant."""
        if self.pm_ids is not None:
            return [each for each in processes if each.pm_id in self.pm_ids]
        named = [each for each in processes if each.name == self.text]
        if self.narrow:
            return named or [each for each in processes if str(each.pm_id) == self.text]
        if self.text == "all":
            return processes
        if self.pattern is not None:
            return [each for each in processes if self.pattern.search(each.name)]
        name, _, instance = self.text.rpartition(":")
        return (
            named
            or [each for each in processes if each.spec.namespace == self.text]
            or [each for each in processes if str(each.pm_id) == self.text]
            or [each for each in processes if (each.name, str(each.instance)) == (name, instance)]
        )


def parse_each(texts: Sequence[str]) -> list[Selector]:
    """Read what a user typed, one selector a text.

    Raises:
        InvalidInput: one is empty, or is no usable regular expression.

    """
    return [Selector.parse(text) for text in texts]


def select(selectors: Sequence[Selector], processes: Sequence[Process]) -> list[Process]:
    """Pick what any of the selectors means, in the order of pm_ids.

    Raises:
        ProcessNotFound: one of them means nothing, unless it is `all`.

    """
    chosen: dict[int, Process] = {}
    for selector in selectors:
        matching = selector.matching(processes)
        if not matching and (selector.narrow or selector.pm_ids or selector.text != "all"):
            raise _not_found(selector, processes)
        chosen.update((each.pm_id, each) for each in matching)
    return [chosen[pm_id] for pm_id in sorted(chosen)]


def _not_found(selector: Selector, processes: Sequence[Process]) -> ProcessNotFound:
    # Only a mistake pays for this import.
    import difflib  # noqa: PLC0415

    names = {each.name for each in processes}
    if selector.pattern is not None:
        return ProcessNotFound(shown(selector.text), names, is_pattern=True)
    known = sorted(names | {each.spec.namespace for each in processes})
    close = difflib.get_close_matches(selector.text[:200], known, n=1)
    return ProcessNotFound(shown(selector.text), names, close[0] if close else None)


def _pattern(source: str) -> re.Pattern[str]:
    if len(source) > LONGEST_PATTERN:
        raise _unusable(source, f"it has over {LONGEST_PATTERN} characters")
    try:
        pattern = re.compile(source)
    except (re.error, RecursionError, OverflowError) as error:
        raise _unusable(source, str(error)) from error
    if _may_explode(source):
        raise _unusable(source, "it repeats too much to be tried on names in reasonable time")
    return pattern


def _may_explode(source: str) -> bool:
    """Tell whether matching could take more than polynomial time, or a high power of it.

    The engine of `re` backtracks: `(a+)+b` or `(a|a)*b` on a name of thirty letters takes minutes,
    and meanwhile the daemon does nothing else.
    """
    bare = _ESCAPES_AND_SETS.sub("x", source)
    if len(_CHOICES.findall(bare)) > MOST_CHOICES:
        return True
    while (group := _REPEATED_GROUP.search(bare)) is not None:
        if _CHOICES.search(f"({group[1]}"):
            return True
        bare = bare.replace(group[0], "x*", 1)
    # What is left are groups within repeated groups: too hard to judge, and too odd to matter.
    return _REPETITION_OF_A_GROUP.search(bare) is not None


def _unusable(source: str, reason: str) -> InvalidInput:
    message = f"not a usable regular expression: {shown(source)} ({reason})"
    return InvalidInput(message, code="invalid_selector", pattern=shown(source))
