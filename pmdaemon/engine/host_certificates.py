"""The certificates of the hosts that the gateway answers for, while it speaks TLS."""

from collections.abc import Callable, Sequence

from pmdaemon.core.certificates import Certificate, is_for
from pmdaemon.engine.certificate_keeper import CertificateKeeper
from pmdaemon.engine.interfaces import Certificates, Clock, GatewaySettings


class HostCertificates:
    """What there is for the `hosts` that are routed, by the settings of the gateway."""

    def __init__(
        self, *, certificates: Certificates, clock: Clock, hosts: Callable[[], Sequence[str]]
    ) -> None:
        self._certificates = certificates
        self._keeper = CertificateKeeper(clock=clock, certificates=certificates)
        self._hosts = hosts
        self._settings: GatewaySettings | None = None

    def check(self, settings: GatewaySettings) -> None:
        """Make sure that files can be used that were not before.

        Raises:
            InvalidInput: one cannot, or is for another name, or has run out.

        """
        known = self._settings.certificates if self._settings is not None else ()
        self._certificates.check([one for one in settings.certificates if one not in known])

    def go_by(self, settings: GatewaySettings | None) -> None:
        """Have certificates for what is routed now, where we speak for it over HTTP."""
        self._settings = settings
        if settings is None or settings.https_port is None or settings.http_port is None:
            self._keeper.concern(None, ())
            return
        own = [Certificate(host=one.host, source="file") for one in settings.certificates]
        hosts = [host for host in self._hosts() if not any(is_for(one, host) for one in own)]
        self._keeper.concern(settings.acme, hosts)

    def list(self) -> Sequence[Certificate]:
        """List what the hosts are served with."""
        settings = self._settings
        if settings is None or settings.https_port is None:
            return ()
        return self._keeper.list(settings.certificates, self._hosts())

    def discard(self, host: str) -> bool:
        """Forget what an authority has signed for a host; tell whether there was anything.

        Where the host is routed, and an authority is asked, it gets another one.
        """
        return self._keeper.discard(host)

    def retry(self, host: str) -> bool:
        """Ask an authority for a host now; tell whether one is asked for it at all."""
        return self._keeper.retry(host)

    def close(self) -> None:
        """Order nothing any more."""
        self._keeper.close()
