"""What a command changes of a declaration that is there already."""

from collections.abc import Mapping

from msgspec.structs import replace

from pmdaemon.config.environment import scrubbed
from pmdaemon.core import tcp_ports
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.spec import AppSpec
from pmdaemon.core.wording import shown


def changed(
    spec: AppSpec, options: Mapping[str, object], environment: Mapping[str, str] | None
) -> AppSpec:
    """Declare an app anew: `options` by name, and the `environment` that it inherits from now on.

    Raises:
        InvalidInput: a value cannot be used, or there is no such option.

    """
    if environment is not None:
        spec = replace(spec, inherited_env=scrubbed(environment))
    unknown = sorted(options.keys() - {"port"})
    if unknown:
        raise InvalidInput(f"this cannot be changed: {shown(unknown[0])}")
    if "port" in options:
        spec = replace(spec, tcp_ports=tcp_ports.parse(options["port"]))
    return spec
