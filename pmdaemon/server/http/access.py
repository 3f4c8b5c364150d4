"""Who may do what over HTTP.

With an API key set, whoever presents it may do everything, and anybody else only what is public.
Without one the server listens on loopback only, and everybody on this machine is let in. A web
page that happens to be open in a browser is not: it betrays itself by the name it was reached
under (`Host`, after DNS rebinding) or by where it came from (`Origin`).
"""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum

from multidict import MultiMapping

from pmdaemon.core.errors import InvalidInput
from pmdaemon.engine.interfaces import WebSettings
from pmdaemon.server.http.refusals import PermissionDenied, Unauthorized
from pmdaemon.server.keys import is_loopback, matches

KEY_SCHEMES = frozenset({"bearer", "apikey"})

_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^\s\[\]@:/\\]+))(?::[0-9]{1,5})?", re.IGNORECASE)
_ORIGIN = re.compile(r"https?://(.+)", re.IGNORECASE)


class Scope(StrEnum):
    """What an endpoint lets its caller do."""

    PUBLIC = "public"
    READ = "read"
    CONTROL = "control"
    CREATE = "create"


EVERYBODY = frozenset({Scope.PUBLIC})
TRUSTED = frozenset({Scope.PUBLIC, Scope.READ, Scope.CONTROL})
"""Creating is in neither: what a key can start, a stolen key can run."""


class Gate:
    """Decides about every request by the settings of the moment."""

    def __init__(self, settings: WebSettings) -> None:
        self._settings = checked(settings)

    def change(self, settings: WebSettings) -> None:
        """Go by other settings from the next request on.

        Raises:
            InvalidInput: these would let in the whole network.

        """
        self._settings = checked(settings)

    def admit(self, headers: MultiMapping[str], scope: Scope) -> None:
        """Let a request pass.

        Raises:
            Unauthorized: it needs a key.
            PermissionDenied: no key would help.

        """
        granted = self._scopes(headers)
        if scope in granted:
            return
        if scope is Scope.CREATE and granted is TRUSTED:
            raise PermissionDenied(
                "creating processes over the network is off;"
                " create them on the machine itself: pmdaemon start"
            )
        if any(True for _ in presented_keys(headers)):
            raise Unauthorized("this API key is not valid")
        raise Unauthorized("this needs an API key")

    def _scopes(self, headers: MultiMapping[str]) -> frozenset[Scope]:
        digest = self._settings.api_key_digest
        if digest is None:
            refuse_foreign(headers, self._settings.host)
            return TRUSTED
        known = any(matches(key, digest) for key in presented_keys(headers))
        return TRUSTED if known else EVERYBODY


def checked(settings: WebSettings) -> WebSettings:
    """Make sure that without a key nobody but this machine is let in.

    Raises:
        InvalidInput: everybody would be.

    """
    if settings.api_key_digest is None and not is_loopback(settings.host):
        raise InvalidInput(f"cannot listen on {settings.host} without an API key")
    return settings


def presented_keys(headers: MultiMapping[str]) -> Iterator[str]:
    """List the keys that a request comes with, in whatever form."""
    for value in headers.getall("Authorization", ()):
        scheme, _, credentials = value.partition(" ")
        if scheme.lower() in KEY_SCHEMES:
            yield credentials.strip()
    yield from headers.getall("X-API-Key", ())


def refuse_foreign(headers: MultiMapping[str], bound_to: str) -> None:
    """Turn away what a browser sends on behalf of somebody else's page.

    Without a `Host`, as with HTTP/1.0, it is no browser.

    Raises:
        PermissionDenied: it was.

    """
    if not all(_is_ours(host, bound_to) for host in headers.getall("Host", ())):
        raise PermissionDenied("without an API key this server answers under local names only")
    if not all(_is_ours(host, bound_to) for host in _origins(headers.getall("Origin", ()))):
        raise PermissionDenied("without an API key this server answers to local pages only")


def _origins(values: Iterable[str]) -> Iterator[str]:
    for value in values:
        found = _ORIGIN.fullmatch(value)
        yield found[1] if found else ""


def _is_ours(host: str, bound_to: str) -> bool:
    found = _HOST.fullmatch(host)
    if found is None:
        return False
    name = (found[1] or found[2]).lower().removesuffix(".")
    return name == bound_to.lower() or name.endswith(".localhost") or is_loopback(name)
