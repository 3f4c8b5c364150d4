import asyncio

import pytest

from pmdaemon.core.routing import Mode, Route, Target
from pmdaemon.engine.interfaces import GatewaySettings
from tests.support.gateway import a_gateway, an_upstream, answer, body_of, raw, status_of
from tests.support.waiting import eventually


async def dead_target():
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return Target("127.0.0.1", port)


async def test_a_request_gets_the_answer_of_its_service():
    async with a_gateway() as gateway, an_upstream(answer(b"hello")) as upstream:
        gateway.leads_to(upstream)

        said = await gateway.get(b"/a?b=c")

        assert (status_of(said), body_of(said)) == (200, b"hello")
        assert upstream.heads[0].startswith(b"GET /a?b=c HTTP/1.1\r\nHost: app.localhost\r\n")


@pytest.mark.parametrize(
    "host", [b"APP.localhost", b"app.localhost.", b"app.localhost:9680", b"App.LocalHost.:80"]
)
async def test_a_host_is_known_however_it_is_written(host):
    async with a_gateway() as gateway, an_upstream(answer(b"hello")) as upstream:
        gateway.leads_to(upstream)

        assert status_of(await gateway.get(host=host)) == 200


@pytest.mark.parametrize(
    "host", ["bücher.localhost", "BÜCHER.localhost.:80", "xn--bcher-kva.localhost"]
)
async def test_a_host_is_known_in_whatever_script_it_is_written(host):
    async with a_gateway() as gateway, an_upstream(answer(b"hello")) as upstream:
        gateway.leads_to(upstream, routes=(Route("xn--bcher-kva.localhost", "app"),))

        assert status_of(await gateway.get(host=host.encode())) == 200


async def test_a_host_that_is_no_text_is_told_as_far_as_it_is():
    async with a_gateway() as gateway:
        said = await gateway.get(host=b"\xff.localhost")

        assert status_of(said) == 404
        assert body_of(said).decode() == "nothing answers for \ufffd.localhost\n"


@pytest.mark.parametrize("host", [b"other.localhost", b"localhost", b"a b", b"..", b"[::1]", b""])
async def test_a_host_that_nobody_answers_for_is_not_found(host):
    async with a_gateway() as gateway, an_upstream(answer(b"hello")) as upstream:
        gateway.leads_to(upstream)

        said = await gateway.get(host=host)

        assert status_of(said) in {400, 404}
        assert not upstream.heads


async def test_a_whole_url_says_which_host_is_meant():
    async with a_gateway() as gateway, an_upstream(answer(b"hello")) as upstream:
        gateway.leads_to(upstream)

        said = await gateway.ask(
            b"GET http://app.localhost/x HTTP/1.1\r\nHost: app.localhost\r\n"
            b"Connection: close\r\n\r\n"
        )

        assert status_of(said) == 200
        assert upstream.heads[0].startswith(b"GET /x ")


async def test_a_whole_url_that_contradicts_the_host_is_refused():
    async with a_gateway() as gateway, an_upstream(answer(b"hello")) as upstream:
        gateway.leads_to(upstream)

        said = await gateway.ask(b"GET http://app.localhost/ HTTP/1.1\r\nHost: b.localhost\r\n\r\n")

        assert status_of(said) == 400


async def test_a_service_that_is_not_to_see_its_path_does_not():
    async with a_gateway() as gateway, an_upstream(answer(b"hello")) as upstream:
        gateway.leads_to(upstream, routes=(Route("app.localhost", "app", "/shop", strip=True),))

        for path in (b"/shop", b"/shop/", b"/shop/a", b"/shop?x=1"):
            await gateway.get(path)

        asked = [head.split(b" ")[1] for head in upstream.heads]
        assert asked == [b"/", b"/", b"/a", b"/?x=1"]


