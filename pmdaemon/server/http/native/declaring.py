"""What callers may declare over the network: a new app, or other ports for one there is."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from pmdaemon.config.app_fields import Declared, read_app
from pmdaemon.core import tcp_ports
from pmdaemon.core.errors import InvalidConfiguration, InvalidInput
from pmdaemon.core.spec import AppSpec
from pmdaemon.engine.planner import Change, unchanged
from pmdaemon.server.http.refusals import InvalidRequest


class PortBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What may be asked for with a restart or reload: `3001`, `4000-4003` or `auto:5000-5100`."""

    port: str | int | float | None = None


class ScaleBody(Struct, frozen=True, forbid_unknown_fields=True):
    """How many instances there should be: `4`, or, relative to now, `+2` or `-1`."""

    instances: Annotated[int, Meta(ge=0)] | str | None = None


def onto_ports(body: PortBody) -> Change:
    """Read which ports an app is to have from now on; nothing said leaves it those it has.

    Raises:
        InvalidInput: these are none.

    """
    if body.port is None:
        return unchanged
    ports = tcp_ports.parse(body.port)

    def change(spec: AppSpec) -> AppSpec:
        if ports.count < spec.instances:
            raise InvalidInput(
                f"cannot give {spec.name} the ports {ports}: it has {spec.instances} instances",
                code="tcp_ports_too_few",
                ports=str(ports),
                instances=spec.instances,
            )
        return replace(spec, tcp_ports=ports)

    return change


def read_declaration(
    body: Mapping[str, object], *, base: str, environment: Mapping[str, str]
) -> Declared:
    """Read a new app, with the fields that it would have in an ecosystem file.

    Args:
        body: the fields.
        base: the folder that a relative `cwd` is relative to.
        environment: what the program inherits.

    Raises:
        InvalidRequest: the body is no app at all.
        InvalidConfiguration: the app cannot be run as declared; all problems are listed.

    """
    if not body:
        raise InvalidRequest('the body of this request is empty: say at least {"script": …}')
    try:
        return read_app(body, base=base, environment=environment)
    except InvalidConfiguration:
        raise
    except InvalidInput as error:
        raise InvalidConfiguration("the app", [error.message]) from error
