"""The JSON Schema of ecosystem files, for editors: made of the table of fields.

An editor completes by it and points at slips. It is a little more forgiving than the reading of a
file, and never less: what `pmdaemon start` takes is valid.
"""

from collections.abc import Mapping
from typing import Any

from pmdaemon.config.field_kinds import EXEC_MODES, LOG_TYPES
from pmdaemon.config.field_table import FIELDS, NAMED_ENVIRONMENT, NOT_ACTED_ON, Field
from pmdaemon.config.field_values import MOST_INSTANCES
from pmdaemon.config.proxy_fields import STRATEGIES
from pmdaemon.config.spelling import in_camel_case
from pmdaemon.config.table_fields import CONDITIONS, EVENTS, OVERLAPS, RESOURCES

Schema = Mapping[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TITLE = "Ecosystem file of pmdaemon"

_TEXT = {"type": "string", "minLength": 1}
_ANY_TEXT = {"type": "string"}
_PLACEHOLDER = {"type": "string", "pattern": r"\$\{"}
"""A text that stands for a value of any kind: `${PORT:-3000}`."""

_DIGITS = {"type": "string", "pattern": r"^\s*-?[0-9]+\s*$"}


def ecosystem_schema() -> dict[str, Any]:
    """Make the schema of a whole file."""
    several = {"type": "array", "items": {"$ref": "#/$defs/app"}, "minItems": 1}
    apps = {"anyOf": [several, {"$ref": "#/$defs/app"}]}
    return {
        "$schema": DIALECT,
        "title": TITLE,
        "anyOf": [
            {"type": "object", "properties": {"apps": apps, "pm2": apps}, "anyOf": [
                {"required": ["apps"]}, {"required": ["pm2"]},
            ]},
            several,
            {"$ref": "#/$defs/app"},
        ],
        "$defs": {"app": _app(), **_definitions()},
    }  # fmt: skip


def _app() -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for field in FIELDS:
        for name in (field.name, *field.aliases):
            for spelling in dict.fromkeys((name, in_camel_case(name))):
                properties[spelling] = _property(field, spelling)
    for name in sorted(NOT_ACTED_ON):
        properties[name] = properties[in_camel_case(name)] = {
            "description": "One of PM2's, not acted on.",
            "deprecated": True,
        }
    script = next(field for field in FIELDS if field.name == "script")
    names = (script.name, *script.aliases)
    return {
        "type": "object",
        "properties": properties,
        "patternProperties": {
            f"^{NAMED_ENVIRONMENT}(?!file$)": {
                "description": "Variables for --env NAME, on top of env.",
                "$ref": "#/$defs/variables",
            }
        },
        "additionalProperties": False,
        "anyOf": [{"required": [name]} for name in names],
    }


def _property(field: Field, spelling: str) -> dict[str, Any]:
    meaning = field.meaning if spelling == field.name else f"{field.name}: {field.meaning}"
    reference = {"$ref": f"#/$defs/{field.kind.name}"}
    return {
        "description": meaning,
        "anyOf": [reference, _PLACEHOLDER, {"type": "null"}],
        "examples": [field.example],
    }


def _number(least: int, most: int) -> Schema:
    return {"anyOf": [{"type": "integer", "minimum": least, "maximum": most}, _DIGITS]}


def _quantity(description: str, units: str) -> dict[str, Any]:
    return {
        "description": description,
        "anyOf": [
            {"type": "number", "minimum": 0},
            {"type": "string", "pattern": rf"^\s*([0-9]+\.?[0-9]*|\.[0-9]+)\s*({units})?\s*$"},
        ],
    }


def _table(properties: Mapping[str, Schema], **more: object) -> dict[str, Any]:
    spellings = {
        spelling: schema
        for name, schema in properties.items()
        for spelling in dict.fromkeys((name, in_camel_case(name)))
    }
    return {"type": "object", "properties": spellings, **more}


def _definitions() -> dict[str, Schema]:
    """Describe each kind of value, by its name."""
    time = "[mM]?[sS]|[mMhHdD]"
    size = "[kKmMgGtT]?([iI]?[bB])?"
    words = {"type": "array", "items": {"type": ["string", "number", "boolean"]}}
    texts = {"type": "array", "items": _TEXT}
    return {
        "text": _TEXT,
        "name": {"type": "string", "minLength": 1, "maxLength": 128},
        "texts": {"anyOf": [_TEXT, texts]},
        "file": {"anyOf": [_TEXT, {"const": False}]},
        "words": {"anyOf": [_ANY_TEXT, words]},
        "command": {"anyOf": [_TEXT, {**words, "minItems": 1}]},
        "switch": {
            "anyOf": [
                {"type": "boolean"},
                {"enum": [1, 0, "true", "false", "yes", "no", "on", "off", "1", "0"]},
            ]
        },
        "switch_or_texts": {"anyOf": [{"type": "boolean"}, _TEXT, texts]},
        "count": _number(0, 1_000_000),
        "kept": _number(0, 1000),
        "retries": _number(1, 1000),
        "nice": _number(-20, 19),
        "duration": _quantity("500ms, 3s, 1.5h, 7d; a plain number is in milliseconds.", time),
        "seconds": {
            "anyOf": [
                _quantity("500ms, 3s, 1.5h; a plain number is in seconds.", time),
                {"type": "object"},
            ]
        },
        "size": _quantity("150M, 1.5G, 10KiB; a plain number is in bytes.", size),
        "variables": {
            "anyOf": [
                {
                    "type": "object",
                    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
                },
                _ANY_TEXT,
                {
                    "type": "array",
                    "items": {"anyOf": [_ANY_TEXT, {"$ref": "#/$defs/variables"}]},
                },
            ]
        },
        "instances": {
            "anyOf": [
                {"type": "integer", "maximum": MOST_INSTANCES},
                {"type": "string", "pattern": r"^(max|\s*-?[0-9]+\s*)$"},
            ]
        },
        "port": {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": 65535},
                {"type": "string", "pattern": r"^\s*(auto:)?[0-9]+(-[0-9]+)?\s*$"},
            ]
        },
        "exit_codes": {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": 255},
                _ANY_TEXT,
                {"type": "array", "items": {"type": ["integer", "string"]}},
            ]
        },
        "signal": {"type": ["string", "integer"]},
        "account": {"type": ["string", "integer"]},
        "exec_mode": {"enum": list(EXEC_MODES)},
        "log_type": {"enum": list(LOG_TYPES)},
        "cron": {"anyOf": [_TEXT, {"enum": [0, False]}]},
        "url": {"type": "string", "pattern": "^https?://"},
        "umask": {"type": "string", "pattern": "^0?[0-7]{1,3}$"},
        **_tables(),
    }  # fmt: skip


