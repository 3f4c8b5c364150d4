import pytest

from pmdaemon.config.interpolation import interpolated
from pmdaemon.core.errors import InvalidInput

VARIABLES = {"A": "1", "EMPTY": "", "TRICK": "${A}"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${A}", "1"),
        ("x${A}y${A}z", "x1y1z"),
        ("${B:-d}", "d"),
        ("${B-d}", "d"),
        ("${EMPTY:-d}", "d"),
        ("${EMPTY-d}", ""),
        ("${B:-}", ""),
        ("${B:-${A}-${C:-z}}", "1-z"),
        ("${A:?needed}", "1"),
        ("$${A}", "${A}"),
        ("$$${A}", "$${A}"),
        ("${TRICK}", "${A}"),
        ("$A, $(A), {A}, 100%, $", "$A, $(A), {A}, 100%, $"),
    ],
)
def test_variables_are_put_into_a_text(text, expected):
    assert interpolated(text, VARIABLES) == expected


def test_all_texts_of_a_value_are_gone_through():
    value = {"${A}": ["${A}", 7, None, {"b": "${A}"}]}

    assert interpolated(value, VARIABLES) == {"${A}": ["1", 7, None, {"b": "1"}]}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("${B}", r"B is not set, and has no default (${B:-…} for one, $${B} for the text)"),
        ("${B:?say which}", "B: say which"),
        ("${EMPTY:?}", "EMPTY: it is not set"),
        ("${B?}", "B: it is not set"),
        ("${}", "not a variable: ${} ($${ is for the text)"),
        ("${1}", "not a variable: ${1} ($${ is for the text)"),
        ("${A", "not a variable: ${A ($${ is for the text)"),
        ("${B:-x", "a brace is not closed: ${B:-x"),
        ("${B:-${C:-x}", "a brace is not closed: ${B:-${C:-x}"),
        ("${B:-" * 30 + "x" + "}" * 30, "defaults are nested too deeply"),
    ],
)
def test_what_cannot_be_put_in_is_refused(text, reason):
    with pytest.raises(InvalidInput) as refusal:
        interpolated(text, VARIABLES)

    assert refusal.value.message == reason
