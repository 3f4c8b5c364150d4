import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmdaemon.config.shell_words import shell_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("  \t\n", []),
        ("one", ["one"]),
        (" --port  3000\t--verbose\n", ["--port", "3000", "--verbose"]),
        ("'two words' \"and three words\" a\\ b", ["two words", "and three words", "a b"]),
        ("# is no comment", ["#", "is", "no", "comment"]),
        ("a\u00a0b", ["a\u00a0b"]),
    ],
)
def test_text_is_split_at_spaces_outside_of_quotes(text, words):
    assert shell_words(text) == words


def test_an_open_quote_is_refused():
    with pytest.raises(ValueError, match="No closing quotation"):
        shell_words("'open")


@given(st.text(alphabet="ab-=/#$*\u00a0é \t\r\n\x0b\x0c"))
def test_text_without_quotes_is_split_like_the_library_does(text):
    assert shell_words(text) == shlex.split(text)
