"""Comparing answers with the description of an API."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.dialects.transcripts import Exchange, read_transcript

DIALECTS = Path(__file__).parents[1] / "dialects"

Json = dict[str, Any]


def answers_in(transcripts: Path, substitutes: dict[str, str] | None = None) -> list[Any]:
    """Collect the answers with a body of all transcripts in a folder, as parameters of a test."""
    return [
        pytest.param(exchange, id=f"{path.name}-{exchange.line}")
        for path in sorted(transcripts.glob("*.http"))
        for exchange in read_transcript(path, substitutes or {})
        if exchange.body.strip()
    ]


class Description:
    """An OpenAPI document, and what it says of answers."""

    def __init__(self, document: Json) -> None:
        self.document = document

    @property
    def operations(self) -> set[tuple[str, str]]:
        """The method and the path of each operation."""
        paths = self.document["paths"].items()
        return {(method.upper(), path) for path, item in paths for method in item}

    def schema_of(self, exchange: Exchange) -> Json | None:
        """Find the schema of the answer to a request, by its method, path and status."""
        method, target, _ = exchange.request[0].split(" ")
        target = re.sub("^https?://[^/]+", "", target).partition("?")[0]
        for path, item in self.document["paths"].items():
            pattern = re.sub(r"\\{.*?\\}", "[^/]+", re.escape(path))
            if re.fullmatch(pattern, target) and method.lower() in item:
                response = item[method.lower()]["responses"][str(exchange.status)]
                if "$ref" in response:
                    response = self.document["components"]["responses"][str(exchange.status)]
                schema: Json = response["content"]["application/json"]["schema"]
                return schema
        return None

    def faults(self, exchange: Exchange) -> list[str]:
        """List in what an answer is not as described; one to what nobody describes is a refusal."""
        schema = self.schema_of(exchange)
        if schema is None:
            fits = exchange.status in {400, 401, 403, 404, 405}
            return [] if fits else ["an answer to nothing in the table"]
        whole = {**schema, "components": self.document["components"]}
        wrong = map(str, jsonschema_rs.iter_errors(whole, exchange.expected))
        return [*wrong, *self._undescribed(exchange.expected, schema)]

    def missing(self) -> list[str]:
        """List what is referred to and is not there."""
        components = self.document["components"]
        found = set(re.findall(r"\'#/components/(\w+)/(\w+)\'", repr(self.document)))
        return [name for kind, name in sorted(found) if name not in components[kind]]

    def _undescribed(self, value: object, schema: Json, where: str = "") -> Iterator[str]:
        """List the fields of a value that its schema does not know."""
        schema = self._resolved(schema)
        match value:
            case dict() if "properties" in schema:
                for name, field in value.items():
                    if name not in schema["properties"]:
                        yield f"{where}.{name}"
                    else:
                        yield from self._undescribed(
                            field, schema["properties"][name], f"{where}.{name}"
                        )
            case list() if "items" in schema:
                for item in value:
                    yield from self._undescribed(item, schema["items"], f"{where}[]")
            case _:
                return

    def _resolved(self, schema: Json) -> Json:
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema
