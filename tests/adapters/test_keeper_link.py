import asyncio
import json
import os
import socket
from contextlib import suppress

import pytest

from pmdaemon.adapters import keeper_link
from pmdaemon.adapters.keeper_link import KeeperLink
from pmdaemon.core.process import UNKNOWN_EXIT, Exit, Identity
from tests.support.engine import settle
from tests.support.waiting import eventually

ONE, OTHER = Identity(100, 1000), Identity(101, 1010)


class Keeper:
    """The other end of the line."""

    def __init__(self):
        self.line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.line.settimeout(60)
        self.link = KeeperLink(theirs)

    def say(self, message, descriptors=()):
        socket.send_fds(self.line, [json.dumps(message).encode()], list(descriptors))

    def begin(self, **message):
        self.say({"begin": {"deaths": 0, **message}})
        self.link.receive()

    def hear(self):
        packet, descriptors, _, _ = socket.recv_fds(self.line, 65536, 8)
        return json.loads(packet), descriptors

    def close(self):
        self.line.close()
        if self.link._line is not None:
            self.link._line.close()


@pytest.fixture
async def keeper(monkeypatch):
    monkeypatch.setattr(keeper_link, "EXIT_PATIENCE", 60.0)  # however busy the machine is
    keeper = Keeper()
    yield keeper
    if keeper.link._line is not None:
        asyncio.get_running_loop().remove_reader(keeper.link._line)
        asyncio.get_running_loop().remove_writer(keeper.link._line)
    keeper.close()


@pytest.fixture
def pipe():
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)
    os.close(writing)


async def test_what_was_kept_is_received_at_the_start_and_taken_once(keeper, pipe):
    reading, writing = pipe
    keeper.say({"kept": ["a", "b"]}, [reading, writing])

    keeper.begin(deaths=3)

    received = keeper.link.take("a")
    assert not os.get_inheritable(received)
    os.write(writing, b"through")
    assert os.read(received, 100) == b"through"
    assert keeper.link.take("a") is None
    assert keeper.link.take("unknown") is None
    assert keeper.link.deaths == 3
    os.close(received)
    os.close(keeper.link.take("b"))


async def test_what_did_not_arrive_is_not_there(keeper, pipe):
    keeper.say({"kept": ["a", "b"]}, [pipe[0]])

    keeper.begin()

    os.close(keeper.link.take("a"))
    assert keeper.link.take("b") is None


async def test_exits_of_before_are_known_from_the_start(keeper):
    keeper.say({"exits": [[100, 1000, 3, None], [101, 1010, None, 9]]})

    keeper.begin()

    assert keeper.link.exits == {ONE: Exit(code=3), OTHER: Exit(signal=9)}


async def test_what_a_newer_keeper_says_is_passed_over(keeper):
    keeper.say({"future": 1})

    keeper.begin()

    assert keeper.link.exits == {}


async def test_a_keeper_that_ends_at_the_start_is_none(keeper):
    keeper.line.close()

    keeper.link.receive()

    keeper.link.keep("a", 0)
    assert keeper.link.take("a") is None


async def test_descriptors_are_given_to_be_kept_and_dropped(keeper, pipe):
    keeper.link.keep("a", pipe[0])
    keeper.link.drop("a")
    keeper.link.say({"ready": 7})

    message, (descriptor,) = keeper.hear()
    os.write(pipe[1], b"through")
    assert message == {"keep": ["a"]}
    assert os.read(descriptor, 100) == b"through"
    assert keeper.hear() == ({"drop": "a"}, [])
    assert keeper.hear() == ({"ready": 7}, [])
    os.close(descriptor)


async def test_an_exit_that_is_known_is_told_at_once_and_only_once(keeper):
    keeper.say({"exits": [[100, 1000, 3, None]]})
    keeper.begin()
    told = []

    keeper.link.exit_of(ONE, told.append)

    assert told == [Exit(code=3)]
    assert keeper.link.exits == {}


async def test_an_exit_is_waited_for(keeper):
    keeper.begin()
    keeper.link.attend()
    told = []
    keeper.link.exit_of(ONE, told.append)
    await settle()
    assert told == []

    keeper.say({"exits": [[101, 1010, 1, None], [100, 1000, None, 15]]})

    await eventually(lambda: told)
    assert told == [Exit(signal=15)]
    assert keeper.link.exits == {OTHER: Exit(code=1)}


