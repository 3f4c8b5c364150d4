import asyncio
import json
import os
import socket

import pytest

from pmdaemon.adapters import node_channels
from pmdaemon.adapters.node_channels import NodeChannels
from tests.support.engine import settle
from tests.support.waiting import eventually

TOKEN = "home.0.1"


class Program:
    """What a Node program does with its end."""

    def __init__(self, descriptor):
        self.line = socket.socket(fileno=os.dup(descriptor))
        self.line.settimeout(60)

    def say(self, *messages):
        self.line.sendall(b"".join(json.dumps(one).encode() + b"\n" for one in messages))

    def hear(self):
        line, descriptors, _, _ = socket.recv_fds(self.line, 65536, 4)
        return json.loads(line), descriptors


@pytest.fixture
async def channels(keeper):
    channels = NodeChannels(keeper)
    yield channels
    channels.close(TOKEN)


class Heard(list):
    """The messages; `files` holds copies of the descriptors that came along."""

    def __init__(self):
        self.files = []

    def note(self, message, descriptor):
        self.append(message)
        if descriptor is not None:
            self.files.append(socket.socket(fileno=os.dup(descriptor)))


@pytest.fixture
async def heard():
    heard = Heard()
    yield heard
    for file in heard.files:
        file.close()


@pytest.fixture
async def program(channels, heard):
    program = Program(channels.open(TOKEN))
    channels.attend(TOKEN, heard.note)
    yield program
    program.line.close()


async def test_what_a_program_sends_is_heard_in_order(program, heard):
    program.say("ready", {"type": "order"}, 5, None)

    await eventually(lambda: len(heard) == 4)
    assert heard == ["ready", {"type": "order"}, 5, None]


async def test_a_message_may_come_in_pieces(program, heard):
    program.line.sendall(b'{"a":')
    await settle()
    program.line.sendall(b' "\xc3\xa4"}\n"next"\n')

    await eventually(lambda: heard == [{"a": "ä"}, "next"])


@pytest.mark.parametrize("garbage", [b"nonsense\n", b"\xff\xfe\n", b"[" * 5000 + b"\n", b"\n"])
async def test_what_is_no_message_is_passed_over(program, heard, garbage):
    program.line.sendall(garbage)
    program.say("after")

    await eventually(lambda: heard == ["after"])


async def test_a_program_that_never_ends_its_message_is_not_listened_to(
    program, heard, channels, monkeypatch
):
    monkeypatch.setattr(node_channels, "LONGEST_LINE", 1000)

    program.line.sendall(b"x" * 2000)

    await eventually(lambda: not channels.send(TOKEN, "anybody?"))
    assert heard == []


async def test_a_message_gets_to_the_program(program, channels):
    assert channels.send(TOKEN, {"cmd": "x"})

    assert program.hear() == ({"cmd": "x"}, [])


async def test_a_descriptor_travels_with_a_message(program, channels):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        channels.send(TOKEN, "take it", listener.fileno())
        message, [copy] = program.hear()
        with socket.socket(fileno=copy) as taken:
            assert (message, taken.getsockname()) == ("take it", listener.getsockname())


def with_handle(message):
    return json.dumps({"cmd": "NODE_HANDLE", "type": "net.Native", "msg": message}).encode() + b"\n"


async def test_a_descriptor_that_a_program_sends_is_there_with_its_message(program, heard):
    with socket.create_server(("127.0.0.1", 0)) as one, socket.socket(socket.AF_UNIX) as other:
        program.say("before")
        socket.send_fds(program.line, [with_handle("one")], [one.fileno()])
        socket.send_fds(program.line, [with_handle("other")], [other.fileno()])
        program.say("after")

        await eventually(lambda: len(heard) == 4)
        assert heard == ["before", "one", "other", "after"]
        assert [file.family for file in heard.files] == [one.family, other.family]
        assert not any(os.get_inheritable(file.fileno()) for file in heard.files)


