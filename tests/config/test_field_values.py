import math

import pytest

from pmdaemon.config import field_values as values
from pmdaemon.core.errors import InvalidInput


@pytest.mark.parametrize("value", ["", "web", "a\nb", "🚀", "\udcff"])
def test_text_is_kept(value):
    assert values.text(value) == value


@pytest.mark.parametrize("value", [1, None, True, [], "a\0b", "\ud800"])
def test_what_no_system_takes_as_text_is_refused(value):
    with pytest.raises(InvalidInput, match=r"^not text"):
        values.text(value)


@pytest.mark.parametrize("value", ["", " \n"])
def test_text_that_has_to_say_something_does(value):
    with pytest.raises(InvalidInput, match="it is empty"):
        values.filled_text(value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("", ()),
        ("-a 'b c'", ("-a", "b c")),
        (["-a", "b c", "", 1, 1.5, True], ("-a", "b c", "", "1", "1.5", "true")),
        ([], ()),
    ],
)
def test_words_come_as_a_list_or_as_text(value, words):
    assert values.words(value) == words


@pytest.mark.parametrize("value", [1, {}, True, ["a", []], ["a", None], "it's", "a\0b", [math.nan]])
def test_what_are_no_words_is_refused(value):
    with pytest.raises(InvalidInput):
        values.words(value)


def test_words_may_have_to_be_there():
    assert values.filled_words("a b") == ("a", "b")
    with pytest.raises(InvalidInput, match="it is empty"):
        values.filled_words([])


def test_variables_are_text():
    found = values.variables({"A": "x", "B": 1, "C": 1.5, "D": True, "E": "", "F": "a=b\n"})

    assert found == {"A": "x", "B": "1", "C": "1.5", "D": "true", "E": "", "F": "a=b\n"}


def test_variables_may_be_texts_and_lists():
    assert values.variables("A=1 B='x y' C=") == {"A": "1", "B": "x y", "C": ""}
    assert values.variables(["A=1", {"B": 2}, "A=3=4"]) == {"A": "3=4", "B": "2"}


def test_a_variable_that_is_null_is_not_set():
    assert values.variables({"A": None, "B": "x"}) == {"B": "x"}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (7, "names and values"),
        ("A", "NAME=value"),
        (["A=1", "s3cret"], "NAME=value"),
        ([["A=1"], 7], "names and values"),
        ({"": "x"}, "not the name of a variable"),
        ({"A=B": "x"}, "not the name of a variable"),
        ({"A\0": "x"}, "text without NUL"),
        ({"A": {}}, "A is not text, a number or a boolean"),
        ({"A": {}, "B": []}, "A is not text, a number or a boolean; B is not"),
        ({"A": "x\0"}, "A is not text, a number or a boolean"),
        ({"A": math.inf}, "A is not text, a number or a boolean"),
    ],
)
def test_what_are_no_variables_is_refused(value, reason):
    with pytest.raises(InvalidInput, match=reason):
        values.variables(value)


def test_the_value_of_a_variable_is_never_repeated():
    with pytest.raises(InvalidInput) as refusal:
        values.variables({"TOKEN": "s3cret\0"})

    assert "s3cret" not in f"{refusal.value} {refusal.value.details} {refusal.value.__cause__}"


@pytest.mark.parametrize("value", [True, "true", "Yes", "on", "1", 1])
def test_a_switch_is_on(value):
    assert values.switch(value) is True


@pytest.mark.parametrize("value", [False, "false", "No", "off", "0", 0])
def test_a_switch_is_off(value):
    assert values.switch(value) is False


@pytest.mark.parametrize("value", ["", "maybe", 2, [], None, {}])
def test_what_is_no_switch_is_refused(value):
    with pytest.raises(InvalidInput, match=r"^not true or false"):
        values.switch(value)


@pytest.mark.parametrize(
    ("value", "number"), [(16, 16), ("16", 16), (16.0, 16), (" 3 ", 3), (0, 0)]
)
def test_a_count_is_a_whole_number(value, number):
    assert values.count(value) == number


@pytest.mark.parametrize(
    "value", [-1, "-1", "--1", 1.5, "x", "", True, None, 10**9, "²", "9" * 5000]
)
def test_what_is_no_count_is_refused(value):
    with pytest.raises(InvalidInput, match=r"^not a whole number from 0 to 1000000"):
        values.count(value)


@pytest.mark.parametrize(
    ("value", "number"),
    [(1, 1), ("4", 4), ("max", 8), (0, 8), ("0", 8), (-1, 7), ("-1", 7), (-8, 1), (-100, 1)],
)
def test_instances_follow_the_cpus(value, number):
    assert values.instances(value, cpus=8) == number


def test_the_cpus_are_those_of_this_machine_by_default():
    assert values.instances("max") >= 1


@pytest.mark.parametrize("value", ["many", 1.5, None, True, 1001, [], "1e9"])
def test_what_is_no_number_of_instances_is_refused(value):
    with pytest.raises(InvalidInput, match=r"^not a number of instances"):
        values.instances(value)


@pytest.mark.parametrize(
    ("value", "codes"),
    [(0, {0}), ("0", {0}), ([0, "1"], {0, 1}), ("0, 143", {0, 143}), ([], set()), ("", set())],
)
def test_exit_codes_are_one_or_several(value, codes):
    assert values.exit_codes(value) == codes


@pytest.mark.parametrize("value", [256, -1, ["x"], "1,x", True, None, {}])
def test_what_is_no_exit_code_is_refused(value):
    with pytest.raises(InvalidInput, match=r"^not a whole number from 0 to 255"):
        values.exit_codes(value)


@pytest.mark.parametrize("value", ["SIGTERM", "TERM", "sigterm", " term ", 15, "15"])
def test_a_signal_is_known_by_each_of_its_names(value):
    assert values.signal_name(value) == "SIGTERM"


@pytest.mark.parametrize("value", ["", "FOO", "SIG", 0, 99, None, True, [], "SIG_DFL", "a\0"])
def test_what_is_no_signal_is_refused(value):
    with pytest.raises(InvalidInput, match=r"^not (a signal|text)"):
        values.signal_name(value)


@pytest.mark.parametrize(("value", "word"), [("b", "ours"), (" B ", "ours"), ("c", "other")])
def test_a_choice_is_one_of_the_words(value, word):
    assert values.choice(value, among={"a": "ours", "b": "ours", "c": "other"}) == word


@pytest.mark.parametrize("value", ["d", "", 1, None, ["a"]])
def test_what_is_no_choice_is_refused(value):
    with pytest.raises(InvalidInput, match="not ours or other: "):
        values.choice(value, among={"a": "ours", "b": "ours", "c": "other"})


def test_texts_are_one_or_several():
    assert values.texts("a b") == ("a b",)
    assert values.texts(["a", "b"]) == ("a", "b")


@pytest.mark.parametrize("value", ["", [""], 7, [7], {}])
def test_what_are_no_texts_is_refused(value):
    with pytest.raises(InvalidInput):
        values.texts(value)


def test_no_file_may_be_said_as_pm2_does():
    assert values.file_name("NULL") == "/dev/null"
    assert values.file_name("a/b") == "a/b"


def test_a_variable_has_a_name():
    assert values.variable_name("SHARD") == "SHARD"
    for name in ("", "A=b", " A"):
        with pytest.raises(InvalidInput):
            values.variable_name(name)
