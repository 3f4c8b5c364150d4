"""The JSON Schema of ecosystem files, for editors: made of the table of fields.

An editor completes by it and points at slips. It is a little more forgiving than the reading of a
file, and never less: what `pmdaemon start` takes is valid.
"""

from typing import Any

from pmdaemon.config.field_table import FIELDS, NAMED_ENVIRONMENT, NOT_ACTED_ON, Field
from pmdaemon.config.schema_kinds import kinds
from pmdaemon.config.spelling import in_camel_case

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TITLE = "Ecosystem file of pmdaemon"

_PLACEHOLDER = {"type": "string", "pattern": r"\$\{"}
"""A text that stands for a value of any kind: `${PORT:-3000}`."""


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
        "$defs": {"app": _app(), **kinds()},
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
