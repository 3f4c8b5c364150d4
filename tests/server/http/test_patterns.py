import sys

import pytest

from pmdaemon.server.http.patterns import LONGEST_PATTERN, InvalidPattern, matcher


def picks(pattern, line, *, regex=False):
    return matcher(pattern, regex=regex)(line)


def test_a_text_is_looked_for_as_it_stands():
    assert picks("a.c", "xa.cx")
    assert not picks("a.c", "abc")
    assert not picks("ERROR", "error")


def test_a_regular_expression_is_looked_for_anywhere():
    assert picks("a.c", "xabcx", regex=True)
    assert picks("(?i)error|warn", "WARNING", regex=True)
    assert not picks("^b", "ab", regex=True)


def test_lines_of_all_kinds_can_be_looked_through():
    assert picks("zeile$", "späte \x00\ufffd zeile", regex=True)
    assert picks("ä", "späte", regex=True)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("[", "missing ]"),
        ("(?=a)", "invalid perl operator"),
        (r"(a)\1", "invalid escape sequence"),
        ("a{1000}{1000}", "repetition"),
        ("((a{1,100}){1,10}b{1,900}c{1,900})", "too large"),
        ("\udcff", "not UTF-8"),
    ],
)
def test_what_is_no_usable_expression_is_refused(pattern, reason):
    with pytest.raises(InvalidPattern, match=f"cannot use the pattern .*{reason}") as refused:
        matcher(pattern, regex=True)

    assert refused.value.code == "invalid_pattern"


@pytest.mark.parametrize("regex", [True, False])
def test_a_pattern_that_is_too_long_is_refused(regex):
    matcher("ä" * (LONGEST_PATTERN // 2), regex=regex)

    with pytest.raises(InvalidPattern, match="more than 256 bytes"):
        matcher("ä" * (LONGEST_PATTERN // 2 + 1), regex=regex)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(.*)(.*)(.*)(.*)(.*)x", "(x+x+)+y"])
def test_what_takes_for_ever_elsewhere_does_not_here(pattern):
    assert not picks(pattern, ("a" * 32 + "x" * 32) * 1000 + "!", regex=True) or pattern[-1] == "x"


def test_where_there_is_no_engine_for_them_it_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "re2", None)

    with pytest.raises(InvalidPattern, match="google-re2 is not installed"):
        matcher("a", regex=True)
    assert picks("a", "a")