async def test_that_a_descriptor_has_come_is_confirmed_as_node_expects(program):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        socket.send_fds(program.line, [with_handle("take it")], [listener.fileno()])

        message, _ = await asyncio.to_thread(program.hear)
        assert message == {"cmd": "NODE_HANDLE_ACK"}


async def test_a_message_with_a_descriptor_may_come_in_pieces(program, heard):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        line = with_handle("take it")
        socket.send_fds(program.line, [line[:10]], [listener.fileno()])
        await settle()
        program.line.sendall(line[10:])

        await eventually(lambda: heard == ["take it"])
        assert [file.getsockname() for file in heard.files] == [listener.getsockname()]


@pytest.mark.parametrize("line", [b'"nothing of it"\n', with_handle("x"), b"nonsense\n", b'"half'])
async def test_no_descriptor_is_left_open(program, channels, heard, line):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        socket.send_fds(program.line, [line], [theirs.fileno()])
        theirs.close()
        channels.close(TOKEN)  # which reads what is left
        for file in heard.files:
            file.close()

        ours.settimeout(60)
        assert ours.recv(1) == b""


async def test_what_a_program_does_not_read_waits_and_then_is_refused(program, channels):
    large = "x" * 100_000
    sent = 0
    while channels.send(TOKEN, large):
        sent += 1
    assert sent >= node_channels.MOST_WAITING

    arrived = b""
    while arrived.count(b"\n") < sent:
        arrived += await asyncio.to_thread(program.line.recv, 1 << 20)

    assert arrived == (json.dumps(large).encode() + b"\n") * sent


async def test_a_program_that_was_never_started_hears_nothing(channels):
    channels.open("other")

    assert not channels.send("other", "hello")
    channels.close("other")


async def test_a_program_that_hangs_up_is_sent_nothing_more(program, channels):
    program.line.close()

    await eventually(lambda: not channels.send(TOKEN, "hello"))


async def test_a_channel_that_is_closed_is_closed_for_the_keeper_too(program, channels, keeper):
    assert list(keeper.kept) == [f"channel {TOKEN}"]

    channels.close(TOKEN)

    assert keeper.kept == {}
    assert program.line.recv(10) == b""


async def test_what_was_said_last_is_heard_before_a_channel_is_closed(program, channels, heard):
    program.say("last words")

    channels.close(TOKEN)

    assert heard == ["last words"]


async def test_a_next_daemon_goes_on_with_the_channel_and_what_waits_in_it(
    program, channels, keeper, heard
):
    loop = asyncio.get_running_loop()
    loop.remove_reader(channels._channels[TOKEN].ours)
    program.say("while nobody was there")
    next_daemon = NodeChannels(keeper)

    next_daemon.attend(TOKEN, heard.note)
    await eventually(lambda: heard == ["while nobody was there"])
    next_daemon.send(TOKEN, "welcome")

    assert program.hear()[0] == "welcome"
    next_daemon.close(TOKEN)


async def test_a_next_daemon_may_speak_before_it_listens(program, channels, keeper, heard):
    asyncio.get_running_loop().remove_reader(channels._channels[TOKEN].ours)
    next_daemon = NodeChannels(keeper)

    assert next_daemon.send(TOKEN, "welcome")

    assert program.hear()[0] == "welcome"
    program.say("hello")
    next_daemon.attend(TOKEN, heard.note)
    await eventually(lambda: heard == ["hello"])
    next_daemon.close(TOKEN)


async def test_what_a_program_said_before_it_hung_up_is_heard_by_who_speaks_to_it(
    program, channels, heard
):
    program.say("last words")
    program.line.close()

    assert not channels.send(TOKEN, "hello")

    assert heard == ["last words"]


async def test_a_channel_that_nobody_kept_is_no_channel(channels):
    channels.attend("lost", lambda *_: None)

    assert not channels.send("lost", "hello")
    channels.close("lost")
