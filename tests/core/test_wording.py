import sys
from datetime import date

import pytest

from pmdaemon.core.wording import LONGEST_SHOWN, shown, why


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("web", "web"),
        ("café 🚀", "café 🚀"),
        ("", '""'),
        (None, "null"),
        (True, "true"),
        (3, "3"),
        ([1, "a", None, True], '[1, "a", null, true]'),
        ({"a": "é"}, '{"a": "é"}'),
        (date(2026, 1, 2), '"2026-01-02"'),
    ],
)
def test_a_harmless_value_is_shown_as_it_is(value, text):
    assert shown(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\nb", r"a\nb"),
        ("\x1b[2J", r"\x1b[2J"),
        ("a\0", r"a\x00"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("a\udcff", r"a\xff"),
        ("\udc80", r"\x80"),
        ("\udc7f", r"\udc7f"),
        ("\ud800", r"\ud800"),
    ],
)
def test_what_could_move_a_cursor_or_hide_text_is_escaped(value, text):
    assert shown(value) == text


@pytest.mark.parametrize("value", ["x" * 10_000, "\n" * 10_000, list(range(10_000))])
def test_a_long_value_is_shortened(value):
    assert len(shown(value)) == LONGEST_SHOWN + 1
    assert shown(value).endswith("…")


def test_what_is_no_json_is_not_repeated():
    itself: list[object] = []
    itself.append(itself)
    deep: list[object] = []
    for _ in range(sys.getrecursionlimit()):
        deep = [deep]

    assert [shown(value) for value in (itself, deep, {(1, 2): 3})] == ["…"] * 3


def test_a_value_that_just_fits_is_not_shortened():
    assert shown("x" * LONGEST_SHOWN) == "x" * LONGEST_SHOWN


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(13, "Permission denied", "/etc/shadow"), "permission denied"),
        (OSError("Timed out"), "timed out"),
        (ValueError("Embedded null byte"), "embedded null byte"),
        (ValueError("it is no JSON"), "it is no JSON"),
        (OSError(0, "[SSL] PEM lib"), "[SSL] PEM lib"),
        (OSError(0, "RPC struct is bad"), "RPC struct is bad"),
        (OSError(0, "IPv6 is off"), "IPv6 is off"),
        (TimeoutError(), "timeout"),
        (BrokenPipeError(), "broken pipe"),
    ],
)
def test_a_failure_is_worded_as_a_sentence_goes_on(error, words):
    assert why(error) == words
