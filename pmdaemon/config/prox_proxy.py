"""`proxy` and `services` of a `prox.yaml`, as what our gateway is told.

    proxy: {http_port: 6788, domain: local.example.dev, capture: {enabled: true}}
    services: {web: 3000, search: {port: 9200, host: 10.0.0.5}}

A service that is called as a process is that process: requests wait until it is ready. Any other
one is an address.
"""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from pmdaemon.config.spelling import unknown
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.quantities import parse_size
from pmdaemon.core.routing import bracketed, host_of, host_pattern
from pmdaemon.core.tcp_ports import LAST_TCP_PORT
from pmdaemon.core.wording import shown

HTTPS_PORT = 6789
"""Where prox listens when it is not told where."""

CAPTURED = "1M"
"""What prox keeps of a body, if it keeps any."""

HERE = frozenset({"localhost", "127.0.0.1", "::1"})

_PROXY = frozenset({"enabled", "http_port", "https_port", "domain", "capture", "hub"})
_CAPTURE = frozenset({"enabled", "max_body_size", "disk_budget"})
_SERVICE = frozenset({"port", "host"})


class Address(NamedTuple):
    """A service that is none of the processes."""

    name: str
    target: str
    routes: tuple[str, ...]


class Gateway(NamedTuple):
    """How the gateway listens, unless it does already, and what it publishes.

    `of_processes` are the `proxy` fields of processes, by name.
    """

    settings: dict[str, Any]
    addresses: tuple[Address, ...]
    of_processes: dict[str, dict[str, Any]]


class ProxyReading:
    """Reads both sections; adds faults to `problems`, and what has no effect to `remarks`."""

    def __init__(
        self, document: Mapping[Any, Any], problems: list[str], remarks: list[str]
    ) -> None:
        self._document = document
        self._problems = problems
        self._remarks = remarks

    def read(self, processes: Collection[str]) -> Gateway | None:
        """Read what the gateway publishes, of these processes and besides; None for nothing."""
        proxy = self._table("proxy", self._document.get("proxy"), _PROXY)
        services = self._document.get("services") or {}
        if not isinstance(services, Mapping):
            self._problems.append(f"services: not a table: {shown(services)}")
            return None
        ports = proxy.get("http_port"), proxy.get("https_port")
        if not proxy.get("enabled", any(ports)):
            if services:
                self._remarks.append("services: not published, as proxy is not enabled")
            return None
        domain = self._domain(proxy.get("domain"))
        addresses: list[Address] = []
        linked: dict[str, dict[str, Any]] = {}
        for key, said in services.items():
            name, where = str(key), f"services.{shown(key)}"
            host, port = self._where(where, said)
            if host_of(f"{name}.{domain}") is None:
                self._problems.append(f"{where}: not a name that a host can have")
            elif not isinstance(host, str):
                self._problems.append(f"{where}.host: not a host: {shown(host)}")
            elif name in processes and host in HERE:
                linked[name] = {"hosts": [f"{name}.{domain}"], "port": port}
            else:
                target = f"{bracketed(host)}:{port}"
                addresses.append(Address(name, target, (f"{name}.{domain}",)))
        return Gateway(self._settings(proxy, domain), tuple(addresses), linked)

    def _where(self, where: str, said: object) -> tuple[object, int | None]:
        """Read where a service listens: at a port, or at the port of a host."""
        if said is not None and not isinstance(said, Mapping):
            return "localhost", self._port(where, {"port": said})
        table = self._table(where, said, _SERVICE)
        return table.get("host", "localhost"), self._port(f"{where}.port", table)

    def _settings(self, proxy: Mapping[str, Any], domain: str) -> dict[str, Any]:
        ports = {
            key: self._port(f"proxy.{key}", {"port": proxy[key]}, least=0)
            for key in ("http_port", "https_port")
            if proxy.get(key) is not None
        }
        if not any(ports.values()):
            ports["https_port"] = HTTPS_PORT
        capture = self._table("proxy.capture", proxy.get("capture"), _CAPTURE)
        settings: dict[str, Any] = {
            "domain": domain,
            # Our listeners are turned off by a number that is not a port.
            **{key: ports.get(key) or -1 for key in ("http_port", "https_port")},
        }
        if capture.get("enabled"):
            try:
                settings["capture"] = parse_size(capture.get("max_body_size", CAPTURED))
            except PmdaemonError as error:
                self._problems.append(f"proxy.capture.max_body_size: {error.message}")
        if "hub" in proxy:
            self._remarks.append("proxy.hub: not acted on by this release")
        return settings

    def _domain(self, said: object) -> str:
        try:
            return host_pattern(said if isinstance(said, str) else "")
        except PmdaemonError:
            self._problems.append(f"proxy.domain: not a host name: {shown(said)}")
            return "localhost"

    def _port(self, where: str, table: Mapping[str, Any], *, least: int = 1) -> int | None:
        port = table.get("port")
        if isinstance(port, int) and not isinstance(port, bool) and least <= port <= LAST_TCP_PORT:
            return port
        self._problems.append(f"{where}: not a TCP port: {shown(port)}")
        return None

    def _table(self, where: str, said: object, keys: frozenset[str]) -> Mapping[str, Any]:
        if said is None:
            return {}
        if not isinstance(said, Mapping):
            self._problems.append(f"{where}: not a table: {shown(said)}")
            return {}
        self._remarks += [
            f"{where}.{shown(key)}: {unknown(str(key), keys)}" for key in said if key not in keys
        ]
        return said
