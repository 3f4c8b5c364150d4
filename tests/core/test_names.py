import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.names import app_name
from pmdaemon.core.wording import shown


@pytest.mark.parametrize(
    "name",
    ["web", "@scope/api", "🚀", "👩‍💻", "café", "8080", "my app", "a.b", "...", "a:1", "x" * 128],
)
def test_one_line_of_printable_text_is_a_name(name):
    assert app_name(name) == name


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "it takes 1 to 128 characters"),
        ("x" * 129, "it takes 1 to 128 characters"),
        ("a\nb", "it takes printable characters only"),
        ("a\0b", "it takes printable characters only"),
        ("\x1b[31m", "it takes printable characters only"),
        ("\u202eweb", "it takes printable characters only"),
        (" web", "no space before or after it"),
        ("web ", "no space before or after it"),
        ("all", "this word means every process"),
        ("-rf", "what begins with - is an option"),
        ("/web", "no / at either end"),
        ("web/", "no / at either end"),
        (".", "it must not be a way through folders"),
        ("..", "it must not be a way through folders"),
        ("a/../b", "it must not be a way through folders"),
    ],
)
def test_what_means_something_else_elsewhere_is_no_name(name, reason):
    with pytest.raises(InvalidInput, match=rf"^not a usable name: .*\({reason}\)$") as refusal:
        app_name(name)

    assert refusal.value.code == "invalid_name"
    assert refusal.value.details == {"name": shown(name)}


def test_a_space_at_an_end_is_shown_between_quotes():
    with pytest.raises(InvalidInput, match=r'^not a usable name: " web" \('):
        app_name(" web")


def test_a_refused_name_is_repeated_short_and_without_control_characters():
    with pytest.raises(InvalidInput) as refusal:
        app_name("\x1b]0;title\a" + "x" * 10_000)

    assert refusal.value.message.isprintable()
    assert len(refusal.value.message) < 200


def test_a_namespace_is_refused_as_one():
    with pytest.raises(InvalidInput, match="not a usable namespace: all"):
        app_name("all", noun="namespace")


@given(st.text(st.characters() | st.sampled_from("./-al "), max_size=200))
def test_whatever_is_typed_is_a_name_as_it_is_or_refused_in_one_line(text):
    try:
        told = app_name(text)
    except InvalidInput as refusal:
        told = refusal.message

    assert told.isprintable()
    assert told == text or told.startswith("not a usable name: ")
