import json

import jsonschema
import pytest

from pmdaemon.config import field_kinds
from pmdaemon.config.ecosystem import load
from pmdaemon.config.ecosystem_schema import ecosystem_schema
from pmdaemon.config.field_kinds import Kind
from pmdaemon.config.field_table import FIELDS
from pmdaemon.config.starters import NAMES, starter
from tests.support import ecosystem_pages

VALIDATOR = jsonschema.Draft202012Validator(ecosystem_schema())


def faults(app):
    return [error.message for error in VALIDATOR.iter_errors({"apps": [app]})]


def test_it_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(ecosystem_schema())


def test_every_kind_of_value_is_described():
    names = {kind.name for kind in vars(field_kinds).values() if isinstance(kind, Kind)}

    assert names <= set(ecosystem_schema()["$defs"])


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_the_example_of_a_field_is_valid_under_all_its_names(field):
    for name in (field.name, *field.aliases):
        assert faults({"script": "x", name: field.example}) == []


@pytest.mark.parametrize(
    "app",
    [
        {"exec": "x", "maxRestarts": "3", "killTimeout": 1600},
        {"script": "x", "instances": "max", "port": "auto:3000-3010", "env": None},
        {"script": "x", "env": {"A": 1, "B": None}, "env_production": "A=1", "envTest": {}},
        {"script": "x", "max_memory_restart": "1.5GiB", "min_uptime": "1.5 h", "watch": "src"},
        {"script": "x", "max_restarts": "${N:-3}", "stop_exit_codes": "0,1", "cron": 0},
        {"script": "x", "health_check": {"checkType": "script", "script": "c", "timeout": 5}},
        {"script": "x", "depends_on": ["a", {"name": "b", "condition": "started"}]},
        {"script": "x", "vizion": False, "windowsHide": True},
    ],
)
def test_what_can_be_read_is_valid(app):
    app.pop("envTest", None)
    assert faults(app) == []


@pytest.mark.parametrize(
    "app",
    [
        {},
        {"script": ""},
        {"script": "x", "scrpt": "y"},
        {"script": "x", "max_restarts": -1},
        {"script": "x", "kill_timeout": "soon"},
        {"script": "x", "env": {"A": {}}},
        {"script": "x", "port": 70000},
        {"script": "x", "exec_mode": "thread"},
        {"script": "x", "health_check": "ftp://a"},
        {"script": "x", "hooks": [{"events": ["dance"]}]},
        {"script": "x", "instances": "many"},
    ],
)
def test_a_slip_is_none_of_it(app):
    assert faults(app) != []


def test_the_example_is_valid():
    path = ecosystem_pages.DOCS.parent / "ecosystem.example.toml"

    assert [faults(app) for app in load(str(path), {}).apps] == [[], [], []]


def test_first_files_are_valid(tmp_path):
    for format_, name in NAMES.items():
        if format_ != "js":
            (tmp_path / name).write_text(starter("web", "a.js", format_, simple=False))
            assert faults(load(str(tmp_path / name), {}).apps[0]) == []


def test_the_pages_say_what_the_table_of_fields_says():
    hint = "run: python -m tests.support.ecosystem_pages"
    assert ecosystem_pages.SCHEMA.read_text("utf-8") == ecosystem_pages.schema(), hint
    assert ecosystem_pages.REFERENCE.read_text("utf-8") == ecosystem_pages.reference(), hint
    assert json.loads(ecosystem_pages.SCHEMA.read_text("utf-8")) == ecosystem_schema()