async def test_an_exit_that_does_not_come_is_unknown_after_a_while(keeper, monkeypatch):
    monkeypatch.setattr(keeper_link, "EXIT_PATIENCE", 0.01)
    keeper.begin()
    told = []

    keeper.link.exit_of(ONE, told.append)

    await eventually(lambda: told)
    assert told == [UNKNOWN_EXIT]


async def test_an_exit_of_another_process_with_that_pid_is_another(keeper):
    keeper.begin()
    keeper.link.attend()
    told = []
    keeper.link.exit_of(ONE, told.append)

    keeper.say({"exits": [[100, 999, 1, None]]})

    await eventually(lambda: keeper.link.exits)
    assert told == []


async def test_without_a_keeper_an_exit_is_unknown_and_nothing_is_kept():
    link, told = KeeperLink(), []

    link.receive()
    link.attend()
    link.keep("a", 0)
    link.exit_of(ONE, told.append)

    assert told == [UNKNOWN_EXIT]
    assert link.take("a") is None


async def test_a_keeper_that_dies_is_none_from_then_on(keeper):
    keeper.begin()
    keeper.link.attend()

    keeper.line.close()

    await eventually(lambda: keeper.link._line is None)
    keeper.link.keep("a", 0)


async def test_only_so_many_exits_are_remembered_and_the_latest_are(keeper, monkeypatch):
    monkeypatch.setattr(keeper_link, "EXITS_REMEMBERED", 3)
    keeper.say({"exits": [[pid, 1, 0, None] for pid in range(5)]})

    keeper.begin()

    assert [one.pid for one in keeper.link.exits] == [2, 3, 4]


async def test_what_a_keeper_does_not_take_at_once_waits_in_order(keeper, pipe):
    keeper.begin()
    keeper.link.attend()
    sent = 0
    while not keeper.link._unsent:
        keeper.link.say({"number": sent})
        sent += 1
    keeper.link.keep("late", pipe[0])

    keeper.line.settimeout(0)
    heard = []

    def all_is_heard():
        with suppress(BlockingIOError):
            while True:
                heard.append(keeper.hear())
        return len(heard) > sent

    await eventually(all_is_heard)
    assert [message for message, _ in heard] == [
        *({"number": number} for number in range(sent)),
        {"keep": ["late"]},
    ]
    os.write(pipe[1], b"through")
    assert os.read(heard[-1][1][0], 100) == b"through"
    os.close(heard[-1][1][0])


async def test_a_keeper_is_told_what_is_being_launched_and_which_that_is(keeper):
    with keeper.link.launching("token 1") as launched:
        ((token, since),) = keeper.hear()[0].values()
        assert (token, since > 0) == ("token 1", True)
        launched(ONE)
    await settle()

    assert keeper.hear()[0] == {"launched": [["token 1", 100, 1000]]}
    assert keeper.link.programs == {ONE: "token 1"}


async def test_which_program_was_launched_is_told_before_the_next_is_launched(keeper):
    with keeper.link.launching("token 1") as launched:
        launched(ONE)
    with keeper.link.launching("token 2"):
        pass

    assert [*keeper.hear()[0]] == ["launching"]
    message, _ = keeper.hear()
    assert [*message] == ["launched", "launching"]
    assert (message["launched"], message["launching"][0]) == ([["token 1", 100, 1000]], "token 2")


async def test_several_descriptors_go_in_one_packet(keeper, pipe):
    keeper.link.keep_all({"a": pipe[0], "b": pipe[1]})

    message, (reading, writing) = keeper.hear()
    os.write(writing, b"through")
    assert message == {"keep": ["a", "b"]}
    assert os.read(reading, 100) == b"through"
    os.close(reading)
    os.close(writing)


async def test_what_is_to_be_kept_soon_goes_with_the_launch_that_needs_it(keeper, pipe):
    keeper.link.keep_soon({"a": pipe[0], "b": pipe[1]})

    with keeper.link.launching("token 1") as launched:
        message, descriptors = keeper.hear()
        launched(ONE)

    assert [*message] == ["keep", "launching"]
    assert message["keep"] == ["a", "b"]
    for descriptor in descriptors:
        os.close(descriptor)


async def test_what_is_to_be_kept_soon_is_told_in_this_turn_of_the_loop_at_the_latest(keeper, pipe):
    keeper.link.keep_soon({"a": pipe[0]})
    await settle()

    message, descriptors = keeper.hear()
    os.close(descriptors[0])
    assert message == {"keep": ["a"]}


