import io
import json
import os
import re
import sys
from pathlib import Path

import pytest

from pmdaemon.config.app_fields import read_apps
from pmdaemon.config.ecosystem import (
    LARGEST_FILE,
    EcosystemFile,
    document,
    is_ecosystem_file,
    load,
)
from pmdaemon.config.field_table import FIELDS
from pmdaemon.config.formats.procfile import WEB_PORTS
from pmdaemon.core.errors import InvalidConfiguration, InvalidInput
from pmdaemon.core.wording import shown
from tests.support.machine import needs

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "ecosystem.example.toml"

WITHOUT_NODE = {"PATH": "/nowhere"}
ENVIRONMENT = {"PATH": os.environ["PATH"]}

needs_node = needs("node")


def written(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def apps(path, environment=WITHOUT_NODE):
    return load(path, environment).apps


def problem(path, environment=WITHOUT_NODE):
    with pytest.raises(InvalidConfiguration) as refusal:
        load(path, environment)
    assert refusal.value.message.startswith(f"cannot use {shown(path)}: ")
    return "; ".join(refusal.value.problems)


@pytest.mark.parametrize(
    "text",
    [
        "eco.toml",
        "./a/b.json",
        "x.json5",
        "x.yaml",
        "x.YML",
        "pm.config.js",
        "pm.config.cjs",
        "pm.config.mjs",
        "package.json",
        "Procfile",
        "sub/Procfile.dev",
        "-",
    ],
)
def test_an_ecosystem_file_is_known_by_its_suffix(text):
    assert is_ecosystem_file(text)


@pytest.mark.parametrize(
    "text", ["server.js", "web", "toml", "all", "node a.json.js", "config.js", "Procfiles", "-x"]
)
def test_other_files_are_none(text):
    assert not is_ecosystem_file(text)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.toml", '[[apps]]\nscript = "x"\n\n[[apps]]\nscript = "y"\n'),
        ("a.json", '{"apps": [{"script": "x"}, {"script": "y"}], "deploy": {}}'),
        ("a.json", '{"pm2": [{"script": "x"}, {"script": "y"}]}'),
        ("a.json", '[{"script": "x"}, {"script": "y"}]'),
        ("a.json", '[{"script": "x",}, {"script": "y"},] // two'),
        ("a.json5", '[{"script": "x"}, /* and */ {"script": "y"}]'),
        ("a.yaml", "apps:\n- script: x\n- {script: y}\nx-other: 1\n"),
        ("a.yml", "- script: x\n- script: y\n"),
        ("package.json", '{"name": "shop", "pm2": [{"script": "x"}, {"script": "y"}]}'),
        ("package.json", '{"scripts": {}, "apps": [{"script": "x"}, {"script": "y"}]}'),
        ("A.JSON", b'\xef\xbb\xbf[{"script": "x"}, {"script": "y"}]'),
    ],
)
def test_several_apps_are_read(tmp_path, name, content):
    assert apps(written(tmp_path, name, content)) == [{"script": "x"}, {"script": "y"}]


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
    assert apps(written(tmp_path, name, content)) == [{"script": "x"}]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.toml", '[[apps]]\nscript = "x\n', "at line 2, column 12"),
        ("a.toml", "a = 1\na = 2\n", "at line 2, column 6"),
        ("a.toml", "a = ", "at end of document"),
        ("a.json", '{"apps": [\n  {"script": }\n]}', "expecting value at line 2, column 14"),
        ("a.json", "// comment\n[]", "there is no app in it"),
        ("a.yaml", "apps:\n  - a: b: c\n", "not allowed in this context at line 2, column 9"),
        ("a.yaml", "", "there is no app in it"),
        ("a.yaml", "apps:\n", "there is no app in it"),
        ("a.json", '{"aps": [{"script": "x"}]}', "no app in it: did you mean apps by aps?"),
        ("a.json", '{"name": "x"}', "there is no app in it"),
        ("package.json", '{"name": "x"}', "neither apps nor pm2 is there"),
        ("package.json", "{apps: []}", "expecting property name"),
        ("Procfile", "web x", "expecting name: command at line 1"),
        ("a.json", "", "expecting value at line 1, column 1"),
        ("a.json", b'["a\n\xff"]', "not UTF-8 at line 2, column 1"),
        ("a.json", "[NaN]", "not a JSON number: NaN"),
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
        ("a.json", "null", "there is no app in it"),
        ("a.json", '[{"script": "x"}, 1, "y"]', "apps[1]: not an app: 1; apps[2]: not an app: y"),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path, name, content, reason):
    assert reason in problem(written(tmp_path, name, content))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    (tmp_path / "file").touch()

    for name in ("no.json", "file/no.json", "no.config.js", "Procfile"):
        with pytest.raises(InvalidInput, match=r"^no such file: ") as refusal:
            load(str(tmp_path / name), ENVIRONMENT)
        assert refusal.value.code == "file_not_found"


