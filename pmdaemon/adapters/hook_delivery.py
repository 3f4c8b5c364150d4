"""Bringing news to hooks: by a command, or by a POST."""

import asyncio

from pmdaemon.adapters.commands import CommandOrder, Commands
from pmdaemon.adapters.http_request import BadAnswer, status_of
from pmdaemon.core.errors import PmdaemonError
from pmdaemon.engine.interfaces import Delivery, HookOrder

TRIED_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses by which a server says that it may well work later."""


class SystemHookDelivery:
    """Delivers for real."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def deliver(self, order: HookOrder) -> Delivery:
        """Try once; whatever goes wrong is the result, and never an exception."""
        if order.url is not None:
            return await _post(order, order.url)
        return await self._run(order)

    async def _run(self, order: HookOrder) -> Delivery:
        outcome = await self._commands.run(
            CommandOrder(
                argv=order.command,
                timeout=order.timeout,
                cwd=order.cwd,
                env=order.env,
                run_as=order.run_as,
                stdin=order.body,
            )
        )
        if outcome.failure is not None:
            return Delivery(ok=False, reason=f"cannot run {outcome.failure}")
        if outcome.exit is None:
            return Delivery(ok=False, reason=f"the command took more than {order.timeout:g} s")
        # A command that failed has done something, and would do it twice.
        return Delivery(ok=outcome.exit.clean, reason=str(outcome.exit))


async def _post(order: HookOrder, url: str) -> Delivery:
    try:
        async with asyncio.timeout(order.timeout):
            status = await status_of(url, method="POST", headers=order.headers, body=order.body)
    except TimeoutError:
        return Delivery(ok=False, reason=f"no answer within {order.timeout:g} s", again=True)
    except PmdaemonError as error:
        return Delivery(ok=False, reason=error.message)
    except (BadAnswer, OSError) as error:
        return Delivery(ok=False, reason=str(error), again=True)
    if 200 <= status < 300:
        return Delivery(ok=True)
    return Delivery(ok=False, reason=f"HTTP status {status}", again=status in TRIED_AGAIN)
