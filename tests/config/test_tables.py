import pytest

from pmdaemon.config.field_values import count, text
from pmdaemon.config.tables import Remarked, joined, read_each, read_table, sentences
from pmdaemon.core.errors import InvalidConfiguration, InvalidInput

READERS = {"name": text, "max_count": count}


def test_the_fields_of_a_table_are_read():
    assert read_table({"name": "a", "maxCount": "3"}, READERS, expected="a table") == Remarked(
        {"name": "a", "max_count": 3}
    )


def test_what_is_null_was_not_said():
    assert read_table({"name": None}, READERS, expected="a table").value == {}


def test_what_nobody_knows_is_a_remark():
    assert read_table({"nme": 1}, READERS, expected="a table").remarks == (
        ("nme", "unknown field; did you mean name?"),
    )


def test_all_that_is_wrong_is_told():
    with pytest.raises(InvalidConfiguration) as refusal:
        read_table({"name": 1, "max_count": "x"}, READERS, expected="a table")

    assert refusal.value.problems == (
        "name: not text: 1",
        "max_count: not a whole number from 0 to 1000000: x",
    )


def test_another_value_is_no_table():
    with pytest.raises(InvalidInput, match="not a table of names: 7"):
        read_table(7, READERS, expected="a table of names")


def test_a_list_tells_which_of_its_entries_is_meant():
    def entry(value):
        return read_table(value, READERS, expected="a table")

    assert read_each([{"name": "a"}, {"nme": 1}], entry) == Remarked(
        ({"name": "a"}, {}), (("[1].nme", "unknown field; did you mean name?"),)
    )
    with pytest.raises(InvalidConfiguration) as refusal:
        read_each([{"name": 1}, 7], entry)
    assert refusal.value.problems == ("[0].name: not text: 1", "[1]: not a table: 7")


def test_paths_are_put_together():
    assert joined("apps[0]", "name") == "apps[0].name"
    assert joined("hooks", "[1].url") == "hooks[1].url"
    assert sentences("a", InvalidConfiguration("x", ["b: c", "[0]: d"])) == ["a.b: c", "a[0]: d"]
    assert sentences("a", InvalidInput("b")) == ["a: b"]
