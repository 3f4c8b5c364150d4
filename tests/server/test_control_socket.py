import asyncio
import os
import resource
import socket
import stat
import sys
from asyncio import constants
from contextlib import suppress

import pytest

from pmdaemon.control.messages import MAX_MESSAGE
from pmdaemon.core.errors import InvalidInput
from tests.support.control import HELLO, listening
from tests.support.limits import limited, no_descriptor_free
from tests.support.waiting import eventually

ECHO = {"verb": "echo", "body": {"a": 1}}


class Verbs:
    """Verbs that do what a test needs."""

    def __init__(self):
        self.asked = []
        self.ended = []
        self.go_on = asyncio.Event()

    async def echo(self, body, _):
        self.asked.append(body)
        return body

    async def refuse(self, _body, _):
        raise InvalidInput("cannot do it", name="web")

    async def fail(self, _body, _):
        raise ZeroDivisionError("by nothing")

    async def tell(self, _body, conversation):
        await conversation.send({"progress": "half way"})
        return {}

    async def wait(self, _body, _):
        await self.go_on.wait()
        self.ended.append("wait")
        return {}

    async def stream(self, _body, conversation):
        await conversation.send({"item": {}})
        try:
            await conversation.closed()
        finally:
            self.ended.append("stream")
        return {}

    async def flood(self, _body, conversation):
        try:
            while True:
                await conversation.send({"item": {"filling": "x" * 65536}})
        finally:
            self.ended.append("flood")

    def table(self):
        names = ("echo", "refuse", "fail", "tell", "wait", "stream", "flood")
        return {name: getattr(self, name) for name in names}


@pytest.fixture
def verbs():
    return Verbs()


@pytest.fixture
async def channel(tmp_path, verbs):
    async with listening(tmp_path, verbs.table()) as channel:
        yield channel


@pytest.fixture
async def client(channel):
    return await channel.client()


async def refusal(client):
    reply = await client.receive()
    assert reply is not None
    assert list(reply) == ["error"]
    assert await client.receive() is None
    return reply["error"]


async def works(channel):
    client = await channel.client()
    return await client.answer("echo", {"b": 2}) == {"result": {"b": 2}}


async def test_a_hello_is_welcomed_and_a_request_answered(client):
    await client.send(HELLO)
    welcome = await client.receive()
    await client.send(ECHO)

    assert (welcome["pmdaemon"], welcome["pid"]) == (1, os.getpid())
    assert await client.receive() == {"result": {"a": 1}}
    assert await client.receive() is None


@pytest.mark.parametrize("value", ["/srv/\udcff", "größe", 2**70, -(2**70), [1.5, None, True]])
async def test_whatever_is_said_comes_through(client, value):
    await client.send(HELLO, {"verb": "echo", "body": {"a": value}})
    assert "pid" in await client.receive()

    assert await client.receive() == {"result": {"a": value}}


async def test_both_lines_may_come_at_once_or_byte_by_byte(channel):
    at_once, slowly = await channel.client(), await channel.client()

    await at_once.send(HELLO, ECHO)
    for byte in b'{"pmdaemon": 1, "version": "x"}\n{"verb": "echo", "body": {"a": 1}}\n':
        await slowly.send(bytes([byte]))
        await asyncio.sleep(0)

    for client in (at_once, slowly):
        assert "pid" in await client.receive()
        assert await client.receive() == {"result": {"a": 1}}


@pytest.mark.parametrize(
    "line",
    [
        b"\n", b"GET / HTTP/1.1\r\n", b"\0\xff\xfe\n", b"[]\n", b"{}\n", b"null\n",
        b'{"pmdaemon": "1", "version": "x"}\n', b'{"pmdaemon": 1}\n',
        b'{"pmdaemon": true, "version": "x"}\n', b'{"pmdaemon": 1, "version": "\xff"}\n',
        b'{"pmdaemon": ' + b"1" * 5000 + b', "version": "x"}\n',
        b'{"pmdaemon": 1, "version": "x", "z": ' + b"[" * 100_000 + b"\n",
    ],
    ids=range(12),
)  # fmt: skip
async def test_what_is_no_hello_is_refused(channel, verbs, client, line):
    await client.send(line, ECHO)

    error = await refusal(client)
    assert error["code"] == "protocol_violation"
    assert error["message"] == "this is no greeting of a pmdaemon client"
    assert verbs.asked == []
    assert await works(channel)


@pytest.mark.parametrize("version", [0, 2, -1, 10**18])
async def test_another_version_is_refused_with_both_versions(client, verbs, version):
    await client.send({"pmdaemon": version, "version": "9.9.9"}, ECHO)

    error = await refusal(client)
    assert error["code"] == "protocol_version"
    assert f"version {version} of the control channel" in error["message"]
    assert verbs.asked == []


