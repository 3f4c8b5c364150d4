"""What the proxy publishes, and the requests it has seen, as tables."""

from collections.abc import Sequence
from datetime import UTC, datetime

from pmdaemon.cli.render.table import Column, draw
from pmdaemon.cli.render.terminal import Terminal
from pmdaemon.cli.render.text import harmless
from pmdaemon.control.messages.gateway import (
    CertificateView,
    GatewayResult,
    RequestView,
    ServiceView,
)

COLOURS = {
    "serving": "green",
    "paused": "yellow",
    "maintenance": "yellow",
    "good": "green",
    "missing": "yellow",
    "unusable": "red",
}

SOURCES = {"file": "your files", "acme": "its authority", "local": "our authority", "none": ""}
"""Where certificates come from, as users are told."""


def services_table(services: Sequence[ServiceView], terminal: Terminal) -> str:
    """Draw the services, with how many of their targets take requests."""
    return draw(
        [
            Column("service", [harmless(one["name"]) for one in services], flexible=True),
            Column("target", [harmless(one["target"]) for one in services]),
            Column(
                "mode",
                [one["mode"] for one in services],
                colours=[COLOURS.get(one["mode"]) for one in services],
            ),
            Column("ready", [_ready(one) for one in services], right=True),
            Column("busy", [str(sum(t["busy"] for t in one["targets"])) for one in services]),
            Column("strategy", [one["strategy"] for one in services], rank=1),
            Column("routes", [harmless(_first_route(one)) for one in services], rank=2),
            Column("declared by", [harmless(_declared_by(one)) for one in services], rank=3),
        ],
        terminal,
    )


def routes_table(status: GatewayResult, terminal: Terminal) -> str:
    """Draw every host and path, with the targets behind it."""
    rows = [(route, service) for service in status["services"] for route in service["routes"]]
    return draw(
        [
            Column("host", [harmless(route["host"]) for route, _ in rows], flexible=True),
            Column("path", [harmless(route["path"]) for route, _ in rows]),
            Column("service", [harmless(service["name"]) for _, service in rows]),
            Column(
                "targets",
                [
                    ", ".join(f"{t['host']}:{t['port']} {t['state']}" for t in service["targets"])
                    or "none"
                    for _, service in rows
                ],
                rank=1,
            ),
        ],
        terminal,
    )


def certificates_table(certificates: Sequence[CertificateView], terminal: Terminal) -> str:
    """Draw what hosts are served with, and until when; faults and notes are listed below."""
    table = draw(
        [
            Column("host", [harmless(one["host"]) for one in certificates], flexible=True),
            Column("from", [SOURCES[one["source"]] for one in certificates]),
            Column("until", [_date(one["ends"]) for one in certificates]),
            Column(
                "state",
                [_word(one) for one in certificates],
                colours=[COLOURS[_word(one)] for one in certificates],
            ),
        ],
        terminal,
    )
    said = [
        f"{harmless(one['host'])}: {harmless(text)}"
        for one in certificates
        for text in (one["fault"], one["note"])
        if text
    ]
    return "\n".join([table, *said])


def request_line(view: RequestView, terminal: Terminal) -> str:
    """Word a request on one line."""
    status = str(view["status"] or "...")
    if view["aborted"]:
        status = f"{status} broken"
    seconds = view["seconds"]
    took = f"{seconds * 1000:.1f} ms" if seconds is not None else _on_its_way(view)
    where = harmless(f"{view['host']}{view['url']}")
    time = datetime.fromtimestamp(view["began"], UTC).astimezone().strftime("%H:%M:%S")
    painted = terminal.paint(status, _status_colour(view["status"]))
    return f"{view['id']} {time} {view['method']:<7} {painted} {took:>10}  {where}"


def request_details(view: RequestView, terminal: Terminal) -> str:
    """Word everything that is known of a request."""
    lines = [request_line(view, terminal), ""]
    lines.append(f"from     {view['remote_addr']}")
    lines.append(f"service  {harmless(view['service']) or 'none'}, at {view['target'] or 'none'}")
    lines.append(f"bytes    {view['received']} received, {view['sent']} sent")
    for title, headers, body in (
        ("request", view.get("request_headers", []), view.get("request_body")),
        ("response", view.get("response_headers", []), view.get("response_body")),
    ):
        lines += ["", terminal.paint(title, "bold")]
        lines += [f"  {harmless(name)}: {harmless(value)}" for name, value in headers]
        if body is not None and body["size"]:
            cut = ", cut" if body["truncated"] else ""
            lines += ["", f"  {body['size']} bytes{cut}"]
            text = body.get("text", body.get("base64", ""))
            lines += [f"  {harmless(line)}" for line in text.splitlines()]
    return "\n".join(lines)


def _word(certificate: CertificateView) -> str:
    if certificate["fault"]:
        return "unusable"
    return "missing" if certificate["source"] == "none" else "good"


def _date(moment: float | None) -> str:
    if moment is None:
        return ""
    return datetime.fromtimestamp(moment, UTC).astimezone().strftime("%Y-%m-%d")


def _ready(service: ServiceView) -> str:
    targets = service["targets"]
    return f"{sum(one['state'] == 'healthy' for one in targets)}/{len(targets)}"


def _first_route(service: ServiceView) -> str:
    routes = [f"{one['host']}{one['path'].rstrip('/')}" for one in service["routes"]]
    more = f" and {len(routes) - 1} more" if len(routes) > 1 else ""
    return f"{routes[0]}{more}" if routes else "none"


def _declared_by(service: ServiceView) -> str:
    """Say with what a service goes; by hand, with nothing."""
    if service["declared"]:
        return "its app"
    # An older daemon does not say.
    return (service.get("source") or "").rpartition("/")[2]


def _on_its_way(view: RequestView) -> str:
    return "stale" if view["stale"] else "in flight"


def _status_colour(status: int | None) -> str:
    if status is None:
        return "dim"
    return "red" if status >= 500 else "yellow" if status >= 400 else "green"
