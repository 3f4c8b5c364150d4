"""How values from outside, and what the system says, are repeated in a sentence.

Whatever somebody sent may end up in a terminal or a log, so it is shortened, and what could move
a cursor or hide text is written as an escape.
"""

LONGEST_SHOWN = 80


def shown(value: object) -> str:
    """Repeat a value so that it is safe to print, in at most about 80 characters."""
    text = value if isinstance(value, str) else _as_json(value)
    if not text:
        return '""'
    safe = "".join(map(_safe, text[: LONGEST_SHOWN + 1]))
    return safe if len(safe) <= LONGEST_SHOWN else f"{safe[:LONGEST_SHOWN]}…"


def why(error: BaseException) -> str:
    """Say why something failed, as a sentence goes on: in the system's own words, if it has any."""
    reason = str(getattr(error, "strerror", None) or error) or _named(error)
    return reason if reason[:2].isupper() else f"{reason[:1].lower()}{reason[1:]}"


def _as_json(value: object) -> str:
    import json  # noqa: PLC0415 - the keeper, which repeats no such value, is to be small

    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):
        return "…"  # its keys are none of JSON, or it holds itself, or is nested too deeply


def _named(error: BaseException) -> str:
    """Make words of the name that an error without any has: "broken pipe" of BrokenPipeError."""
    name = type(error).__name__.removesuffix("Error")
    return "".join(f" {each}" if each.isupper() else each for each in name).strip().lower()


def _safe(character: str) -> str:
    if character.isprintable():
        return character
    if "\udc80" <= character <= "\udcff":  # a byte that is no UTF-8, as Python has it (PEP 383)
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
