"""The daemon itself, and its machine."""

from typing import NotRequired, TypedDict

from pmdaemon.control.messages.processes import ProcessesResult


class PingResult(TypedDict):
    """The result of `ping`."""

    pid: int
    version: str
    home: str


class KillResult(ProcessesResult):
    """The result of `kill`: what was stopped, and the pids that are about to end."""

    pid: int
    keeper: NotRequired[int]


class UpdateResult(TypedDict):
    """The result of `update`: who makes way."""

    pid: int
    version: str


class UsageView(TypedDict):
    """How much of something there is, in bytes, and how much is in use."""

    total: int
    used: int
    free: int


class HostResult(TypedDict):
    """The result of `host`: `uptime` in seconds, `cpu` in percent of all cores."""

    hostname: str
    platform: str
    arch: str
    uptime: float
    cores: int
    cpu: float
    load_average: tuple[float, float, float]
    memory: UsageView
    disk: UsageView