async def test_it_says_for_whom_it_asks_and_believes_nobody_about_that():
    async with a_gateway() as gateway, an_upstream(answer(b"hello")) as upstream:
        gateway.leads_to(upstream)

        lies = (b"X-Forwarded-For: 1.2.3.4", b"X_Forwarded_For: 1.2.3.4", b"Forwarded: for=1.2.3.4")
        await gateway.get(b"/", *lies, b"X-Real-IP: 1.2.3.4", b"X-Forwarded-Proto: https")

        head = upstream.heads[0].lower()
        assert b"1.2.3.4" not in head
        assert b"x-forwarded-for: 127.0.0.1\r\n" in head
        assert b"x-forwarded-proto: http\r\n" in head
        assert b"x-forwarded-host: app.localhost\r\n" in head
        assert b"x-forwarded-port: %d\r\n" % gateway.port in head
        assert b"forwarded: for=127.0.0.1;host=app.localhost;proto=http\r\n" in head


async def test_who_is_trusted_is_believed():
    settings = GatewaySettings(host="127.0.0.1", http_port=0, trusted_proxies=("127.0.0.0/8",))
    async with a_gateway(settings=settings) as gateway, an_upstream(answer(b"x")) as upstream:
        gateway.leads_to(upstream)

        await gateway.get(b"/", b"X-Forwarded-For: 1.2.3.4", b"X-Forwarded-Proto: https")

        head = upstream.heads[0].lower()
        assert b"x-forwarded-for: 1.2.3.4, 127.0.0.1\r\n" in head
        assert b"\r\nforwarded: for=1.2.3.4;proto=https, for=127.0.0.1;" in head
        assert b"x-forwarded-proto: https\r\n" in head


async def test_headers_of_one_connection_go_no_further():
    async with a_gateway() as gateway, an_upstream(answer(b"hello")) as upstream:
        gateway.leads_to(upstream)

        await gateway.ask(
            b"GET / HTTP/1.1\r\nHost: app.localhost\r\nConnection: close, X-Secret\r\n"
            b"X-Secret: 1\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\n\r\n"
        )

        head = upstream.heads[0].lower()
        assert not any(name in head for name in (b"x-secret", b"keep-alive", b"proxy-connection"))


async def test_a_target_that_takes_no_connection_is_passed_over():
    async with a_gateway() as gateway, an_upstream(answer(b"hello")) as upstream:
        gateway.leads_to(await dead_target(), upstream)

        said = [await gateway.ask(post(b"abc")) for _ in range(4)]

        assert [status_of(one) for one in said] == [200] * 4


async def test_without_any_target_that_answers_it_says_so():
    async with a_gateway() as gateway:
        target = await dead_target()
        gateway.leads_to(target)

        said = await gateway.get()

        assert status_of(said) == 502
        assert body_of(said).decode() == (
            f"app does not answer at 127.0.0.1:{target.tcp_port}: connection refused\n"
        )


def post(body, *headers):
    lines = [b"POST / HTTP/1.1", b"Host: app.localhost", b"Connection: close"]
    lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join([*lines, *headers, b"", body])


async def test_what_may_have_reached_a_target_is_not_sent_to_another():
    async with (
        a_gateway() as gateway,
        an_upstream(raw(b"")) as hangs_up,
        an_upstream(answer(b"hello")) as other,
    ):
        gateway.leads_to(hangs_up, other)

        statuses = [status_of(await gateway.ask(post(b"abc"))) for _ in range(2)]

        assert sorted(statuses) == [200, 502]
        assert len(other.heads) == 1


async def test_what_is_harmless_twice_is_sent_to_another():
    async with (
        a_gateway() as gateway,
        an_upstream(raw(b"")) as hangs_up,
        an_upstream(answer(b"hello")) as other,
    ):
        gateway.leads_to(hangs_up, other)

        assert [status_of(await gateway.get()) for _ in range(2)] == [200, 200]


async def test_a_kept_connection_that_was_closed_meanwhile_costs_nothing():
    async def one_answer_a_connection(reader, writer):
        await answer(b"hello", times=1)(reader, writer)
        await reader.head()  # and hangs up, though it said nothing of that

    async with a_gateway() as gateway, an_upstream(one_answer_a_connection) as upstream:
        gateway.leads_to(upstream)

        assert [status_of(await gateway.get()) for _ in range(3)] == [200] * 3
        assert upstream.connections == 3


