import pytest

from pmdaemon.server.gateway.framing import (
    Chunked,
    Length,
    MalformedMessage,
    NoBody,
    UntilClose,
)
from pmdaemon.server.gateway.heads import (
    NotSupported,
    read_request,
    read_response,
    request_bytes,
    response_bytes,
)


def request(*lines, first="GET / HTTP/1.1", host="Host: shop.test"):
    return read_request("\r\n".join([first, *([host] if host else []), *lines, "", ""]).encode())


def response(*lines, first="HTTP/1.1 200 OK"):
    return read_response("\r\n".join([first, *lines, "", ""]).encode())


def sent(head, forwarded=None, *, trusted=False):
    """What a service gets, by name."""
    text = request_bytes(head, head.target, forwarded or {}, trusted=trusted).decode()
    return [line for line in text.split("\r\n")[1:] if line]


def test_a_request_is_read_as_it_stands():
    head = request("X-A: b", first="POST /a?b=c HTTP/1.1")

    assert (head.method, head.target, head.path) == (b"POST", b"/a?b=c", b"/a")
    assert (head.version, head.host, head.keep_alive) == ("1.1", b"shop.test", True)
    assert head.found[b"x-a"] == [b"b"]


@pytest.mark.parametrize(
    ("lines", "first", "kind"),
    [
        ([], "GET / HTTP/1.1", NoBody),
        (["Content-Length: 5"], "POST / HTTP/1.1", Length),
        (["Transfer-Encoding: chunked"], "POST / HTTP/1.1", Chunked),
        (["Transfer-Encoding: Chunked"], "POST / HTTP/1.1", Chunked),
    ],
)
def test_a_request_says_where_its_body_ends(lines, first, kind):
    assert isinstance(request(*lines, first=first).framing(), kind)


@pytest.mark.parametrize(
    "lines",
    [
        ["Content-Length: 5", "Transfer-Encoding: chunked"],
        ["Content-Length: 5", "Content-Length: 5"],
        ["Content-Length: 5, 5"],
        ["Content-Length: +5"],
        ["Content-Length: -5"],
        ["Content-Length: 0x5"],
        ["Content-Length : 5"],
        ["Transfer-Encoding : chunked"],
        ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
        ["Transfer-Encoding: chunked, identity"],
        ["Transfer-Encoding:\x0bchunked"],
        ["Host: other.test"],
        ["X: y\n folded"],
        ["X\x00: y"],
        ["X: y\x00z"],
        ["X y: z"],
        [": empty"],
    ],
)
def test_what_others_may_read_differently_is_refused(lines):
    with pytest.raises((MalformedMessage, NotSupported)):
        request(*lines, first="POST / HTTP/1.1").framing()


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\n\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
        b"GET / HTTP/0.9\r\nHost: a\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
        b"G\xc3\xa9T / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"\x16\x03\x01\x02\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused(head):
    with pytest.raises((MalformedMessage, NotSupported)):
        read_request(head).framing()


def test_an_upgrade_is_known():
    asked = request("Upgrade: websocket", "Connection: keep-alive, Upgrade")

    assert asked.upgrade == b"websocket"
    assert request("Upgrade: websocket").upgrade is None
    assert {"connection: upgrade", "upgrade: websocket"} <= set(sent(asked))


def test_headers_of_one_connection_stay_on_it():
    head = request("Connection: close, X-Mine", "X-Mine: 1", "Keep-Alive: 5", "X-Other: 2")

    assert sent(head) == ["Host: shop.test", "X-Other: 2"]


def test_an_answer_keeps_its_length_whatever_it_is_called():
    head = response("Connection: content-length, X-Mine", "Content-Length: 5", "X-Mine: 1")

    said = response_bytes(head, (), chunked=False)

    assert said == b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"


@pytest.mark.parametrize("name", ["X-Forwarded-For", "x_forwarded_for", "X-Real-IP", "Forwarded"])
def test_who_is_not_trusted_does_not_say_from_where_it_comes(name):
    head = request(f"{name}: 6.6.6.6")

    assert sent(head, {b"x-forwarded-for": b"1.2.3.4"}) == [
        "Host: shop.test",
        "x-forwarded-for: 1.2.3.4",
    ]


def test_who_is_trusted_may():
    head = request("X-Real-IP: 6.6.6.6", "X-Forwarded-For: 6.6.6.6")

    told = sent(head, {b"x-forwarded-for": b"6.6.6.6, 1.2.3.4"}, trusted=True)

    assert told == ["Host: shop.test", "X-Real-IP: 6.6.6.6", "x-forwarded-for: 6.6.6.6, 1.2.3.4"]


@pytest.mark.parametrize(
    ("status", "lines", "method", "kind"),
    [
        ("200 OK", ["Content-Length: 5"], b"GET", Length),
        ("200 OK", ["Content-Length: 5"], b"HEAD", NoBody),
        ("204 No Content", [], b"GET", NoBody),
        ("304 Not Modified", ["Content-Length: 5"], b"GET", NoBody),
        ("200 OK", ["Transfer-Encoding: chunked"], b"GET", Chunked),
        ("200 OK", [], b"GET", UntilClose),
        ("100 Continue", [], b"POST", NoBody),
    ],
)
def test_a_response_says_where_its_body_ends(status, lines, method, kind):
    head = response(*lines, first=f"HTTP/1.1 {status}")

    assert isinstance(head.framing(method), kind)


@pytest.mark.parametrize(
    "head",
    [
        b"220 mail.test ESMTP\r\n\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 000 Odd\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 099 Odd\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"<html>\r\n\r\n",
    ],
)
def test_what_is_no_response_is_refused(head):
    with pytest.raises(MalformedMessage):
        read_response(head)


def test_a_response_loses_what_was_between_the_neighbours():
    head = response("Connection: keep-alive", "Keep-Alive: timeout=5", "X-A: b", "Set-Cookie: a")

    written = response_bytes(head, [(b"connection", b"close")], chunked=True)

    assert written == (
        b"HTTP/1.1 200 OK\r\nX-A: b\r\nSet-Cookie: a\r\n"
        b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    )
