"""What is stored of the gateway, as JSON: how it listens, and the services as declared."""

from typing import TypeVar

import msgspec

from pmdaemon.core.services import ServiceSpec
from pmdaemon.engine.interfaces import GatewaySettings

Kind = TypeVar("Kind")


def settings_to_json(settings: GatewaySettings) -> str:
    """Write down how it listens."""
    return msgspec.json.encode(settings).decode()


def settings_from_json(text: str) -> GatewaySettings:
    """Read how it listens."""
    return _decoded(text, GatewaySettings)


def service_to_json(spec: ServiceSpec) -> str:
    """Write a service down."""
    return msgspec.json.encode(spec).decode()


def service_from_json(text: str) -> ServiceSpec:
    """Read a service."""
    return _decoded(text, ServiceSpec)


def _decoded(text: str, kind: type[Kind]) -> Kind:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.MsgspecError as error:
        raise ValueError(error) from error