async def test_what_is_dropped_at_once_is_kept_before_that(keeper, pipe):
    keeper.link.keep_soon({"a": pipe[0]})
    keeper.link.drop("a")

    message, descriptors = keeper.hear()
    os.close(descriptors[0])
    assert [*message.items()] == [("keep", ["a"]), ("drop", "a")]


async def test_no_packet_has_more_descriptors_than_a_keeper_takes(keeper, pipe):
    for number in range(5):
        keeper.link.keep_soon({f"{number}a": pipe[0], f"{number}b": pipe[1]})
    keeper.link.say_what_is_due()

    (first, taken), (second, taken_then) = keeper.hear(), keeper.hear()
    for descriptor in (*taken, *taken_then):
        os.close(descriptor)
    assert first["keep"] == [f"{number}{end}" for number in range(4) for end in "ab"]
    assert (second["keep"], len(taken), len(taken_then)) == (["4a", "4b"], 8, 2)


async def test_a_keeper_is_told_of_a_launch_that_failed(keeper):
    with suppress(OSError), keeper.link.launching("token 1"):
        keeper.hear()
        raise OSError

    assert keeper.hear()[0] == {"launching": None}
    assert keeper.link.programs == {}


async def test_a_keeper_may_forget_a_program_whose_end_is_recorded(keeper):
    keeper.say({"programs": [["token 1", 100, 1000]]})
    keeper.begin()
    assert keeper.link.launched == {"token 1": ONE}

    keeper.link.recorded(ONE)
    keeper.link.recorded(OTHER)

    assert keeper.hear()[0] == {"recorded": [100, 1000]}
    assert keeper.link.programs == {}


async def test_a_keeper_is_told_the_difference_to_what_really_runs(keeper):
    keeper.say({"programs": [["token 1", 100, 1000]]})
    keeper.begin()

    keeper.link.keep_to({OTHER: "token 2"})
    await settle()

    assert keeper.hear()[0] == {"recorded": [100, 1000]}
    assert keeper.hear()[0] == {"launched": [["token 2", 101, 1010]]}


async def test_what_was_started_meanwhile_is_not_forgotten_with_what_former_daemons_started(keeper):
    keeper.say({"programs": [["token 1", 100, 1000]]})
    keeper.begin()
    with keeper.link.launching("token 2") as launched:
        launched(OTHER)

    keeper.link.keep_to({})
    await settle()

    assert keeper.link.programs == {OTHER: "token 2"}
    heard = [keeper.hear()[0] for _ in range(2)]
    assert [one["launching"][0] for one in heard[:1]] == ["token 2"]
    assert heard[1] == {"launched": [["token 2", 101, 1010]], "recorded": [100, 1000]}


async def test_an_exit_is_expected_of_a_program_until_it_is_told(keeper):
    keeper.say({"programs": [["token 1", 100, 1000], ["token 2", 101, 1010]]})
    keeper.say({"exits": [[100, 1000, 0, None]]})

    keeper.begin()

    assert not keeper.link.expects(ONE)
    assert keeper.link.expects(OTHER)


async def test_what_a_dead_keeper_kept_is_left_behind_in_copies(keeper, pipe):
    keeper.say({"kept": ["untaken"]}, [pipe[0]])
    keeper.begin()
    lost = []
    keeper.link.attend(on_loss=lambda: lost.append(True))
    mine = os.dup(pipe[0])
    keeper.link.keep("held", mine)
    keeper.link.keep("dropped", mine)
    keeper.link.drop("dropped")

    keeper.line.close()

    await eventually(lambda: lost)
    os.close(mine)
    assert sorted(keeper.link.left_behind) == ["held", "untaken"]
    for descriptor in keeper.link.left_behind.values():
        os.write(pipe[1], b"x")
        assert os.read(descriptor, 1) == b"x"
        os.close(descriptor)


async def test_who_waits_for_an_exit_is_told_at_once_when_the_keeper_dies(keeper):
    keeper.begin()
    keeper.link.attend()
    told = []
    keeper.link.exit_of(ONE, told.append)

    keeper.line.close()

    await eventually(lambda: told)
    assert told == [UNKNOWN_EXIT]


async def test_what_was_kept_is_found_by_how_its_name_begins(keeper, pipe):
    keeper.say({"kept": ["shared a", "shared b", "other"]}, [pipe[0], pipe[0], pipe[0]])
    keeper.begin()
    os.close(keeper.link.take("shared a"))

    assert keeper.link.names("shared ") == ["shared b"]
    for name in ("shared b", "other"):
        os.close(keeper.link.take(name))