async def test_a_request_waits_for_a_target_that_is_coming():
    async with a_gateway() as gateway, an_upstream(answer(b"hello")) as upstream:
        gateway.leads_to(coming=True)
        asked = asyncio.ensure_future(gateway.get())
        await eventually(lambda: gateway.log.latest)

        gateway.leads_to(upstream)

        assert status_of(await asked) == 200


async def test_requests_to_a_paused_service_are_held_until_it_goes_on():
    async with a_gateway() as gateway, an_upstream(answer(b"hello")) as upstream:
        gateway.leads_to(upstream, mode=Mode.PAUSED)
        asked = [asyncio.ensure_future(gateway.get()) for _ in range(3)]
        await eventually(lambda: gateway.log.latest == 3)
        assert not upstream.heads

        gateway.leads_to(upstream)

        assert [status_of(await one) for one in asked] == [200] * 3


async def test_a_service_that_is_worked_on_says_so_at_once():
    async with a_gateway() as gateway, an_upstream(answer(b"hello")) as upstream:
        gateway.leads_to(upstream, mode=Mode.MAINTENANCE)

        said = await gateway.get()

        assert status_of(said) == 503
        assert b"retry-after: 5" in said
        assert body_of(said) == b"app is being worked on\n"


async def test_a_service_without_targets_is_not_running():
    async with a_gateway() as gateway:
        gateway.leads_to()

        said = await gateway.get()

        assert (status_of(said), body_of(said)) == (503, b"app is not running\n")


async def test_a_client_that_goes_while_it_is_held_is_forgotten():
    async with a_gateway() as gateway, an_upstream(answer(b"hello")) as upstream:
        gateway.leads_to(coming=True)
        async with gateway.connected() as (_, writer):
            writer.write(b"GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n")
            await eventually(lambda: gateway.log.latest)
        (record,), _ = gateway.log.since(0)
        await eventually(lambda: not record.in_flight)

        gateway.leads_to(upstream)

        assert record.aborted
        assert not upstream.heads


async def test_a_swap_leaves_what_is_on_its_way_alone_and_sends_on_what_comes():
    release = asyncio.Event()

    async def slow(reader, writer):
        await reader.head()
        await release.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold")

    async with (
        a_gateway() as gateway,
        an_upstream(slow) as old,
        an_upstream(answer(b"new")) as new,
    ):
        gateway.leads_to(old)
        asked = asyncio.ensure_future(gateway.get())
        await eventually(lambda: old.heads)

        gateway.leads_to(new)
        drained = asyncio.ensure_future(gateway.server.drained("app", old.target, within=60.0))
        assert body_of(await gateway.get()) == b"new"
        assert not drained.done()
        release.set()

        assert body_of(await asked) == b"old"
        assert await drained


async def test_what_does_not_end_in_time_is_not_drained():
    async def never(reader, writer):
        await reader.head()
        await asyncio.Event().wait()

    async with a_gateway() as gateway, an_upstream(never) as upstream:
        gateway.leads_to(upstream)
        asked = asyncio.ensure_future(gateway.get())
        await eventually(lambda: upstream.heads)

        assert not await gateway.server.drained("app", upstream.target, within=0.01)
        asked.cancel()


async def test_swaps_under_load_fail_no_request():
    async with (
        a_gateway() as gateway,
        an_upstream(answer(b"a")) as a,
        an_upstream(answer(b"b")) as b,
    ):
        gateway.leads_to(a)
        statuses = []

        async def ask_on():
            statuses.extend([status_of(await gateway.get()) for _ in range(60)])

        asking = [asyncio.ensure_future(ask_on()) for _ in range(4)]
        turns = 0
        while not all(one.done() for one in asking):
            turns += 1
            gateway.leads_to((a, b)[turns // 5 % 2])
            await asyncio.sleep(0)

        assert set(statuses) == {200}
        assert a.heads
        assert b.heads
