"""The verbs about the gateway: its listeners, its services, and the requests it has seen."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from pmdaemon.control.messages import EmptyBody
from pmdaemon.control.messages.gateway import (
    GatewayBody,
    RequestBody,
    RequestsBody,
    ServiceBody,
    ServiceModeBody,
    ServiceRemoveBody,
)
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.request_records import RequestFilter, RequestRecord, masked_headers
from pmdaemon.core.routing import Listener, Mode, Target, host_of, host_pattern
from pmdaemon.core.services import ServiceSpec, read_route, read_target
from pmdaemon.core.wording import shown
from pmdaemon.engine.engine import Engine
from pmdaemon.engine.interfaces import GatewaySettings
from pmdaemon.server.certificate_verbs import acme_settings, refuse_without_ports, with_files
from pmdaemon.server.control_socket import Conversation

MOST_REQUESTS = 1000


async def status(engine: Engine, _body: EmptyBody, _: Conversation) -> dict[str, Any]:
    """Tell where the gateway listens, and what it publishes."""
    gateway = engine.gateway
    settings = gateway.settings
    return {
        "on": settings is not None,
        "urls": list(gateway.addresses),
        "domain": settings.domain if settings is not None else None,
        "services": [_service_view(engine, spec) for _, spec in sorted(gateway.services.items())],
    }


async def turn_on(engine: Engine, body: GatewayBody, _: Conversation) -> dict[str, Any]:
    """Have the gateway listen; what is not said stays as it is."""
    return {"urls": list(await engine.gateway.turn_on(_settings(engine, body)))}


async def turn_off(engine: Engine, _body: EmptyBody, _: Conversation) -> dict[str, Any]:
    """Have the gateway listen no more."""
    urls = list(engine.gateway.addresses)
    await engine.gateway.turn_off()
    return {"urls": urls}


async def put(engine: Engine, body: ServiceBody, _: Conversation) -> dict[str, Any]:
    """Publish a service, or add routes to it; with that, the gateway listens."""
    spec = _spec(body)
    settings = engine.gateway.settings
    if settings is None or (spec.listener is None and not _listens(settings)):
        at = GatewaySettings()
        await engine.gateway.turn_on(replace(settings or at, http_port=at.http_port))
    put_there = await engine.gateway.put(spec, swap=body.get("swap", False))
    known = {one.name: one for one in engine.processes.known}
    warnings = []
    if spec.app is not None and spec.app not in known:
        warnings = [f"no app is called {spec.app} yet"]
    elif spec.app is not None and not _service_view(engine, put_there)["targets"]:
        warnings = _without_targets(spec, known[spec.app].spec.tcp_ports is not None)
    return {**_service_view(engine, put_there), "warnings": warnings}


async def remove(engine: Engine, body: ServiceRemoveBody, _: Conversation) -> dict[str, Any]:
    """Publish a service no longer, or one of its routes."""
    name = body["name"]
    if name in engine.gateway.services or ("." not in name and "/" not in name):
        spec = await engine.gateway.remove(name)
    else:
        route = read_route(name, "")
        spec = await engine.gateway.remove_route(route.host, route.path)
    return _service_view(engine, spec)


async def set_mode(engine: Engine, body: ServiceModeBody, _: Conversation) -> dict[str, Any]:
    """Have services serve, hold, or say that they are being worked on."""
    changed = [await engine.gateway.set_mode(name, Mode(body["mode"])) for name in body["names"]]
    return {"services": [_service_view(engine, spec) for spec in changed]}


async def requests(
    engine: Engine, body: RequestsBody, conversation: Conversation
) -> dict[str, Any]:
    """List the latest requests, or tell of each when it has ended."""
    wanted = _wanted(body)
    if body.get("follow", False):
        return await _follow(engine, wanted, conversation)
    limit = body.get("limit", 100)
    if not 0 < limit <= MOST_REQUESTS:
        raise InvalidInput(f"this request cannot be used: limit is 1 to {MOST_REQUESTS}")
    log = engine.gateway.requests
    found, matching, total = log.list(wanted, limit=limit)
    return {
        "requests": [_request_view(engine, one) for one in found],
        "filtered_count": matching,
        "total_count": total,
    }


async def request(engine: Engine, body: RequestBody, _: Conversation) -> dict[str, Any]:
    """Show one request, with its headers, and its bodies where they were kept."""
    record = engine.gateway.requests.get(body["id"])
    view = _request_view(engine, record)
    view["request_headers"] = [list(one) for one in masked_headers(record.raw_request_headers)]
    view["response_headers"] = [list(one) for one in masked_headers(record.raw_response_headers)]
    if body.get("bodies", False):
        from pmdaemon.server.bodies import body_view  # noqa: PLC0415 - decoders, for few

        view["request_body"] = body_view(record.request_body, record.raw_request_headers)
        view["response_body"] = body_view(record.response_body, record.raw_response_headers)
    return view


async def _follow(
    engine: Engine, wanted: RequestFilter, conversation: Conversation
) -> dict[str, Any]:
    waiting: asyncio.Queue[RequestRecord] = asyncio.Queue(MOST_REQUESTS)

    def heed(record: RequestRecord) -> None:
        if not record.in_flight and wanted.matches(record) and not waiting.full():
            waiting.put_nowait(record)  # who does not read misses some, and holds nobody up

    leave = engine.gateway.requests.subscribe(heed)
    loop = asyncio.get_running_loop()
    ends = {loop.create_task(conversation.closed()), loop.create_task(engine.ending.wait())}
    try:
        while not any(end.done() for end in ends):
            next_one = loop.create_task(waiting.get())
            try:
                await asyncio.wait({next_one, *ends}, return_when=asyncio.FIRST_COMPLETED)
                if next_one.done():
                    view = _request_view(engine, next_one.result())
                    await conversation.send({"item": view})
            finally:
                next_one.cancel()
    finally:
        leave()
        for end in ends:
            end.cancel()
    return {}


def _wanted(body: RequestsBody) -> RequestFilter:
    keys = ("subdomain", "service", "method", "min_status", "max_status", "since", "url")
    return RequestFilter(**{key: body[key] for key in keys if key in body})  # type: ignore[literal-required] # all of them are keys


def _settings(engine: Engine, body: GatewayBody) -> GatewaySettings:
    present = engine.gateway.settings or GatewaySettings()
    said: dict[str, Any] = {
        key: body[key] for key in ("host", "http_port", "https_port", "capture") if key in body
    }
    for key in ("http_port", "https_port"):
        if said.get(key) == -1:
            said[key] = None
    if "domain" in body:
        said["domain"] = host_pattern(body["domain"])
    if "trusted_proxies" in body:
        said["trusted_proxies"] = tuple(_network(text) for text in body["trusted_proxies"])
    if "certificates" in body:
        said["certificates"] = with_files(present.certificates, body["certificates"])
    if "acme" in body:
        said["acme"] = acme_settings(body["acme"])
    settings = replace(present, **said)
    if not _listens(settings) and not {"http_port", "https_port"} & said.keys():
        settings = replace(settings, http_port=GatewaySettings().http_port)
    refuse_without_ports(settings)
    if not _listens(settings):
        raise InvalidInput("the gateway needs a port, for HTTP or for HTTPS")
    return settings


def _listens(settings: GatewaySettings) -> bool:
    """Tell whether HTTP is taken at all, in the clear or not; connections may be balanced alone."""
    return settings.http_port is not None or settings.https_port is not None


def _network(text: str) -> str:
    import ipaddress  # noqa: PLC0415 - for few

    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        raise InvalidInput(
            f"{shown(text)} is no address or network", code="invalid_network"
        ) from None


def _spec(body: ServiceBody) -> ServiceSpec:
    app, tcp_port, targets = read_target(body["targets"][0])
    for text in body["targets"][1:]:
        other_app, _, more = read_target(text)
        if app is not None or other_app is not None:
            raise InvalidInput("several targets can only be addresses, as 127.0.0.1:3000")
        targets = (*targets, *more)
    texts = body.get("routes", [])
    name = body.get("name") or app or _name_from(texts)
    routes = tuple(read_route(text, name, strip=body.get("strip", False)) for text in texts)
    listener = None
    if "listen_port" in body:
        listener = Listener(body.get("listen_host", "localhost"), body["listen_port"])
    return ServiceSpec(
        name=name,
        routes=routes,
        app=app,
        tcp_port=tcp_port,
        targets=targets,
        strategy=body.get("strategy", "round-robin"),
        listener=listener,
        source=body.get("source"),
    )


def _name_from(routes: Sequence[str]) -> str:
    """Name what is no app of ours after the first host it answers for."""
    if not routes:
        raise InvalidInput("a service that is no app needs a name (--name), or a host")
    first = read_route(routes[0], "").host.removeprefix("*.")
    name = host_of(first.partition(".")[0])
    if name is None:
        raise InvalidInput("a service that is no app needs a name (--name)")
    return name


def _without_targets(spec: ServiceSpec, knows_ports: bool) -> list[str]:  # noqa: FBT001 - internal
    if spec.tcp_port is None and not knows_ports:
        return [
            (
                f"pmdaemon does not know where {spec.app} listens: say {spec.app}:PORT as the"
                " target, or start it with --port"
            )
        ]
    return [f"{spec.app} is not running"]


def _service_view(engine: Engine, spec: ServiceSpec) -> dict[str, Any]:
    gateway = engine.gateway
    now = gateway.table.services.get(spec.name)
    targets = now.targets if now is not None else spec.targets
    routes = [route for route in gateway.table.routes if route.service == spec.name] or spec.routes
    return {
        "name": spec.name,
        "target": spec.target_text,
        "declared": gateway.is_declared(spec.name),
        "mode": spec.mode,
        "strategy": spec.strategy,
        "routes": [{"host": one.host, "path": one.path, "strip": one.strip} for one in routes],
        "targets": [_target_view(engine, spec.name, one) for one in targets],
        "listener": None
        if spec.listener is None
        else {"host": spec.listener.host, "port": spec.listener.tcp_port},
        "source": spec.source,
    }


def _target_view(engine: Engine, service: str, target: Target) -> dict[str, Any]:
    return {
        "host": target.host,
        "port": target.tcp_port,
        "state": target.state,
        "pm_id": target.pm_id,
        "busy": engine.gateway.busy(service, target),
    }


def _request_view(engine: Engine, record: RequestRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "began": record.began.wall,
        "method": record.method,
        "url": record.url,
        "host": record.host,
        "subdomain": record.subdomain,
        "service": record.service,
        "target": record.target,
        "remote_addr": record.remote_addr,
        "status": record.status or None,
        "seconds": record.seconds,
        "received": record.received,
        "sent": record.sent,
        "in_flight": record.in_flight,
        "stale": record.stale(engine.clock.now()),
        "aborted": record.aborted,
    }


TABLE: Mapping[str, tuple[Any, Callable[..., Coroutine[Any, Any, dict[str, Any]]]]] = {
    "gateway": (EmptyBody, status),
    "gateway_on": (GatewayBody, turn_on),
    "gateway_off": (EmptyBody, turn_off),
    "service": (ServiceBody, put),
    "service_remove": (ServiceRemoveBody, remove),
    "service_mode": (ServiceModeBody, set_mode),
    "requests": (RequestsBody, requests),
    "request": (RequestBody, request),
}
