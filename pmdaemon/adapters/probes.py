"""Asking a program how it is: over HTTP, by connecting to it, or by a command."""

import asyncio
from contextlib import suppress

from pmdaemon.adapters.commands import CommandOrder, Commands
from pmdaemon.adapters.http_request import BadAnswer, status_of
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.health import ProbeResult
from pmdaemon.core.wording import why
from pmdaemon.engine.interfaces import Clock, ProbeOrder

LONGEST_DETAIL = 200
"""Characters of what a failed command said that are passed on."""


class SystemProber:
    """Probes for real."""

    def __init__(self, clock: Clock, commands: Commands) -> None:
        self._clock = clock
        self._commands = commands

    async def probe(self, order: ProbeOrder) -> ProbeResult:
        """Ask once; whatever goes wrong is the result, and never an exception."""
        began = self._clock.now().monotonic
        try:
            # A command's deadline is kept by who runs it, and can kill it.
            async with asyncio.timeout(None if order.kind == "command" else order.timeout):
                ok, detail = await self._ask(order)
        except TimeoutError:
            ok, detail = False, f"no answer within {order.timeout:g} s"
        except BadAnswer as error:
            ok, detail = False, str(error)
        except PmdaemonError as error:
            ok, detail = False, error.message
        except OSError as error:
            ok, detail = False, _words(error)
        return ProbeResult(ok, detail, self._clock.now().monotonic - began)

    async def _ask(self, order: ProbeOrder) -> tuple[bool, str]:
        match order.kind:
            case "http":
                status = await status_of(order.target)
                return 200 <= status < 400, f"HTTP status {status}"
            case "tcp":
                return await _connect(order.target)
            case "command":
                return await self._run(order)

    async def _run(self, order: ProbeOrder) -> tuple[bool, str]:
        outcome = await self._commands.run(
            CommandOrder(
                argv=("/bin/sh", "-c", order.target),
                timeout=order.timeout,
                cwd=order.cwd,
                env=order.env,
                run_as=order.run_as,
            )
        )
        if outcome.failure is not None:
            return False, f"cannot run {outcome.failure}"
        if outcome.exit is None:
            return False, f"no answer within {order.timeout:g} s"
        lines = outcome.output.decode(errors="replace").split("\n")
        said = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return outcome.exit.clean, f"{outcome.exit}{f': {said[:LONGEST_DETAIL]}' if said else ''}"


async def _connect(target: str) -> tuple[bool, str]:
    host, _, port = target.rpartition(":")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        return False, f"not host:port: {target}"
    host = host.removeprefix("[").removesuffix("]")
    _, writer = await asyncio.open_connection(host or "localhost", int(port))
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True, "connected"


def _words(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError) or "Multiple exceptions" in str(error):
        return "connection refused"
    return why(error)
