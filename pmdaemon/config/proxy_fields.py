"""The field `proxy`: where the gateway publishes an app.

It is `true` for the name of the app below the gateway's domain, hosts that it answers for as well,
or a table: of `hosts`, what is done with their paths, which `port` of the app they lead to, and an
address to `listen` on for connections, whatever is spoken on them.
"""

from functools import partial
from typing import get_args

from pmdaemon.config import field_values as values
from pmdaemon.config.tables import Remarked, read_table
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.routing import Listener, Strategy
from pmdaemon.core.services import read_listener, read_route
from pmdaemon.core.spec import Published
from pmdaemon.core.tcp_ports import LAST_TCP_PORT

STRATEGIES: tuple[str, ...] = get_args(Strategy)


def proxy(value: object) -> Remarked:
    """Read where an app is published: a switch, hosts, or a table."""
    if isinstance(value, bool) or value in ("true", "false"):
        return Remarked(Published() if values.switch(value) else None)
    if isinstance(value, str | list | tuple):
        return Remarked(Published(_hosts(value)))
    read = read_table(
        value,
        {
            "hosts": _hosts,
            "host": _hosts,
            "domains": _hosts,
            "strip": values.switch,
            "port": partial(values.count, least=1, most=LAST_TCP_PORT),
            "strategy": partial(values.choice, among={word: word for word in STRATEGIES}),
            "listen": _listener,
        },
        expected="true, hosts, or a table",
    )
    said = read.value
    hosts = [host for key in ("hosts", "host", "domains") for host in said.get(key, ())]
    published = Published(
        tuple(dict.fromkeys(hosts)),
        strip=said.get("strip", False),
        tcp_port=said.get("port"),
        strategy=said.get("strategy", "round-robin"),
        listener=said.get("listen"),
    )
    return Remarked(published, read.remarks)


def show_published(published: Published) -> str:
    """Write it for people."""
    words = [", ".join(published.hosts) or "its name"]
    if published.strip:
        words.append("without the path")
    if published.tcp_port is not None:
        words.append(f"to port {published.tcp_port}")
    if published.listener is not None:
        words.append(f"at {published.listener}")
    return ", ".join([*words, published.strategy])


def _hosts(value: object) -> tuple[str, ...]:
    if not isinstance(value, str | list | tuple):
        raise values.refused(value, "hosts such as www.example.com or example.com/shop")
    routes = [read_route(text, "") for text in values.texts(value)]
    return tuple(dict.fromkeys(f"{one.host}{one.path.rstrip('/')}" for one in routes))


def _listener(value: object) -> Listener:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise values.refused(value, "a TCP port, or HOST:PORT")
    try:
        return read_listener(str(value))
    except InvalidInput as error:
        raise values.refused(value, "a TCP port, or HOST:PORT") from error
