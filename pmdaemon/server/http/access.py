"""Who may do what over HTTP.

Whoever presents a key or a token gets what was granted with it, and anybody else only what is
public. Where no key was set, on loopback, everybody on this machine is let in. A web page that
happens to be open in a browser is not: it betrays itself by the name it was reached under (`Host`,
after DNS rebinding) or by where it came from (`Origin`).

What an endpoint needs stands with it, in the table of its dialect.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress

from multidict import MultiMapping

from pmdaemon.core.access import ANYBODY, EVERYTHING, LOCAL, Principal, Scope
from pmdaemon.engine.interfaces import WebSettings
from pmdaemon.server.http.refusals import PermissionDenied, Unauthorized, UnknownKey
from pmdaemon.server.keys import is_loopback, matches

KEY_SCHEMES = frozenset({"bearer", "apikey"})

_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^\s\[\]@:/\\]+))(?::[0-9]{1,5})?", re.IGNORECASE)
_ORIGIN = re.compile(r"https?://(.+)", re.IGNORECASE)

API_KEY = Principal("api-key", EVERYTHING)
"""Who presents the key that the server was turned on with."""

Authenticator = Callable[[str], Principal | None]
"""Says whose credential a text is; None when it is none that it knows."""


class Gate:
    """Decides about every request by the settings of the moment.

    Args:
        settings: how the web side listens.
        authenticators: those who know credentials beside the key in the settings, asked in turn.
        guarded: whether a key is needed although the settings have none.

    """

    def __init__(
        self,
        settings: WebSettings,
        authenticators: Sequence[Authenticator] = (),
        *,
        guarded: Callable[[], bool] = lambda: False,
    ) -> None:
        self.settings = settings
        self._authenticators = (self._by_key, *authenticators)
        self._guarded = guarded
        self._lasting: set[Callable[[], None]] = set()

    def change(self, settings: WebSettings) -> None:
        """Go by other settings from the next request on."""
        self.settings = settings
        self.recheck()

    def watch(self, recheck: Callable[[], None]) -> Callable[[], None]:
        """Have `recheck` called whenever whom it lets in may have changed; the result ends it.

        It is for what goes on for long, and has to see whether it still may.
        """
        self._lasting.add(recheck)
        return lambda: self._lasting.discard(recheck)

    def recheck(self) -> None:
        """Have everybody who is let in for long see whether they still are."""
        for recheck in tuple(self._lasting):
            recheck()

    @property
    def is_open(self) -> bool:
        """Whether everybody on this machine is let in, and nobody else can reach it."""
        unkeyed = self.settings.api_key_digest is None and not self._guarded()
        return unkeyed and is_loopback(self.settings.host)

    def admit(
        self,
        headers: MultiMapping[str],
        scope: Scope,
        *,
        also: Scope | None = None,
        credentials_needed: bool = False,
        query_token: str | None = None,
        passwords: bool = False,
    ) -> Principal:
        """Let a request pass, and say whose it is.

        Args:
            headers: of the request.
            scope: what the endpoint needs.
            also: what will do in place of it.
            credentials_needed: in open mode too, as a dialect may have it.
            query_token: a token that came with the path, where that is allowed.
            passwords: whether a key may come as the password of Basic authentication.

        Raises:
            Unauthorized: it needs a key.
            PermissionDenied: it needs another key, or none would help.

        """
        self.refuse_foreign(headers)
        presented = [*presented_keys(headers), *filter(None, [query_token])]
        if passwords:
            presented += basic_passwords(headers)
        principal = self.recognise(presented)
        if principal is None:
            principal = LOCAL if self.is_open and not credentials_needed else ANYBODY
        if not principal.may(scope) and not (also is not None and principal.may(also)):
            raise self._refusal(scope, principal, shown_any=bool(presented))
        if scope is Scope.CREATE and not self.settings.allow_create:
            raise PermissionDenied(
                "creating processes over the network is off; it is turned on by:"
                " pmdaemon web --allow-create"
            )
        return principal

    def recognise(self, keys: Iterable[str]) -> Principal | None:
        """Say whose the first of these credentials is that anybody knows."""
        for key in keys:
            for authenticator in self._authenticators:
                if (principal := authenticator(key)) is not None:
                    return principal
        return None

    def refuse_foreign(self, headers: MultiMapping[str]) -> None:
        """In open mode, turn away what a browser sends on behalf of somebody else's page.

        Without a `Host`, as with HTTP/1.0, it is no browser.

        Raises:
            PermissionDenied: it was.

        """
        if not self.is_open:
            return
        host = self.settings.host
        if not all(_is_ours(one, host) for one in headers.getall("Host", ())):
            raise PermissionDenied("without an API key this server answers under local names only")
        if not all(_is_ours(one, host) for one in _origins(headers.getall("Origin", ()))):
            raise PermissionDenied("without an API key this server answers to local pages only")

    def _by_key(self, key: str) -> Principal | None:
        digest = self.settings.api_key_digest
        return API_KEY if digest is not None and matches(key, digest) else None

    def _refusal(
        self, scope: Scope, principal: Principal, *, shown_any: bool
    ) -> PermissionDenied | Unauthorized:
        if principal is not ANYBODY:
            return PermissionDenied(
                f"this needs the scope {scope}, which {principal.name} does not have", scope=scope
            )
        if shown_any:
            return UnknownKey("this API key is not valid")
        return Unauthorized("this needs an API key")


def presented_keys(headers: MultiMapping[str]) -> Iterator[str]:
    """List the keys that a request comes with, in whatever form."""
    for value in headers.getall("Authorization", ()):
        scheme, _, credentials = value.partition(" ")
        if scheme.lower() in KEY_SCHEMES:
            yield credentials.strip()
    yield from headers.getall("X-API-Key", ())


def basic_passwords(headers: MultiMapping[str]) -> Iterator[str]:
    """List the passwords that a request comes with (RFC 7617); the names with them may be any."""
    for value in headers.getall("Authorization", ()):
        scheme, _, credentials = value.partition(" ")
        if scheme.lower() != "basic":
            continue
        with suppress(binascii.Error, UnicodeDecodeError):
            _, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
            if password:
                yield password


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
