"""Transcripts: what is asked and answered over HTTP, written down as a dialogue.

    # A remark.
    > GET /api/status HTTP/1.1
    > X-API-Key: sesame
    < 200
    < content-type: application/json; charset=utf-8
    {"status": "ok"}

Lines with `>` are sent as they stand; a body follows an empty `>` line. `Host`, `Content-Length`
and `Connection: close` are added where they are missing. Lines with `<` are the status, and the
headers that have to be there. What follows is the JSON that has to come; without it, no body.
"""

import asyncio
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pmdaemon.server.http.app import HttpServer
from pmdaemon.server.http.dialect import Endpoint


@dataclass
class Exchange:
    """One request and the answer to it, with the line they begin at."""

    line: int
    request: list[str] = field(default_factory=list)
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""

    @property
    def expected(self) -> Any:
        """The body that has to come, as JSON."""
        return json.loads(self.body) if self.body.strip() else None


@dataclass(frozen=True)
class Answer:
    """What came."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON; None when there is no body."""
        return json.loads(self.body) if self.body else None


def read_transcript(path: Path, substitutes: dict[str, str]) -> list[Exchange]:
    """Read a transcript, with `{name}` replaced where `substitutes` has that name."""
    text = path.read_text(encoding="utf-8")
    for name, value in substitutes.items():
        text = text.replace(f"{{{name}}}", value)
    exchanges: list[Exchange] = []
    answered = True
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#"):
            continue
        if line.startswith(">"):
            if answered:
                exchanges.append(Exchange(number))
                answered = False
            exchanges[-1].request.append(line[2:])
        elif line.startswith("<"):
            head, _, value = line[2:].partition(":")
            if answered:
                exchanges[-1].headers[head.lower()] = value.strip()
            else:
                exchanges[-1].status = int(head)
                answered = True
        elif line:
            exchanges[-1].body += line + "\n"
    return exchanges


async def replay(path: Path, port: int, substitutes: dict[str, str]) -> None:
    """Ask a server what a transcript asks, and compare what it answers."""
    for exchange in read_transcript(path, substitutes):
        answer = await ask(port, exchange.request)

        where = f"{path.name}:{exchange.line} {exchange.request[0]}"
        assert (where, answer.status) == (where, exchange.status), answer.body
        for name, value in exchange.headers.items():
            assert (where, name, answer.headers.get(name)) == (where, name, value)
        assert (where, answer.json) == (where, exchange.expected)


def untold(
    endpoints: Iterable[Endpoint],
    transcripts: Sequence[Path],
    *,
    prefix: str = "",
    also: str = "",
) -> list[tuple[str, str]]:
    """List the endpoints that no transcript asks, each by its method or also by another one."""
    lines = [
        line
        for path in transcripts
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("> ")
    ]

    def is_told(endpoint: Endpoint) -> bool:
        address = re.escape(prefix) + re.sub(r"\\{.*?\\}", "[^/? ]+", re.escape(endpoint.path))
        asked = re.compile(f"> ({endpoint.method}|{also or endpoint.method}) {address}[ ?]")
        return any(map(asked.match, lines))

    return [(one.method, one.path) for one in endpoints if not is_told(one)]


def port_of(server: HttpServer) -> int:
    """Tell where a server listens."""
    return int(server.address.rsplit(":", 1)[1])


async def ask(port: int, request: list[str]) -> Answer:
    """Send a request as it is written, and read what comes until the server hangs up."""
    head, _, body = "\n".join(request).partition("\n\n")
    lines = head.split("\n")
    names = {line.partition(":")[0].lower() for line in lines[1:]}
    extra = {"host": f"localhost:{port}", "connection": "close"}
    if body:
        extra["content-length"] = str(len(body.encode()))
    lines += [f"{name}: {value}" for name, value in extra.items() if name not in names]
    head_bytes = "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")
    return await send(port, head_bytes + body.encode())


async def send(port: int, data: bytes) -> Answer:
    """Send bytes, and read what comes until the server hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        async with asyncio.timeout(60):
            received = await reader.read()
    finally:
        writer.close()
    head, _, body = received.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in rest)}
    return Answer(int(first.split(" ")[1]), headers, body)
