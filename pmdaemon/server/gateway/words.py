"""What clients are told by the gateway itself, where no service answers."""

import html
import ipaddress
import json
from collections.abc import Callable, Sequence

from pmdaemon.server.gateway.exchanges import Exchange
from pmdaemon.server.gateway.forwarding import Unanswered
from pmdaemon.server.gateway.heads import FORWARDED

PAGE = """\
<!doctype html>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{status} {reason}</title>
<style>
  body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 12vh auto; padding: 0 1rem }}
  h1 {{ font-size: 1.3rem }} pre {{ overflow-x: auto; padding: 1rem; background: #8882 }}
</style>
<h1>{status} {reason}</h1>
<p>{message}.</p>
{more}"""  # noqa: E501 - of a page

LogTail = Callable[[str], Sequence[str]]
"""Returns the last lines that the app of a service has written."""


class Wording:
    """Words refusals as the client likes them: a page, JSON, or text.

    The last lines of an app's log are for whoever sits at this machine, and for nobody else.
    """

    def __init__(self, log_tail: LogTail) -> None:
        self._log_tail = log_tail

    def __call__(self, exchange: Exchange, why: Unanswered) -> tuple[bytes, bytes]:
        """Return the content type and the body."""
        lines = self._log_tail(why.service) if why.service and _is_here(exchange) else ()
        accepted = b",".join(exchange.request.found.get(b"accept", ()))
        if b"text/html" in accepted:
            return b"text/html; charset=utf-8", _page(why, lines)
        if b"application/json" in accepted:
            said = {"error": why.message, "status": why.status}
            more = {"last_lines": list(lines)} if lines else {}
            return b"application/json", json.dumps({**said, **more}).encode() + b"\n"
        text = "\n".join([why.message, *(f"  {line}" for line in lines), ""])
        return b"text/plain; charset=utf-8", text.encode(errors="replace")


def _page(why: Unanswered, lines: Sequence[str]) -> bytes:
    text = html.escape("\n".join(lines))
    more = f"<p>The last it wrote to stderr:</p>\n<pre>{text}</pre>\n" if lines else ""
    page = PAGE.format(
        status=why.status, reason=why.reason.decode(), message=html.escape(why.message), more=more
    )
    return page.encode(errors="replace")


def _is_here(exchange: Exchange) -> bool:
    """Tell whether the client is on this machine, and asks for nobody else."""
    try:
        loopback = ipaddress.ip_address(exchange.client.peer).is_loopback
    except ValueError:
        return False
    relayed = {*FORWARDED, b"via"}
    return loopback and relayed.isdisjoint(exchange.request.found)
