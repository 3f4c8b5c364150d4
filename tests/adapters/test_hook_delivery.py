import os

import pytest

from pmdaemon.adapters.commands import Commands
from pmdaemon.adapters.hook_delivery import SystemHookDelivery
from pmdaemon.adapters.platforms import process_handles, process_reader
from pmdaemon.engine.interfaces import HookOrder
from tests.support.serving import a_server

pytestmark = pytest.mark.posix


@pytest.fixture
async def delivery():
    reader = process_reader()
    handles = process_handles(reader)
    yield SystemHookDelivery(Commands(reader, handles))
    handles.close()


def command(text, **changes):
    order = {
        "command": ("/bin/sh", "-c", text),
        "body": b'{"event":"crash"}',
        "env": {"PATH": os.defpath, "PMDAEMON_EVENT": "crash"},
        "timeout": 60.0,
    }
    return HookOrder(**(order | changes))


async def posted(delivery, answer, timeout=60.0):
    asked = []

    async def serve(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append((head.decode(), await reader.readexactly(17)))
        if answer is None:
            await reader.read()
        writer.write(answer or b"")

    async with a_server(serve) as port:
        order = HookOrder(
            url=f"http://127.0.0.1:{port}/hook",
            headers={"X-PMDaemon-Event": "crash"},
            body=b'{"event":"crash"}',
            timeout=timeout,
        )
        return await delivery.deliver(order), asked


async def test_a_command_gets_the_news_as_input_and_as_variables(delivery, tmp_path):
    file = tmp_path / "said"

    result = await delivery.deliver(command(f'echo "$PMDAEMON_EVENT $(cat)" > {file}'))

    assert result.ok
    assert file.read_text() == 'crash {"event":"crash"}\n'


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (command("exit 3"), "exit code 3"),
        (command("sleep 1000", timeout=0.2), "the command took more than 0.2 s"),
        (command("", command=("/no/such",)), "cannot run /no/such: no such file or directory"),
    ],
)
async def test_a_command_that_fails_is_not_run_again(delivery, order, reason):
    result = await delivery.deliver(order)

    assert (result.ok, result.reason, result.again) == (False, reason, False)


async def test_news_are_posted_with_their_headers(delivery):
    result, asked = await posted(delivery, b"HTTP/1.1 204 No Content\r\n\r\n")

    head, body = asked[0]
    assert result.ok
    assert head.startswith("POST /hook HTTP/1.1\r\n")
    assert "X-PMDaemon-Event: crash\r\n" in head
    assert body == b'{"event":"crash"}'


@pytest.mark.parametrize(
    ("status", "again"), [(503, True), (429, True), (404, False), (302, False), (401, False)]
)
async def test_a_status_tells_whether_it_may_work_later(delivery, status, again):
    result, _ = await posted(delivery, f"HTTP/1.1 {status} Whatever\r\n\r\n".encode())

    assert (result.ok, result.reason, result.again) == (False, f"HTTP status {status}", again)


async def test_one_that_does_not_answer_is_tried_again(delivery):
    result, _ = await posted(delivery, None, timeout=0.2)

    assert (result.reason, result.again) == ("no answer within 0.2 s", True)


async def test_nobody_there_is_tried_again(delivery, unused_tcp_port):
    order = HookOrder(url=f"http://127.0.0.1:{unused_tcp_port}/", body=b"{}", timeout=60.0)

    result = await delivery.deliver(order)

    assert (result.ok, result.again) == (False, True)


def test_an_order_shows_nothing_of_itself():
    assert "secret" not in repr(HookOrder(url="http://x/secret", body=b"secret", timeout=1.0))
