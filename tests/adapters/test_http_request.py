from contextlib import asynccontextmanager

import pytest

from pmdaemon.adapters.http_request import BadAnswer, status_of
from pmdaemon.core.errors import InvalidInput
from tests.support.serving import a_server


@asynccontextmanager
async def answering(answer):
    """Serve one answer to everybody; yield the URL, and what was asked."""
    asked = []

    async def serve(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line.split(b":")[1]) for line in head.split(b"\r\n") if b"Content-Length" in line),
            0,
        )
        asked.append((head.decode(), await reader.readexactly(length)))
        writer.write(answer)

    async with a_server(serve) as port:
        yield f"http://127.0.0.1:{port}", asked


@pytest.mark.parametrize("status", [200, 204, 302, 404, 503])
async def test_the_status_is_told_whatever_it_is(status):
    async with answering(f"HTTP/1.1 {status} Whatever\r\n\r\n".encode()) as (url, asked):
        assert await status_of(f"{url}/health?deep=1") == status

    (head, body) = asked[0]
    assert head.startswith("GET /health?deep=1 HTTP/1.1\r\nHost: 127.0.0.1:")
    assert "Connection: close" in head
    assert body == b""


async def test_a_body_is_sent_with_its_headers():
    async with answering(b"HTTP/1.1 200 OK\r\n\r\n") as (url, asked):
        await status_of(url, method="POST", headers={"X-Name": "a b"}, body=b'{"a":1}')

    head, body = asked[0]
    assert head.startswith("POST / HTTP/1.1\r\n")
    assert "X-Name: a b\r\n" in head
    assert body == b'{"a":1}'


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 abc\r\n", b"x" * 20000])
async def test_what_is_not_http_is_said_to_be_so(answer):
    async with answering(answer) as (url, _):
        with pytest.raises(BadAnswer):
            await status_of(url)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://localhost/",
        "localhost:3000",
        "http://",
        "http://localhost:99999/",
        "http://localhost/a b",
        "http://localhost/\r\nX-Injected: 1",
    ],
)
async def test_what_is_no_usable_url_is_refused(url):
    with pytest.raises((InvalidInput, OSError)):
        await status_of(url)


async def test_a_header_cannot_bring_in_another():
    async with answering(b"HTTP/1.1 200 OK\r\n\r\n") as (url, asked):
        with pytest.raises(InvalidInput):
            await status_of(url, headers={"X-Name": "a\nX-Other: b"})

    assert asked == []


async def test_a_password_in_a_url_is_not_told_to_the_host():
    async with answering(b"HTTP/1.1 200 OK\r\n\r\n") as (url, asked):
        await status_of(url.replace("//", "//user:secret@"))

    assert "secret" not in asked[0][0]
