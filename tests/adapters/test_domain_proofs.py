import asyncio
import socket

import pytest

from pmdaemon.adapters import domain_proofs
from pmdaemon.adapters.domain_proofs import NetworkDomainProver
from tests.support.serving import a_server

PROOF = "pmdaemon-domain=abc"


class Pages:
    """Answers whoever asks over HTTP, and remembers what was asked."""

    def __init__(self):
        self.answer = b"HTTP/1.1 404 Not Found\r\n\r\n"
        self.asked = []

    async def serve(self, reader, writer):
        self.asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self.answer)
        await writer.drain()

    def shows(self, body, head=b"HTTP/1.1 200 OK\r\nContent-Type: text/plain"):
        self.answer = head + b"\r\n\r\n" + body


class Names(asyncio.DatagramProtocol):
    """A name server that has one TXT record, as RFC 1035 has it; None is a name that is not."""

    def __init__(self):
        self.text = None
        self.asked = []

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        end = data.index(b"\0", 12) + 5
        question = data[12:end]
        self.asked.append(question)
        if self.text is None:
            head = data[:2] + b"\x81\x83" + b"\0\1\0\0\0\0\0\0"
            self.transport.sendto(head + question, address)
            return
        head = data[:2] + b"\x81\x80" + b"\0\1\0\1\0\0\0\0"
        text = bytes([len(self.text)]) + self.text
        record = b"\xc0\x0c\0\x10\0\1\0\0\0\x3c" + len(text).to_bytes(2, "big") + text
        self.transport.sendto(head + question + record, address)


@pytest.fixture
async def pages():
    pages = Pages()
    async with a_server(pages.serve) as pages.port:
        yield pages


@pytest.fixture
async def names():
    transport, names = await asyncio.get_running_loop().create_datagram_endpoint(
        Names, local_addr=("127.0.0.1", 0)
    )
    names.port = transport.get_extra_info("sockname")[1]
    yield names
    transport.close()


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    monkeypatch.setattr(domain_proofs, "PATIENCE", 60.0)  # however busy the machine is


@pytest.fixture
def prover(pages, names):
    return NetworkDomainProver(
        nameservers=[("127.0.0.1", names.port)], http_port=pages.port, anywhere=True
    )


async def test_a_page_is_a_proof(prover, pages):
    pages.shows(b"\n" + PROOF.encode() + b"\n")

    assert await prover.shows("localhost", PROOF) is None
    assert pages.asked[0].startswith(b"GET /.well-known/pmdaemon-domain HTTP/1.1\r\n")
    assert b"\r\nHost: localhost\r\n" in pages.asked[0]


async def test_a_page_in_pieces_is_one_too(prover, pages):
    pages.shows(b"14\r\n" + PROOF.encode() + b"\r\n0\r\n\r\n")

    assert await prover.shows("localhost", PROOF) is None


async def test_a_record_is_a_proof(prover, names):
    names.text = PROOF.encode()

    assert await prover.shows("localhost", PROOF) is None
    assert names.asked[0].startswith(b"\x09_pmdaemon\x09localhost\0\0\x10")


async def test_nothing_is_no_proof_and_why_is_told(prover):
    assert await prover.shows("localhost", PROOF) == (
        "it has no such TXT record, and its page says something else"
    )


@pytest.mark.parametrize(
    "body", [b"", PROOF.encode()[:-1], PROOF.encode() + b"d", b"x" + PROOF.encode()]
)
async def test_the_proof_of_another_is_none(prover, pages, names, body):
    pages.shows(body)
    names.text = body

    assert await prover.shows("localhost", PROOF) is not None


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 500 Oops",
        b"HTTP/1.1 302 Found\r\nLocation: http://localhost/",
        b"SSH-2.0-OpenSSH",
        b"",
    ],
)
async def test_what_is_not_the_page_itself_is_no_proof(prover, pages, head):
    pages.shows(PROOF.encode(), head)

    assert await prover.shows("localhost", PROOF) is not None


async def test_an_endless_page_is_given_up(prover, pages):
    pages.shows(b"x" * 1_000_000 + b" " + PROOF.encode())

    assert await prover.shows("localhost", PROOF) is not None


async def test_nobody_is_asked_at_an_address_of_this_machine(pages, names):
    prover = NetworkDomainProver(nameservers=[("127.0.0.1", names.port)], http_port=pages.port)
    pages.shows(PROOF.encode())

    assert await prover.shows("localhost", PROOF) == (
        "it has no such TXT record, and it has no address that we ask"
    )
    assert pages.asked == []


async def test_a_host_where_nobody_answers_proves_nothing(names):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        prover = NetworkDomainProver(
            nameservers=[("127.0.0.1", names.port)],
            http_port=unused.getsockname()[1],
            anywhere=True,
        )

        assert await prover.shows("localhost", PROOF) == (
            "it has no such TXT record, and nobody answers over HTTP"
        )
