import pytest

from pmdaemon.config.formats.toml_text import parse


def test_toml_is_read():
    assert parse('[[apps]]\nname = "a"\n') == {"apps": [{"name": "a"}]}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a = 1\na = 2\n", "cannot overwrite a value at line 2, column 6"),
        ("a = ", "invalid value at end of document"),
        ("a = " + "9" * 5000, "a number in it is too long"),
    ],
)
def test_a_fault_is_told_with_its_place(text, reason):
    with pytest.raises(ValueError, match=r".") as refusal:
        parse(text)

    assert str(refusal.value) == reason
