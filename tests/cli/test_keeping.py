import pytest

from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.keeping import pairs_of


@pytest.mark.parametrize("words", [["a", "1", "b", "x y"], ["a 1 b 'x y'"], ["a 1", "b 'x y'"]])
def test_pairs_may_be_one_text_or_words(words):
    if words == ["a", "1", "b", "x y"]:
        words = ["a", "1", "b", "'x y'"]

    assert pairs_of(words)[0] == ("a", "1")
    assert len(pairs_of(words)) == 2


@pytest.mark.parametrize("words", [["a"], ["a 1 b"], [" "]])
def test_a_key_without_a_value_is_refused(words):
    with pytest.raises(WrongUsage, match="KEY VALUE"):
        pairs_of(words)


def test_an_open_quote_is_refused():
    with pytest.raises(WrongUsage, match="no closing quotation"):
        pairs_of(["a 'x"])
