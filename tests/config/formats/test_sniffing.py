import pytest

from pmdaemon.config.formats.sniffing import format_of


@pytest.mark.parametrize(
    ("path", "format_"),
    [
        ("a.toml", "toml"),
        ("A.JSON", "json"),
        ("a.json5", "json"),
        ("a.jsonc", "json"),
        ("a.yml", "yaml"),
        ("a.YAML", "yaml"),
        ("x/Procfile", "procfile"),
        ("Procfile.dev", "procfile"),
    ],
)
def test_a_file_says_by_its_name_what_it_is(path, format_):
    assert format_of(path, "whatever") == format_


@pytest.mark.parametrize(
    ("text", "format_"),
    [
        ("[[apps]]\nname = 'a'", "toml"),
        ("# first\n\n[apps]", "toml"),
        ("script = 'a'", "toml"),
        ('{"apps": []}', "json"),
        ('[{"script": "a"}]', "json"),
        ('["a"]', "json"),
        ("// first\n{}", "json"),
        ("({apps: []})", "json"),
        ("apps:\n  - script: a", "yaml"),
        ("- script: a", "yaml"),
        ("", "yaml"),
    ],
)
def test_a_text_without_a_name_says_by_how_it_begins(text, format_):
    assert format_of("-", text) == format_
