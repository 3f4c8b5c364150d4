import pytest

from pmdaemon.config.formats.json_text import NotJson, parse


@pytest.mark.parametrize(
    "text",
    [
        '{"a": [1, 2], "b": "x//y, /* z */ ,]"}',
        '{"a": [1, 2], // one\n "b": "x//y, /* z */ ,]"}',
        '/* first\n */ {"a": [1, 2], "b": "x//y, /* z */ ,]"} // last',
        '{"a": [1, 2,], "b": "x//y, /* z */ ,]",}',
        '{"a": [1, 2, /* no more */ ], "b": "x//y, /* z */ ,]", // that is all\n }',
    ],
)
def test_comments_and_last_commas_are_no_fault(text):
    assert parse(text) == {"a": [1, 2], "b": "x//y, /* z */ ,]"}


def test_a_quote_within_a_text_does_not_end_it():
    assert parse(r'["a\"//b", "\\", 1,]') == ['a"//b', "\\", 1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": }', "expecting value at line 1, column 7"),
        ('// one\n/* two\nthree */ {"a": x}', "expecting value at line 3, column 16"),
        ('{"a": "b', "unterminated string starting at line 1, column 7"),
        ("[1] // fine\n[2]", "extra data at line 2, column 1"),
        ("[,]", "expecting value at line 1, column 2"),
        ("", "expecting value at line 1, column 1"),
    ],
)
def test_a_fault_is_told_with_its_place_in_the_text(text, reason):
    with pytest.raises(NotJson) as refusal:
        parse(text)

    assert str(refusal.value) == reason


@pytest.mark.parametrize(
    "text", ['"' + '\\"' * 200_000, "/*" * 200_000, "," * 200_000, "[1,/*" * 9]
)
def test_no_text_takes_long(text):
    with pytest.raises((NotJson, RecursionError)):
        parse(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("[NaN,]", "not a JSON number: NaN"), ("[" + "9" * 5000 + "]", "too long")],
)
def test_what_is_no_number_is_refused(text, reason):
    with pytest.raises(ValueError, match=reason) as refusal:
        parse(text)

    assert not isinstance(refusal.value, NotJson)
