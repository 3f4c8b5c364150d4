from pmdaemon.core.request_records import Body, RequestFilter, masked_headers
from pmdaemon.engine.interfaces import GatewaySettings
from pmdaemon.server.gateway import recording
from pmdaemon.server.gateway.recording import dechunked
from tests.support.gateway import a_gateway, an_upstream, answer, raw

CAPTURING = GatewaySettings(host="127.0.0.1", http_port=0, capture=4)

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"


def records(gateway):
    found, _, _ = gateway.log.list(RequestFilter(), limit=100)
    return found


async def test_a_request_is_recorded_with_its_answer():
    async with a_gateway() as gateway, an_upstream(answer(b"hello", b"Set-Cookie: a")) as upstream:
        gateway.leads_to(upstream)
        await gateway.get(b"/a?b=c", b"Cookie: secret")

        (record,) = records(gateway)
        assert (record.method, record.url, record.host) == ("GET", "/a?b=c", "app.localhost")
        assert (record.service, record.subdomain) == ("app", "app")
        assert (record.status, record.sent) == (200, 5)
        assert record.target == f"127.0.0.1:{upstream.port}"
        assert not record.in_flight
        assert not record.aborted
        assert ("Cookie", "********") in masked_headers(record.raw_request_headers)
        assert ("Set-Cookie", "********") in masked_headers(record.raw_response_headers)
        assert record.request_body is None


async def test_a_request_that_nobody_answers_for_is_recorded_too():
    async with a_gateway() as gateway:
        await gateway.get(host=b"foreign.test")

        (record,) = records(gateway)
        assert (record.status, record.service, record.subdomain) == (404, "", "")


async def test_an_answer_that_breaks_off_is_marked():
    async with (
        a_gateway() as gateway,
        an_upstream(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")) as upstream,
    ):
        gateway.leads_to(upstream)
        await gateway.get()

        (record,) = records(gateway)
        assert record.aborted


async def test_the_beginnings_of_bodies_are_kept_where_that_is_wanted():
    async with a_gateway(settings=CAPTURING) as gateway, an_upstream(answer(b"hello")) as upstream:
        gateway.leads_to(upstream)
        await gateway.ask(
            b"POST / HTTP/1.1\r\nHost: app.localhost\r\nConnection: close\r\n"
            b"Content-Length: 3\r\n\r\nabc"
        )

        (record,) = records(gateway)
        assert record.request_body == Body(b"abc", 3)
        assert record.response_body == Body(b"hell", 5)


async def test_bodies_are_kept_without_their_chunks():
    settings = GatewaySettings(host="127.0.0.1", http_port=0, capture=1000)
    async with a_gateway(settings=settings) as gateway, an_upstream(raw(CHUNKED)) as upstream:
        gateway.leads_to(upstream)
        await gateway.get()

        (record,) = records(gateway)
        assert record.response_body == Body(b"abc", 3)


def test_chunks_that_were_cut_give_what_was_kept():
    assert dechunked(Body(b"5\r\nab", 10)) == Body(b"ab", 10)


async def test_all_bodies_together_are_bounded(monkeypatch):
    monkeypatch.setattr(recording, "MOST_BODIES", 10)
    async with a_gateway(settings=CAPTURING) as gateway, an_upstream(answer(b"hello")) as upstream:
        gateway.leads_to(upstream)
        for _ in range(4):
            await gateway.get()

        kept = [one.response_body is not None for one in records(gateway)]
        assert kept == [True, True, False, False]