@pytest.mark.parametrize(
    "line",
    [
        b"\n", b"nonsense\n", b"[1, 2]\n", b'{"verb": "echo"}\n', b'{"verb": 7, "body": {}}\n',
        b'{"verb": "echo", "body": []}\n', b'{"verb": "echo", "body": {}\n',
        b'{"verb": "echo", "body": {"a": ' + b"[" * 100_000 + b"\n",
        b'{"verb": "echo", "body": {"a": "\xff"}}\n',
    ],
    ids=range(9),
)  # fmt: skip
async def test_what_is_no_request_is_refused(channel, verbs, client, line):
    await client.send(HELLO, line)
    assert "pid" in await client.receive()

    error = await refusal(client)
    assert error["code"] == "protocol_violation"
    assert error["message"].startswith("this is no request: ")
    assert verbs.asked == []
    assert await works(channel)


@pytest.mark.parametrize("ends", [b"\n", b""], ids=["whole", "endless"])
async def test_a_message_that_is_too_large_is_refused(channel, verbs, client, ends):
    await client.send(HELLO)
    assert "pid" in await client.receive()

    sending = asyncio.get_running_loop().create_task(client.send(b"x" * (MAX_MESSAGE + 1) + ends))

    error = await refusal_of_a_flood(client)
    assert error["message"] == f"a message is larger than {MAX_MESSAGE} bytes"
    await asyncio.gather(sending, return_exceptions=True)
    assert await works(channel)


async def refusal_of_a_flood(client):
    """Read the refusal of what was not all read: the end may come as a reset."""
    reply = await client.receive()
    with suppress(ConnectionResetError):
        assert await client.receive() is None
    return reply["error"]


async def test_a_message_just_within_the_bound_is_taken(client, verbs):
    filling = "x" * (MAX_MESSAGE - 100)

    assert await client.answer("echo", {"filling": filling}) == {"result": {"filling": filling}}


async def test_an_unknown_verb_is_refused_by_its_name(client):
    reply = await client.answer("explode" * 100)

    assert reply["error"]["code"] == "unknown_verb"
    assert reply["error"]["message"].startswith("the daemon does not know the verb 'explode")
    assert len(reply["error"]["message"]) < 120


async def test_a_refusal_of_the_engine_is_told_with_code_and_details(client):
    assert await client.answer("refuse") == {
        "error": {"code": "invalid_input", "message": "cannot do it", "details": {"name": "web"}}
    }


async def test_a_failure_is_told_and_logged_and_the_others_go_on(channel, client, caplog):
    reply = await client.answer("fail")

    assert reply["error"]["code"] == "internal_error"
    assert reply["error"]["message"] == "the daemon failed at this: ZeroDivisionError: by nothing"
    assert "control.failed verb=fail" in caplog.text
    assert await works(channel)


async def test_progress_comes_before_the_result(client):
    assert await client.answer("tell") == {"progress": "half way"}
    assert await client.receive() == {"result": {}}


@pytest.mark.parametrize("said", [b"", b'{"pmdaemon"', b'{"pmdaemon": 1, "version": "x"}\n{"ver'])
async def test_a_client_that_says_too_little_is_sent_away_in_time(tmp_path, verbs, said):
    async with listening(tmp_path, verbs.table(), deadline=0.05) as channel:
        client = await channel.client()

        await client.send(said)

        replies = [await client.receive()]
        if "pid" in replies[-1]:
            replies.append(await client.receive())
        assert replies[-1]["error"]["message"] == "the request did not arrive in time"
        assert await client.receive() is None


async def test_the_deadline_is_for_asking_and_not_for_the_answer(tmp_path, verbs):
    async with listening(tmp_path, verbs.table()) as channel:
        client = await channel.client()
        await client.ask("wait")

        channel.control._deadline = 0.05
        late = await channel.client()
        assert "error" in await late.receive()
        verbs.go_on.set()

        assert await client.receive() == {"result": {}}


@pytest.mark.parametrize("said", [b"", b'{"pmdaemon"', b'{"pmdaemon": 1, "version": "x"}\n{"ver'])
async def test_a_client_that_leaves_in_the_middle_of_asking_has_asked_nothing(
    channel, verbs, said, caplog
):
    client = await channel.client()
    await client.send(said)

    client.leave()

    assert await works(channel)
    assert verbs.asked == [{"b": 2}]
    assert caplog.text == ""


async def test_what_was_asked_is_done_also_when_the_client_has_left(channel, verbs, client, caplog):
    await client.ask("wait")

    client.leave()
    verbs.go_on.set()

    await eventually(lambda: verbs.ended == ["wait"])
    assert await works(channel)
    assert caplog.text == ""