def _tables() -> dict[str, Schema]:
    def ref(name: str) -> Schema:
        return {"$ref": f"#/$defs/{name}"}

    kinds: Schema = {"enum": ["http", "https", "tcp", "command", "script"]}
    check: dict[str, Schema] = {
        "type": kinds,
        "check_type": {"anyOf": [kinds, {"type": "object"}]},
        "url": ref("url"),
        "tcp": {"type": ["string", "integer"]},
        "port": {"type": ["string", "integer"]},
        "command": ref("command"),
        "script": ref("command"),
        "enabled": ref("switch"),
        "interval": ref("seconds"),
        "timeout": ref("seconds"),
        "retries": ref("retries"),
        "start_period": ref("seconds"),
        "restart": ref("switch"),
    }
    job: dict[str, Schema] = {
        "cron": _TEXT,
        "timezone": _TEXT,
        "overlap": {"enum": list(OVERLAPS)},
        "timeout": ref("duration"),
        "keep": _number(0, 10_000),
    }
    hosts: Schema = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}
    condition: Schema = {"enum": [*CONDITIONS, None]}
    events: Schema = {"anyOf": [_ANY_TEXT, {"type": "array", "items": {"enum": list(EVENTS)}}]}
    hook = _table(
        {
            "events": events,
            "on": events,
            "command": ref("command"),
            "url": ref("url"),
            "secret": _TEXT,
        }
    )
    dependency = _table({"name": ref("name"), "condition": condition}, required=["name"])
    return {
        "health_check": {
            "anyOf": [
                {"const": False},
                {"type": "string", "pattern": "^(https?://|tcp:)"},
                _table(check),
            ]
        },
        "job": {"anyOf": [_TEXT, _table(job, required=["cron"])]},
        "hooks": {"anyOf": [hook, {"type": "array", "items": hook}]},
        "proxy": {
            "anyOf": [
                {"type": "boolean"},
                hosts,
                _table(
                    {
                        "hosts": hosts,
                        "host": hosts,
                        "domains": hosts,
                        "strip": ref("switch"),
                        "port": _number(1, 65535),
                        "strategy": {"enum": list(STRATEGIES)},
                        "listen": {"type": ["integer", "string"]},
                    }
                ),
            ]
        },
        "limits": _table({name: {"type": ["integer", "string"]} for name in RESOURCES}),
        "dependencies": {
            "anyOf": [
                _ANY_TEXT,
                {"type": "array", "items": {"anyOf": [ref("name"), dependency]}},
                {
                    "type": "object",
                    "additionalProperties": {
                        "anyOf": [condition, _table({"condition": condition})]
                    },
                },
            ]
        },
    }
