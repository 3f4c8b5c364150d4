"""The JSON Schema of each kind of value that a field of an app may have, by the kind's name."""

from collections.abc import Mapping
from typing import Any

from pmdaemon.config.field_kinds import EXEC_MODES, LOG_TYPES
from pmdaemon.config.field_values import MOST_INSTANCES
from pmdaemon.config.proxy_fields import STRATEGIES
from pmdaemon.config.spelling import in_camel_case
from pmdaemon.config.table_fields import CONDITIONS, EVENTS, OVERLAPS, RESOURCES

Schema = Mapping[str, Any]

_TEXT = {"type": "string", "minLength": 1}
_TEXTS = {"type": "array", "items": _TEXT}
_ANY_TEXT = {"type": "string"}
_TEXT_OR_NUMBER = {"type": ["string", "integer"]}
_DIGITS = {"type": "string", "pattern": r"^\s*-?[0-9]+\s*$"}

_TIME = "[mM]?[sS]|[mMhHdD]"
_SIZE = "[kKmMgGtT]?([iI]?[bB])?"


def kinds() -> dict[str, Schema]:
    """Describe each kind of value, by its name."""
    return {
        **_texts(),
        **_numbers(),
        **_quantities(),
        **_choices(),
        "variables": _variables(),
        "instances": _any_of(
            {"type": "integer", "maximum": MOST_INSTANCES},
            {"type": "string", "pattern": r"^(max|\s*-?[0-9]+\s*)$"},
        ),
        "port": _any_of(
            {"type": "integer", "minimum": 1, "maximum": 65535},
            {"type": "string", "pattern": r"^\s*(auto:)?[0-9]+(-[0-9]+)?\s*$"},
        ),
        "exit_codes": _any_of(
            {"type": "integer", "minimum": 0, "maximum": 255},
            _ANY_TEXT,
            {"type": "array", "items": {"type": ["integer", "string"]}},
        ),
        "health_check": _health_check(),
        "job": _job(),
        "hooks": _hooks(),
        "proxy": _proxy(),
        "limits": _table(dict.fromkeys(RESOURCES, _TEXT_OR_NUMBER)),
        "dependencies": _dependencies(),
    }


def _texts() -> dict[str, Schema]:
    words = {"type": "array", "items": {"type": ["string", "number", "boolean"]}}
    return {
        "text": _TEXT,
        "name": {"type": "string", "minLength": 1, "maxLength": 128},
        "texts": _any_of(_TEXT, _TEXTS),
        "file": _any_of(_TEXT, {"const": False}),
        "words": _any_of(_ANY_TEXT, words),
        "command": _any_of(_TEXT, {**words, "minItems": 1}),
        "url": {"type": "string", "pattern": "^https?://"},
        "umask": {"type": "string", "pattern": "^0?[0-7]{1,3}$"},
        "signal": _TEXT_OR_NUMBER,
        "account": _TEXT_OR_NUMBER,
        "cron": _any_of(_TEXT, {"enum": [0, False]}),
    }


def _numbers() -> dict[str, Schema]:
    return {
        "count": _number(0, 1_000_000),
        "kept": _number(0, 1000),
        "retries": _number(1, 1000),
        "nice": _number(-20, 19),
    }


def _quantities() -> dict[str, Schema]:
    seconds = _quantity("500ms, 3s, 1.5h; a plain number is in seconds.", _TIME)
    return {
        "duration": _quantity("500ms, 3s, 1.5h, 7d; a plain number is in milliseconds.", _TIME),
        "seconds": _any_of(seconds, {"type": "object"}),
        "size": _quantity("150M, 1.5G, 10KiB; a plain number is in bytes.", _SIZE),
    }


def _choices() -> dict[str, Schema]:
    words = [1, 0, "true", "false", "yes", "no", "on", "off", "1", "0"]
    return {
        "switch": _any_of({"type": "boolean"}, {"enum": words}),
        "switch_or_texts": _any_of({"type": "boolean"}, _TEXT, _TEXTS),
        "exec_mode": {"enum": [*EXEC_MODES]},
        "log_type": {"enum": [*LOG_TYPES]},
    }


def _variables() -> Schema:
    values = {"type": ["string", "number", "boolean", "null"]}
    return _any_of(
        {"type": "object", "additionalProperties": values},
        _ANY_TEXT,
        {"type": "array", "items": _any_of(_ANY_TEXT, _ref("variables"))},
    )


def _health_check() -> Schema:
    kinds_of_check: Schema = {"enum": ["http", "https", "tcp", "command", "script"]}
    check: dict[str, Schema] = {
        "type": kinds_of_check,
        "check_type": _any_of(kinds_of_check, {"type": "object"}),
        "url": _ref("url"),
        "tcp": _TEXT_OR_NUMBER,
        "port": _TEXT_OR_NUMBER,
        "command": _ref("command"),
        "script": _ref("command"),
        "enabled": _ref("switch"),
        "interval": _ref("seconds"),
        "timeout": _ref("seconds"),
        "retries": _ref("retries"),
        "start_period": _ref("seconds"),
        "restart": _ref("switch"),
    }
    address = {"type": "string", "pattern": "^(https?://|tcp:)"}
    return _any_of({"const": False}, address, _table(check))


def _job() -> Schema:
    job: dict[str, Schema] = {
        "cron": _TEXT,
        "timezone": _TEXT,
        "overlap": {"enum": [*OVERLAPS]},
        "timeout": _ref("duration"),
        "keep": _number(0, 10_000),
    }
    return _any_of(_TEXT, _table(job, required=["cron"]))


def _hooks() -> Schema:
    events = _any_of(_ANY_TEXT, {"type": "array", "items": {"enum": [*EVENTS]}})
    hook = _table(
        {
            "events": events,
            "on": events,
            "command": _ref("command"),
            "url": _ref("url"),
            "secret": _TEXT,
        }
    )
    return _any_of(hook, {"type": "array", "items": hook})


def _proxy() -> Schema:
    hosts = _any_of(_TEXT, _TEXTS)
    published = _table(
        {
            "hosts": hosts,
            "host": hosts,
            "domains": hosts,
            "strip": _ref("switch"),
            "port": _number(1, 65535),
            "strategy": {"enum": [*STRATEGIES]},
            "listen": _TEXT_OR_NUMBER,
        }
    )
    return _any_of({"type": "boolean"}, hosts, published)


def _dependencies() -> Schema:
    condition: Schema = {"enum": [*CONDITIONS, None]}
    dependency = _table({"name": _ref("name"), "condition": condition}, required=["name"])
    conditions = _any_of(condition, _table({"condition": condition}))
    return _any_of(
        _ANY_TEXT,
        {"type": "array", "items": _any_of(_ref("name"), dependency)},
        {"type": "object", "additionalProperties": conditions},
    )


def _any_of(*schemas: Schema) -> Schema:
    return {"anyOf": [*schemas]}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _number(least: int, most: int) -> Schema:
    return _any_of({"type": "integer", "minimum": least, "maximum": most}, _DIGITS)


def _quantity(description: str, units: str) -> Schema:
    text = {"type": "string", "pattern": rf"^\s*([0-9]+\.?[0-9]*|\.[0-9]+)\s*({units})?\s*$"}
    return {"description": description, **_any_of({"type": "number", "minimum": 0}, text)}


def _table(properties: Mapping[str, Schema], **more: object) -> Schema:
    spellings = {
        spelling: schema
        for name, schema in properties.items()
        for spelling in dict.fromkeys((name, in_camel_case(name)))
    }
    return {"type": "object", "properties": spellings, **more}
