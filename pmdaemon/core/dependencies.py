"""Whether what an app depends on is there."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from pmdaemon.core.health import Health, HealthStatus
from pmdaemon.core.process import (
    Errored,
    Exited,
    Online,
    Process,
    Stopped,
    Wish,
)
from pmdaemon.core.spec import Dependency


class Standing(StrEnum):
    """How a dependency stands; FAILED when it will not be met unless somebody does something."""

    MET = "met"
    PENDING = "pending"
    FAILED = "failed"


def standing(
    needed: Dependency, processes: Sequence[Process], health_of: Mapping[int, Health]
) -> Standing:
    """Say how a dependency stands, given all processes of the app that it names.

    An app is there when all of its instances are. One that has a health check is ready when that
    succeeds; one that is not checked, when it is online.
    """
    each = [_one(needed, process, health_of) for process in processes]
    if not each or Standing.FAILED in each:
        return Standing.FAILED
    return Standing.PENDING if Standing.PENDING in each else Standing.MET


def why_not(needed: Dependency, processes: Sequence[Process]) -> str:
    """Word what is wanted of a dependency, and what is so instead."""
    if not processes:
        return f"{needed.name}, which does not exist"
    wanted = needed.condition
    for process in processes:
        match process.state:
            case Errored(reason):
                return f"{needed.name} to be {wanted}, which was given up: {reason}"
            case Exited() if needed.condition != "completed" or not _has_succeeded(process):
                return f"{needed.name} to be {wanted}, which ended with {process.last_exit}"
            case Stopped() if process.wish is Wish.BLOCKED:
                return f"{needed.name} to be {wanted}, which is blocked"
            case Stopped() if process.wish is not Wish.UP:
                return f"{needed.name} to be {wanted}, which is stopped"
            case Online() if process.spec.health is not None:
                return f"{needed.name} to be {wanted}, which is not healthy"
            case _:
                continue
    return f"{needed.name} to be {wanted}, which is {processes[0].state.kind}"


def _one(needed: Dependency, process: Process, health_of: Mapping[int, Health]) -> Standing:
    match process.state:
        case Errored():
            return Standing.FAILED
        case Exited() if needed.condition == "completed" and _has_succeeded(process):
            return Standing.MET
        case Exited():
            return Standing.FAILED
        case Stopped():
            return Standing.PENDING if process.wish is Wish.UP else Standing.FAILED
        case Online() if needed.condition == "started":
            return Standing.MET
        case Online() if needed.condition == "ready":
            return _readiness(process, health_of)
        case _:
            return Standing.PENDING


def _readiness(process: Process, health_of: Mapping[int, Health]) -> Standing:
    if process.spec.health is None:
        return Standing.MET
    match health_of.get(process.pm_id, Health()).status:
        case HealthStatus.HEALTHY:
            return Standing.MET
        case HealthStatus.UNHEALTHY:
            return Standing.FAILED
        case HealthStatus.STARTING:
            return Standing.PENDING


def _has_succeeded(process: Process) -> bool:
    return process.last_exit is not None and process.last_exit.clean