@pytest.mark.parametrize("name", ["folder.json", "a\0.json"])
def test_what_cannot_be_read_is_refused(tmp_path, name):
    (tmp_path / "folder.json").mkdir()

    with pytest.raises(InvalidInput, match=r"^cannot read ") as refusal:
        load(str(tmp_path / name), ENVIRONMENT)

    assert refusal.value.code == "file_unreadable"
    assert refusal.value.message.isprintable()


@needs_node
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.config.js", "module.exports = {apps: [{script: 'x'}]}"),
        ("a.config.mjs", "export default [{script: 'x'}]"),
        ("a.json", "{apps: [{script: 'x' + ''}]}"),
    ],
)
def test_javascript_is_evaluated(tmp_path, name, text):
    assert load(written(tmp_path, name, text), ENVIRONMENT) == EcosystemFile(
        [{"script": "x"}], evaluated=True
    )


@needs_node
def test_what_is_neither_json_nor_javascript_was_meant_to_be_json(tmp_path):
    path = written(tmp_path, "a.json", '{"apps": [\n  {"script": }\n]}')

    assert problem(path, ENVIRONMENT) == "expecting value at line 2, column 14"


@needs_node
def test_what_javascript_throws_is_told(tmp_path):
    path = written(tmp_path, "a.json", "{apps:\n nope}")

    assert problem(path, ENVIRONMENT) == "ReferenceError: nope is not defined at line 2"


def test_a_procfile_has_its_surroundings(tmp_path):
    (tmp_path / ".env").write_text("GREETING=hello\n")

    [app] = apps(written(tmp_path, "Procfile", "web: node server.js"))

    assert (app["name"], app["env_file"], app["port"]) == ("web", ".env", WEB_PORTS)


def test_javascript_needs_node(tmp_path):
    path = written(tmp_path, "a.config.js", "module.exports = []")

    with pytest.raises(InvalidInput, match="node is not installed") as refusal:
        load(path, WITHOUT_NODE)

    assert refusal.value.code == "interpreter_not_found"


@pytest.mark.parametrize(
    "text", ["[[apps]]\nscript = 'x'", '{"apps": [{"script": "x"}]}', "apps:\n- script: x"]
)
def test_standard_input_may_be_in_any_format(monkeypatch, text):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    assert apps("-") == [{"script": "x"}]


def test_standard_input_is_called_that(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))

    with pytest.raises(InvalidConfiguration, match="cannot use standard input: there is no app"):
        load("-", {})


def test_what_stands_beside_the_apps_is_remarked_on(tmp_path):
    text = '{"apps": [{"script": "x"}], "deploy": {}, "x-anchors": 1, "$schema": "a", "foo": 1}'

    assert load(written(tmp_path, "a.json", text), WITHOUT_NODE).warnings == (
        "foo: unknown, beside apps",
    )


def test_folders_that_are_to_be_served_are_apps(tmp_path):
    text = '{"apps": [{"script": "x"}], "static": [{"path": "/srv", "port": 9000}]}'

    _, app = load(written(tmp_path, "a.json", text), WITHOUT_NODE).apps

    assert (app["name"], app["script"]) == ("static-page-server-9000", "serve")


@pytest.mark.parametrize("sections", ["1", '[{"nonsense": 1}]'])
def test_what_cannot_be_served_is_refused(tmp_path, sections):
    text = f'{{"apps": [{{"script": "x"}}], "static": {sections}}}'

    with pytest.raises(InvalidConfiguration, match=r"static\[0\]: "):
        load(written(tmp_path, "a.json", text), WITHOUT_NODE)


def test_what_stands_beside_the_apps_can_be_read_by_itself(tmp_path):
    path = written(tmp_path, "a.json", '{"deploy": {"prod": 1}}')

    assert document(path, WITHOUT_NODE) == {"deploy": {"prod": 1}}


def example():
    file = load(str(EXAMPLE), ENVIRONMENT)
    # The programs are not asked for, so that the test needs none of them.
    raws = [{**raw, "interpreter": "sh"} for raw in file.apps]
    return read_apps(
        raws, source="the example", base=str(ROOT), environment=ENVIRONMENT, interpolate=True
    )


def test_the_example_is_read_without_a_warning():
    declared = example()

    assert [each.spec.name for each in declared] == ["shop:web", "worker", "tick"]
    assert [warning for each in declared for warning in each.warnings] == []


def test_the_example_shows_every_field():
    said = set(
        re.findall(r"^(?:# )?(?:\[+apps\.)?([a-z_]+)(?: = |\])", EXAMPLE.read_text(), re.MULTILINE)
    )

    assert said >= {field.name for field in FIELDS}
    assert said - {"apps", "env_production", "events", "command"} <= {
        field.name for field in FIELDS
    }


def test_the_same_app_is_read_from_toml_and_from_json(tmp_path):
    from_toml = apps(str(EXAMPLE))

    assert apps(written(tmp_path, "a.json", json.dumps({"apps": from_toml}))) == from_toml
