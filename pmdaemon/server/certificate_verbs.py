"""The verbs about certificates of the gateway."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any
from urllib import parse

import msgspec
from msgspec.structs import replace

from pmdaemon.control.messages import EmptyBody
from pmdaemon.control.messages.gateway import AcmeItem, CertificateBody, CertificatesBody
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.routing import host_pattern
from pmdaemon.core.wording import shown
from pmdaemon.engine.engine import Engine
from pmdaemon.engine.interfaces import AcmeSettings, CertificateFiles, GatewaySettings
from pmdaemon.server.control_socket import Conversation


async def certificates(engine: Engine, _body: EmptyBody, _: Conversation) -> dict[str, Any]:
    """List what hosts are served with, and who is asked for certificates."""
    settings = engine.gateway.settings
    acme = settings.acme if settings is not None else None
    return {
        "acme": acme.directory if acme is not None else None,
        "certificates": msgspec.to_builtins(engine.gateway.certificates.list()),
    }


async def remove(engine: Engine, body: CertificateBody, _: Conversation) -> dict[str, Any]:
    """Serve a host with a certificate no longer: files of one's own stay, others are removed."""
    host = host_pattern(body["host"])
    settings = engine.gateway.settings
    left = tuple(one for one in settings.certificates if one.host != host) if settings else ()
    if settings is not None and len(left) < len(settings.certificates):
        await engine.gateway.turn_on(replace(settings, certificates=left))
    elif not engine.gateway.certificates.discard(host):
        raise InvalidInput(
            f"there is no certificate for {shown(host)} that could be removed",
            code="certificate_not_found",
            host=host,
        )
    return await certificates(engine, EmptyBody(), _)


async def retry(engine: Engine, body: CertificateBody, _: Conversation) -> dict[str, Any]:
    """Ask the authority for a host now, whatever came of it before."""
    host = host_pattern(body["host"])
    if not engine.gateway.certificates.retry(host):
        raise InvalidInput(
            f"no authority is asked for a certificate for {shown(host)}",
            code="certificate_not_ordered",
            host=host,
        )
    return await certificates(engine, EmptyBody(), _)


def with_files(
    present: tuple[CertificateFiles, ...], added: list[tuple[str, str, str]]
) -> tuple[CertificateFiles, ...]:
    """Add files of one's own to those that there are, in place of former ones for a host."""
    files = {one.host: one for one in present}
    for text, certificate, key in added:
        host = host_pattern(text)
        files[host] = CertificateFiles(host, certificate, key)
    return tuple(files.values())


def acme_settings(body: AcmeItem | None) -> AcmeSettings | None:
    """Read whom to ask.

    Raises:
        InvalidInput: that is no URL of an authority, or no e-mail address.

    """
    if body is None:
        return None
    directory, contact = body["directory"], tuple(body.get("contact", ()))
    try:
        parts = parse.urlsplit(directory)
    except ValueError:
        parts = parse.urlsplit("")
    if parts.scheme != "https" or not parts.hostname:
        raise InvalidInput(
            f"{shown(directory)} is not the directory of an authority: use an https URL",
            code="invalid_directory",
        )
    for address in contact:
        name, _, domain = address.partition("@")
        if not name or not domain or any(each in address for each in " ,?\r\n"):
            raise InvalidInput(f"{shown(address)} is not an e-mail address", code="invalid_contact")
    return AcmeSettings(directory=directory, contact=contact, trusted=body.get("trusted"))


def refuse_without_ports(settings: GatewaySettings) -> None:
    """Refuse to ask an authority that could not ask us back.

    Raises:
        InvalidInput: HTTP or HTTPS is not listened for.

    """
    if settings.acme is not None and (settings.http_port is None or settings.https_port is None):
        raise InvalidInput(
            "to have certificates signed, the proxy has to listen for HTTP and for HTTPS"
            " (pmdaemon proxy on --http 80 --https 443, or proxy certs --acme none)",
            code="ports_needed",
        )


TABLE: Mapping[str, tuple[Any, Callable[..., Coroutine[Any, Any, dict[str, Any]]]]] = {
    "certificates": (CertificatesBody, certificates),
    "certificate_remove": (CertificateBody, remove),
    "certificate_retry": (CertificateBody, retry),
}
