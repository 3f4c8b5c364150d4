import pytest

from pmdaemon.cli.render.text import fit, harmless, width


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", 0),
        ("plain", 5),
        ("naïve", 5),
        ("nai\u0308ve", 5),
        ("日本", 4),
        ("🚀", 2),
        ("👩\u200d💻", 2),
        ("❤\ufe0f", 2),
        ("a\u200bb", 2),
    ],
)
def test_width_is_what_a_terminal_gives(text, columns):
    assert width(text) == columns


@pytest.mark.parametrize(
    ("text", "columns", "shown"),
    [
        ("short", 5, "short"),
        ("longer", 5, "long…"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("👩\u200d💻👩\u200d💻", 3, "👩\u200d💻…"),
        ("ab", 1, "…"),
        ("ab", 0, ""),
    ],
)
def test_a_text_is_cut_between_what_is_drawn_as_one(text, columns, shown):
    assert fit(text, columns) == shown
    assert width(shown) <= columns


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ✓ 🚀", "plain ✓ 🚀"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("two\nlines\t", "two\\nlines\\t"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\udcff", "\\udcff"),
        ("👩\u200d💻", "👩\u200d💻"),
    ],
)
def test_what_controls_a_terminal_is_written_out(text, shown):
    assert harmless(text) == shown