async def test_a_client_that_does_not_read_holds_up_nobody_else(channel, verbs, client, caplog):
    await client.ask("flood")
    assert await works(channel)

    client.leave()

    await eventually(lambda: verbs.ended == ["flood"])
    assert caplog.text == ""


@pytest.fixture
def many_files():
    """Let both ends of hundreds of connections be open in our own process."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < 1024:
        pytest.skip(f"only {most} files may be open here")
    with limited(resource.RLIMIT_NOFILE, 1024):
        yield


@pytest.mark.usefixtures("many_files")
async def test_300_clients_at_once_are_all_answered(channel):
    clients = [await channel.client() for _ in range(300)]

    answers = await asyncio.gather(
        *(client.answer("echo", {"number": number}) for number, client in enumerate(clients))
    )

    assert answers == [{"result": {"number": number}} for number in range(300)]


async def test_more_clients_than_can_be_served_are_told_so(tmp_path, verbs):
    async with listening(tmp_path, verbs.table(), clients_at_once=3) as channel:
        held = [await channel.client() for _ in range(3)]
        for client in held:
            await client.ask("wait")
        one_more = await channel.client()
        await one_more.send(HELLO, ECHO)

        error = await refusal_of_a_flood(one_more)
        assert error["message"] == "too many clients at once; try again"
        assert verbs.asked == []

        held[0].leave()
        verbs.go_on.set()
        await eventually(lambda: len(verbs.ended) == 3)
        assert await works(channel)


async def test_closing_gives_answers_their_time_and_ends_streams_at_once(channel, verbs):
    answered, streaming = await channel.client(), await channel.client()
    await answered.ask("wait")
    await streaming.answer("stream")
    closing = asyncio.get_running_loop().create_task(channel.control.close(patience=60))

    assert await streaming.receive() is None
    await eventually(lambda: verbs.ended == ["stream"])
    verbs.go_on.set()

    assert await answered.receive() == {"result": {}}
    await closing


async def test_closing_does_not_wait_for_ever(channel, verbs, client):
    await client.ask("wait")

    await channel.control.close(patience=0.01)

    assert await client.receive() is None
    assert verbs.ended == []


async def test_who_has_left_takes_no_more_connections_and_answers_those_it_has(channel, verbs):
    client = await channel.client()
    await client.ask("wait")

    channel.control.leave()

    with pytest.raises(ConnectionRefusedError):
        await channel.client()
    verbs.go_on.set()
    assert await client.receive() == {"result": {}}


async def test_the_file_of_the_socket_stays_for_the_next_daemon(channel):
    await channel.control.close()

    assert stat.S_ISSOCK(channel.path.stat().st_mode)


@pytest.fixture
def open_to_all(tmp_path):
    """Let everybody reach the folder of a test, for as long as that lasts."""
    ways = [tmp_path, *tmp_path.parents]
    folders = [folder for folder in ways if not folder.stat().st_mode & stat.S_IXOTH]
    modes = [stat.S_IMODE(folder.stat().st_mode) for folder in folders]
    for folder in folders:
        folder.chmod(0o755)
    yield
    for folder, mode in zip(folders, modes, strict=True):
        folder.chmod(mode)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
@pytest.mark.skipif(sys.platform != "linux", reason="needs SO_PEERCRED")
@pytest.mark.usefixtures("open_to_all")
async def test_another_user_is_refused(channel):
    channel.path.chmod(0o666)
    os.seteuid(65534)
    try:
        # The kernel notes who connects at this moment (unix(7)).
        stranger = await channel.client()
    finally:
        os.seteuid(0)

    error = await refusal(stranger)
    assert error["code"] == "permission_denied"
    assert error["message"] == "this daemon belongs to another user"
    assert await works(channel)


async def test_spent_descriptors_keep_nobody_from_being_served_later(channel, caplog):
    loop = asyncio.get_running_loop()
    path = str(channel.path)
    with socket.socket(socket.AF_UNIX) as waiting:
        waiting.setblocking(False)
        began = loop.time()
        with no_descriptor_free():
            await loop.sock_connect(waiting, path)
            await eventually(lambda: "out of system resource" in caplog.text)
            for _ in range(50):
                await asyncio.sleep(0)
        seconds = int((loop.time() - began) / constants.ACCEPT_RETRY_DELAY)
        client = await channel.client()
        answer = await client.answer("echo", {"a": 1})

    # Once a second, not once for each connection that there might be.
    assert 1 <= caplog.text.count("out of system resource") <= 1 + seconds
    assert answer == {"result": {"a": 1}}
