"""What is stored of who may do what: tokens as rows, the settings of the web side as JSON."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from pmdaemon.core.access import Token
from pmdaemon.engine.interfaces import WebSettings

Row = Mapping[str, Any]

Kind = TypeVar("Kind")


def token_to_row(token: Token) -> dict[str, Any]:
    """Write a token as the columns of its row."""
    return {**msgspec.structs.asdict(token), "grants": json.dumps(token.grants)}


def token_from_row(row: Row) -> Token:
    """Read a token."""
    grants = json.loads(row["grants"])
    return _converted({**row, "grants": grants, "revoked": bool(row["revoked"])}, Token)


def web_to_json(web: WebSettings) -> str:
    """Write down how the web side listens."""
    return msgspec.json.encode(web).decode()


def web_from_json(text: str) -> WebSettings:
    """Read how the web side listens; an open side is never read from a key that is missing."""
    data = json.loads(text)
    return _converted({**data, "api_key_digest": data["api_key_digest"]}, WebSettings)


def _converted(data: Row, kind: type[Kind]) -> Kind:
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise ValueError(error) from error
