import math

import pytest

from pmdaemon.config.formats.yaml_text import DEEPEST, MOST_ALIASES, parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("NO", "NO"), ("yes", "yes"), ("on", "on"), ("y", "y"),
        ("true", True), ("False", False), ("null", None), ("~", None), ("", None),
        ("010", 10), ("0o17", 15), ("0x1F", 31), ("-7", -7), ("+7", 7),
        ("1_000", "1_000"), ("12:30:45", "12:30:45"), ("2001-01-01", "2001-01-01"),
        ("1e3", 1000.0), (".5", 0.5), ("-.inf", -math.inf), ("0b11", "0b11"), ("=", "="),
        ("'1'", "1"), ('"true"', "true"), ("1.5G", "1.5G"), ("v1.2.3", "v1.2.3"),
    ],
)  # fmt: skip
def test_scalars_are_those_of_yaml_1_2(text, value):
    found = parse(f"a: {text}")

    assert found == {"a": value}
    assert type(found["a"]) is type(value)


def test_names_are_the_text_that_stands_there():
    assert parse("NO: 1\n1: 2\ntrue: 3\n~: 4\n1.0: 5") == {
        "NO": 1, "1": 2, "true": 3, "~": 4, "1.0": 5,
    }  # fmt: skip


def test_aliases_and_merges_are_put_in():
    text = "x-all: &all {max_restarts: 3, env: {A: 1}}\napps:\n  - {<<: *all, max_restarts: 4}\n"

    assert parse(text)["apps"] == [{"max_restarts": 4, "env": {"A": 1}}]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: [1, 2\nb: 3", "did not find expected ',' or ']' at line 2, column 2"),
        ("a: 1\na: 2", "a appears twice at line 2, column 1"),
        ("? [a]\n: 2", "a name is not text at line 1, column 3"),
        ("a: *x", "found undefined alias at line 1, column 4"),
        ("a: 1\n---\nb: 1", "found another document at line 2, column 1"),
        ("a: !!int x", "not a number at line 1, column 4"),
        ("a: !!float x", "not a number at line 1, column 4"),
        ("a: !mine 1", "the tag !mine is not supported at line 1, column 4"),
        ("a: " + "9" * 5000, "a number is too long at line 1, column 4"),
        ("a: &a [*a]", "found unconstructable recursive node at line 1, column 4"),
        ("a: \x01", "unacceptable character #x0001: control characters are not allowed"),
        ("[" * 100_000, "it is nested too deeply"),
        ("- " * (DEEPEST + 1), "it is nested too deeply"),
    ],
)
def test_a_fault_is_told_with_its_place(text, reason):
    with pytest.raises(ValueError, match=r".") as refusal:
        parse(text)

    assert str(refusal.value) == reason


@pytest.mark.parametrize(
    "tag", ["!!python/object/apply:os.system [ls]", "!!python/name:os.system", "!!set {a}"]
)
def test_no_tag_makes_anything_but_data(tag):
    with pytest.raises(ValueError, match=r"the tag tag:yaml\.org,2002:\S+ is not supported"):
        parse(f"a: {tag}")


def nine_times(line, levels):
    lines = ["b0: &b0 " + line.format("1")]
    lines += [
        f"b{level}: &b{level} " + line.format(", ".join([f"*b{level - 1}"] * 9))
        for level in range(1, levels)
    ]
    return "\n".join(lines)


def test_a_text_that_grows_by_its_aliases_is_refused():
    with pytest.raises(ValueError, match="more than 250000 values"):
        parse(nine_times("[{}]", 9))


def test_a_text_that_grows_by_its_merges_is_refused():
    text = nine_times("{{<<: [{}]}}", 20).replace("<<: [1]", "a: 1")

    with pytest.raises(ValueError, match="merges are too large"):
        parse(text)


def test_a_text_of_very_many_aliases_is_refused():
    with pytest.raises(ValueError, match="more than 1000 aliases"):
        parse("a: &a 1\nb: [" + "*a, " * (MOST_ALIASES + 1) + "]")


def test_a_text_of_very_many_values_is_refused():
    with pytest.raises(ValueError, match="more than 250000 values"):
        parse("- 1\n" * 600_000)
