"""Telling others what happens."""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from pmdaemon.core.spec import RunAs


class HookOrder(Struct, frozen=True, kw_only=True):
    """News for a command, which gets `body` as its input, or for a URL, as a POST.

    The command has `cwd`, `env` and the rights of `run_as`. `timeout` is in seconds.
    """

    command: tuple[str, ...] = ()
    url: str | None = None
    headers: Mapping[str, str] = {}
    body: bytes
    cwd: str = "/"
    env: Mapping[str, str] = {}
    run_as: RunAs = RunAs()
    timeout: float

    def __repr__(self) -> str:
        return "HookOrder(<hidden>)"


class Delivery(Struct, frozen=True):
    """Whether news arrived; if not, why, and whether trying `again` may help."""

    ok: bool
    reason: str = ""
    again: bool = False


class HookDelivery(Protocol):
    """Brings news to hooks."""

    async def deliver(self, order: HookOrder) -> Delivery:
        """Try once; whatever goes wrong is the result, and never an exception."""
