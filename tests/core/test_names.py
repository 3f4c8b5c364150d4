import pytest

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.names import app_name


@pytest.mark.parametrize(
    "name",
    ["web", "@scope/api", "🚀", "👩‍💻", "café", "8080", "my app", "a.b", "...", "a:1", "x" * 128],
)
def test_one_line_of_printable_text_is_a_name(name):
    assert app_name(name) == name


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "1 to 128 characters"),
        ("x" * 129, "1 to 128 characters"),
        ("a\nb", "printable"),
        ("a\0b", "printable"),
        ("\x1b[31m", "printable"),
        ("\u202eweb", "printable"),
        (" web", "no space"),
        ("web ", "no space"),
        ("all", "every process"),
        ("-rf", "option"),
        ("/web", "no / at either end"),
        ("web/", "no / at either end"),
        (".", "folders"),
        ("..", "folders"),
        ("a/../b", "folders"),
    ],
)
def test_what_means_something_else_elsewhere_is_no_name(name, reason):
    with pytest.raises(InvalidInput, match=reason) as refusal:
        app_name(name)

    assert refusal.value.code == "invalid_name"


def test_a_refused_name_is_repeated_short_and_without_control_characters():
    with pytest.raises(InvalidInput) as refusal:
        app_name("\x1b]0;title\a" + "x" * 10_000)

    assert refusal.value.message.isprintable()
    assert len(refusal.value.message) < 200


def test_a_namespace_is_refused_as_one():
    with pytest.raises(InvalidInput, match="not a usable namespace: all"):
        app_name("all", noun="namespace")
