import json
from pathlib import Path

import pytest

from pmdaemon.config.app_fields import read_apps
from pmdaemon.config.ecosystem import LARGEST_FILE, is_ecosystem_file, load
from pmdaemon.config.field_table import FIELDS
from pmdaemon.core.errors import InvalidConfiguration, InvalidInput, Unsupported

ROOT = Path(__file__).parents[2]


def written(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def problem(path):
    with pytest.raises(InvalidConfiguration) as refusal:
        load(path)
    assert refusal.value.message.startswith(f"cannot use {path}: ")
    return "; ".join(refusal.value.problems)


@pytest.mark.parametrize(
    "text",
    ["eco.toml", "./a/b.json", "x.yaml", "x.YML", "pm.config.js", "pm.config.cjs", "pm.config.mjs"],
)
def test_an_ecosystem_file_is_known_by_its_suffix(text):
    assert is_ecosystem_file(text)


@pytest.mark.parametrize("text", ["server.js", "web", "toml", "all", "node a.json.js", "config.js"])
def test_other_files_are_none(text):
    assert not is_ecosystem_file(text)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.toml", '[[apps]]\nscript = "x"\n\n[[apps]]\nscript = "y"\n'),
        ("a.json", '{"apps": [{"script": "x"}, {"script": "y"}], "deploy": {}}'),
        ("a.json", '{"pm2": [{"script": "x"}, {"script": "y"}]}'),
        ("a.json", '[{"script": "x"}, {"script": "y"}]'),
        ("A.JSON", b'\xef\xbb\xbf[{"script": "x"}, {"script": "y"}]'),
    ],
)
def test_several_apps_are_read(tmp_path, name, content):
    assert load(written(tmp_path, name, content)) == [{"script": "x"}, {"script": "y"}]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.toml", 'script = "x"\n'),
        ("a.toml", '[apps]\nscript = "x"\n'),
        ("a.json", '{"script": "x"}'),
        ("a.json", '{"apps": {"script": "x"}}'),
    ],
)
def test_a_single_app_needs_no_list(tmp_path, name, content):
    assert load(written(tmp_path, name, content)) == [{"script": "x"}]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.toml", '[[apps]]\nscript = "x\n', "at line 2, column 12"),
        ("a.toml", "a = 1\na = 2\n", "at line 2, column 6"),
        ("a.toml", "a = ", "at end of document"),
        ("a.json", '{"apps": [\n  {"script": }\n]}', "expecting value at line 2, column 14"),
        ("a.json", "// comment\n[]", "expecting value at line 1, column 1"),
        ("a.json", "", "expecting value at line 1, column 1"),
        ("a.json", b'["a\n\xff"]', "not UTF-8 at line 2, column 1"),
        ("a.json", "[NaN]", "not a number of JSON: NaN"),
        ("a.json", "[" * 100_000, "nested too deeply"),
        ("a.toml", "a = " + "[" * 100_000, "nested too deeply"),
        ("a.json", "[" + "9" * 5000 + "]", "a number in it is too long"),
        ("a.toml", "a = " + "9" * 5000, "a number in it is too long"),
        ("a.json", b" " * (LARGEST_FILE + 1), "larger than 10 MB"),
        ("a.json", "[]", "there is no app in it"),
        ("a.json", "{}", "there is no app in it"),
        ("a.json", '{"apps": []}', "there is no app in it"),
        ("a.toml", "", "there is no app in it"),
        ("a.json", '"web"', "a list of apps was expected, not web"),
        ("a.json", '{"apps": "web"}', "a list of apps was expected, not web"),
        ("a.json", "null", "a list of apps was expected, not null"),
        ("a.json", '[{"script": "x"}, 1, "y"]', "apps[1]: not an app: 1; apps[2]: not an app: y"),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path, name, content, reason):
    assert reason in problem(written(tmp_path, name, content))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    (tmp_path / "file").touch()

    for name in ("no.json", "file/no.json"):
        with pytest.raises(InvalidInput, match=r"^no such file: ") as refusal:
            load(str(tmp_path / name))
        assert refusal.value.code == "file_not_found"


@pytest.mark.parametrize("name", ["folder.json", "a\0.json"])
def test_what_cannot_be_read_is_refused(tmp_path, name):
    (tmp_path / "folder.json").mkdir()

    with pytest.raises(InvalidInput, match=r"^cannot read ") as refusal:
        load(str(tmp_path / name))

    assert refusal.value.code == "file_unreadable"
    assert refusal.value.message.isprintable()


@pytest.mark.parametrize("name", ["a.yaml", "a.yml", "a.json5", "pm.config.js", "pm.config.mjs"])
def test_other_formats_are_not_read_by_this_release(name):
    with pytest.raises(Unsupported, match=r"this release reads \.toml and \.json") as refusal:
        load(name)

    assert refusal.value.code == "unsupported"


def example():
    # The programs are not asked for, so that the test needs none of them.
    raws = [{**raw, "interpreter": "sh"} for raw in load(str(ROOT / "ecosystem.example.toml"))]
    environment = {"PATH": "/usr/bin:/bin"}
    return read_apps(raws, source="the example", base=str(ROOT), environment=environment)


def test_the_example_is_read_without_a_warning():
    declared = example()

    assert [each.spec.name for each in declared] == ["web", "worker", "tick"]
    assert [warning for each in declared for warning in each.warnings] == []


def test_the_example_shows_every_field():
    shown = load(str(ROOT / "ecosystem.example.toml"))[0]

    assert set(shown) == {field.name for field in FIELDS} - {"argv", "inherited_env"}


def test_the_same_app_is_read_from_toml_and_from_json(tmp_path):
    path = str(ROOT / "ecosystem.example.toml")

    assert load(written(tmp_path, "a.json", json.dumps({"apps": load(path)}))) == load(path)
