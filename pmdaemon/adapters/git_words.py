"""What git says while it fetches: what of it is worth telling, and why something failed."""

import re
from collections.abc import Sequence

from pmdaemon.engine.interfaces.deploying import BuildOutcome

_METER = re.compile(r"(?:remote: )?[A-Z][a-z]+ (?:objects|deltas|tree|files): ", re.ASCII)
"""How far something is."""

_TOTAL = re.compile(r"(?:remote: )?Total \d+ \(delta ", re.ASCII)

_LARGE = re.compile(r"Receiving objects: .* [\d.]+ [MG]iB ", re.ASCII)
"""Something that takes so long that people want to know how far it is."""

_MOVED = re.compile(r"(?:From |Auto packing | [*+\-=t!] .* -> |   [0-9a-f]+\.\.)")
"""Which of our own references moved, and how: they have names that nobody else knows."""

_WORD_OF_GIT = re.compile(r"^(?:fatal|error|remote|ERROR): *", re.IGNORECASE)


def is_worth_telling(line: str) -> bool:
    """Tell whether a line is for people: what is about the repository, and not about git."""
    if _MOVED.match(line) or _TOTAL.match(line):
        return False
    return bool(line.strip()) and (not _METER.match(line) or bool(_LARGE.match(line)))


def reason(outcome: BuildOutcome, said: Sequence[str]) -> str:
    """Say in a clause why a command of git has failed."""
    if outcome.reason:
        return outcome.reason
    told = [line for line in said if line.strip()]
    words = [line for line in told if line.lower().startswith(("fatal:", "error:", "remote:"))]
    fatal = [line for line in words if line.lower().startswith("fatal:")]
    # Of what is fatal the first says it best: others follow from it.
    line = fatal[0] if fatal else (words or told or [f"git ended with {outcome.exit}"])[-1]
    sentence = _WORD_OF_GIT.sub("", line).strip().rstrip(".")
    return sentence[:1].lower() + sentence[1:300]
