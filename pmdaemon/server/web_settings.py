"""From what somebody asks of the web side to the settings that it goes by."""

import re
from collections.abc import Sequence

from pmdaemon.control.messages.web import WebBody
from pmdaemon.core.access import digest_of
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.quantities import format_size, parse_size
from pmdaemon.core.rate_limits import parse_rate_limit
from pmdaemon.core.wording import shown
from pmdaemon.engine.interfaces import WebSettings
from pmdaemon.server.http.addresses import read_networks
from pmdaemon.server.keys import checked_key

DEFAULT = WebSettings()

LEAST_BODY = 1024
MOST_BODY = 64 * 1024 * 1024
"""Bytes; a body is in memory as a whole."""

_ORIGIN = re.compile(r"\*|https?://[^\s/?#@\\]+", re.IGNORECASE)


def read(body: WebBody) -> WebSettings:
    """Read the settings; what is not said has its default.

    Raises:
        InvalidInput: something of it cannot be used.

    """
    key = body.get("api_key")
    cert, private = body.get("tls_cert"), body.get("tls_key")
    if private is not None and cert is None:
        raise InvalidInput("cannot use a TLS key without its certificate: give both")
    networks = body.get("trusted_proxies", [])
    read_networks(networks)
    return WebSettings(
        host=body["host"],
        tcp_port=body["port"],
        api_key_digest=digest_of(checked_key(key)) if key is not None else None,
        allow_create=body.get("allow_create", DEFAULT.allow_create),
        ws_public=body.get("ws_auth", "public") == "public",
        cors_origins=_origins(body.get("cors_origins", DEFAULT.cors_origins)),
        rate_limits=tuple(map(parse_rate_limit, body["rate_limits"]))
        if "rate_limits" in body
        else DEFAULT.rate_limits,
        body_limit=_body_limit(body["body_limit"]) if "body_limit" in body else DEFAULT.body_limit,
        trusted_proxies=tuple(networks),
        tls_cert=cert,
        tls_key=private,
    )


def _origins(texts: Sequence[str]) -> tuple[str, ...]:
    for text in texts:
        if not _ORIGIN.fullmatch(text):
            raise InvalidInput(
                f"not an origin: {shown(text)} (examples: https://app.example.com, *)",
                code="invalid_origin",
            )
    return tuple(text.lower() for text in texts)


def _body_limit(text: str) -> int:
    size = parse_size(text)
    if not LEAST_BODY <= size <= MOST_BODY:
        least, most = format_size(LEAST_BODY), format_size(MOST_BODY)
        raise InvalidInput(
            f"not a limit for bodies: {shown(text)} ({least} to {most})", code="invalid_body_limit"
        )
    return size
