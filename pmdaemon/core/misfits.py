"""What is wrong with JSON that somebody sent, in words for people.

The library that reads it speaks of its own types, as in ``Expected `int | str`, got `bool` ``,
which mean nothing to somebody who writes JavaScript or a shell script.
"""

import re

from pmdaemon.core.wording import shown

_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
}
"""What the kinds of values are called."""

_PLACE = re.compile(r"^(?P<complaint>.*?)(?: - at `(?:key in )?\$\.?(?P<place>.*)`)?$", re.DOTALL)
_EXPECTED = re.compile(r"Expected `(?P<kinds>[^`]+)`(?:, got `(?P<got>[^`]+)`|(?P<bound> .+))")
_MISSING = re.compile(r"Object missing required field `(?P<field>.*)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<field>.*)`", re.DOTALL)
_CHOICE = re.compile(r"Invalid (?:enum )?value (?P<value>.+)", re.DOTALL)


def misfit(error: Exception) -> str:
    """Say why a value is not what it must be, as a sentence goes on."""
    match = _PLACE.match(str(error))
    complaint, place = (match["complaint"], match["place"]) if match else (str(error), None)
    where = shown(place) if place else "it"
    if found := _EXPECTED.fullmatch(complaint):
        wanted = _kinds(found["kinds"])
        got = found["got"]
        return f"{where} must be {wanted}" + (f", not {_kinds(got)}" if got else found["bound"])
    if found := _MISSING.fullmatch(complaint):
        return f"{where} lacks the field {shown(found['field'])}"
    if found := _UNKNOWN.fullmatch(complaint):
        return f"{where} may have no field {shown(found['field'])}"
    if found := _CHOICE.fullmatch(complaint):
        return f"{where} cannot be {shown(found['value'].strip(chr(39)))}"
    return shown(f"{where}: {complaint[:1].lower()}{complaint[1:]}")


def no_json(error: Exception) -> str:
    """Say why bytes are no JSON, as a sentence goes on."""
    if isinstance(error, UnicodeError):
        return "it is not UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    reason = str(error).removeprefix("JSON is malformed: ")
    if reason == "Input data was truncated":
        return "it ends too soon"
    return shown(f"{reason[:1].lower()}{reason[1:]}")


def _kinds(listed: str) -> str:
    kinds = listed.split(" | ")
    if len(kinds) > 1:
        # null is what is not there at all, and each whole number a number.
        needless = {"null", "int"} if "float" in kinds else {"null"}
        kinds = [kind for kind in kinds if kind not in needless]
    *others, last = [_KINDS.get(kind, kind) for kind in kinds]
    return f"{', '.join(others)} or {last}" if others else last
