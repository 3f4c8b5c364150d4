"""The verbs about the web side: on and off, and the tokens that open it."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from pmdaemon.control.messages import EmptyBody
from pmdaemon.control.messages.web import (
    RevokeBody,
    RotateBody,
    RotateSecretBody,
    TokenBody,
    WebBody,
)
from pmdaemon.core.access import Token, TokenKind
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.engine.engine import Engine
from pmdaemon.server.control_socket import Conversation


async def turn_on(engine: Engine, body: WebBody, conversation: Conversation) -> dict[str, Any]:
    """Turn the web side on: for good, or for as long as this client stays."""
    # OpenSSL, and 3 MB, for the web side alone.
    from pmdaemon.server import keys, web_settings  # noqa: PLC0415

    settings = web_settings.read(body)
    protected = settings.api_key_digest is not None or engine.tokens.keyed
    key = None
    if not protected and not keys.is_loopback(settings.host):
        key = await engine.tokens.web_key()
    try:
        url = await engine.web.turn_on(settings, remember=body["detach"])
    except PmdaemonError:
        if key is not None and key.fresh:
            await engine.tokens.forget_web_key()
        raise
    shown: dict[str, Any] = {"url": url, "protected": protected or key is not None}
    if key is not None:
        shown |= {"generated_key": key.secret, "key_file": key.path}
    try:
        await engine.tokens.forget_revoked()
        if body["detach"]:
            return shown
        await conversation.send({"item": shown})
        await conversation.closed()
    finally:
        if not body["detach"]:
            await engine.web.let_go(settings)
    return {}


async def turn_off(engine: Engine, _body: EmptyBody, _: Conversation) -> dict[str, Any]:
    """Turn the web side off, now and in future."""
    address = engine.web.address
    await engine.web.turn_off()
    return {"url": address}


async def make_token(engine: Engine, body: TokenBody, _: Conversation) -> dict[str, Any]:
    """Make a key, or a consumer's token."""
    consumer = body.get("consumer")
    token, secret = await engine.tokens.make(
        consumer if consumer is not None else body.get("name"),
        kind=TokenKind.KEY if consumer is None else TokenKind.CONSUMER,
        scopes=body.get("scopes", []),
        expire_in=body.get("expire_in"),
    )
    return {**_view(token), "token": secret}


async def rotate_token(engine: Engine, body: RotateBody, _: Conversation) -> dict[str, Any]:
    """Make a new token in place of one."""
    token, secret = await engine.tokens.rotate(body["name"], overlap=body["overlap"])
    return {**_view(token), "token": secret}


async def rotate_secret(engine: Engine, body: RotateSecretBody, _: Conversation) -> dict[str, Any]:
    """Sign JWTs with a new secret."""
    return {"until": engine.tokens.rotate_secret(overlap=body["overlap"])}


async def list_tokens(engine: Engine, _body: EmptyBody, _: Conversation) -> dict[str, Any]:
    """List tokens, without the tokens themselves."""
    return {"tokens": [_view(token) for token in engine.tokens.list()]}


async def revoke_token(engine: Engine, body: RevokeBody, _: Conversation) -> dict[str, Any]:
    """Let nobody in by a token any more."""
    await engine.tokens.revoke(body["name"])
    return {"name": body["name"]}


def _view(token: Token) -> dict[str, Any]:
    return {
        "name": token.name,
        "kind": token.kind,
        "scopes": list(token.grants),
        "created": token.created,
        "expires": token.expires,
    }


TABLE: Mapping[str, tuple[Any, Callable[..., Coroutine[Any, Any, dict[str, Any]]]]] = {
    "web": (WebBody, turn_on),
    "web_off": (EmptyBody, turn_off),
    "token": (TokenBody, make_token),
    "tokens": (EmptyBody, list_tokens),
    "rotate": (RotateBody, rotate_token),
    "rotate_secret": (RotateSecretBody, rotate_secret),
    "revoke": (RevokeBody, revoke_token),
}
