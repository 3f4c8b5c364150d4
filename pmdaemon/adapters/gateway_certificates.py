"""Which certificate the gateway shows for which name."""

import ssl
from collections.abc import Callable, Sequence
from pathlib import Path

from pmdaemon.adapters.certificates import LocalAuthority, ServerCertificates
from pmdaemon.engine.interfaces import Clock, GatewaySettings

ALWAYS = "localhost"
"""A name that never leads off this machine (RFC 6761)."""


class GatewayCertificates:
    """Files of one's own come first; then our own authority, for names of development.

    `known` tells whether anything answers for a name: nobody is to have us make others.
    """

    def __init__(self, folder: Path, clock: Clock, known: Callable[[str], bool]) -> None:
        self._folder = folder
        self._clock = clock
        self._known = known
        self._authority: LocalAuthority | None = None
        self._domains: Sequence[str] = ()
        self._server = ServerCertificates(self._issue, clock)
        self._context: ssl.SSLContext | None = None

    def prepare(self, settings: GatewaySettings) -> ssl.SSLContext:
        """Go by these settings from now on; return what listeners use.

        Raises:
            InvalidInput: a file cannot be used; nothing was changed.

        """
        files = {one.host: (Path(one.certificate), Path(one.key)) for one in settings.certificates}
        self._server.use_only(files)
        domains = tuple(dict.fromkeys((ALWAYS, settings.domain)))
        if domains != self._domains:
            self._domains = domains
            self._authority = LocalAuthority(self._folder, domains, self._clock)
            self._authority.ensure()
        if self._context is None:
            self._context = self._server.context()
        return self._context

    def _issue(self, host: str) -> tuple[bytes, bytes] | None:
        ours = any(host == one or host.endswith(f".{one}") for one in self._domains)
        if self._authority is None or not ours or not self._known(host):
            return None
        return self._authority.issue(host)
