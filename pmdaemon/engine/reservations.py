"""Which TCP ports the instances of a new app get."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from pmdaemon.core.errors import TcpPortTaken
from pmdaemon.core.process import Process
from pmdaemon.core.spec import AppSpec


class FreePorts(Protocol):
    """Tells which ports are free, as a `TcpProbe` does."""

    def is_free(self, tcp_port: int) -> bool:
        """Whether a program could listen on this port now."""


def reserve(
    spec: AppSpec, others: Iterable[Process], probe: FreePorts, kept: Mapping[int, int]
) -> list[int | None]:
    """Choose a port for each instance of `spec`, or None where it asks for none.

    One that all instances share is nobody's own: it is looked at, and each of them has None. A
    port stays with its process from restart to restart, until the process is deleted: `kept`
    are those that its instances have had so far.

    Raises:
        TcpPortTaken: another app of ours has one of them, or a program that is not ours listens.

    """
    wanted = spec.tcp_ports
    if wanted is None:
        return [None] * spec.instances
    owners = {port: other.name for other in others for port in tcp_ports_of(other)}
    if spec.shared_port is not None:
        _check(spec.name, spec.shared_port, owners, probe)
        return [None] * spec.instances
    candidates = range(wanted.first, wanted.last + 1)
    if wanted.auto:
        stay = {
            instance: port
            for instance, port in kept.items()
            if instance < spec.instances and port in candidates and _usable(port, owners, probe)
        }
        free = (
            port
            for port in candidates
            if port not in stay.values() and _usable(port, owners, probe)
        )
        chosen = [
            port
            for instance in range(spec.instances)
            if (port := stay.get(instance) or next(free, None)) is not None
        ]
        if len(chosen) < spec.instances:
            raise TcpPortTaken(
                f"cannot start {spec.name}: {len(chosen)} of the ports {wanted} are free,"
                f" {spec.instances} are needed",
                ports=str(wanted),
            )
        return list(chosen)
    taken = list(candidates)[: spec.instances]
    for port in taken:
        _check(spec.name, port, owners, probe)
    return list(taken)


def tcp_ports_of(process: Process) -> list[int]:
    """List the ports that are reserved for a process: its own, and the one that its app shares."""
    return [port for port in (process.tcp_port, process.spec.shared_port) if port is not None]


def _usable(port: int, owners: Mapping[int, str], probe: FreePorts) -> bool:
    return port not in owners and probe.is_free(port)


def _check(name: str, port: int, owners: Mapping[int, str], probe: FreePorts) -> None:
    if (owner := owners.get(port)) is not None:
        raise TcpPortTaken(
            f"cannot start {name}: port {port} belongs to {owner}", port=port, owner=owner
        )
    if not probe.is_free(port):
        raise TcpPortTaken(
            f"cannot start {name}: another program listens on port {port}", port=port
        )
