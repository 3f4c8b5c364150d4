import asyncio

import pytest
from msgspec.structs import replace

from pmdaemon.core.errors import InvalidInput, OperationFailed
from pmdaemon.core.notices import MessageReceived
from pmdaemon.core.selectors import Selector
from pmdaemon.engine import conversations
from tests.support.builders import an_app
from tests.support.engine import settle

WEB = [Selector.parse("web")]


def token(parts, pm_id=0):
    return parts.token(parts.supervisor.processes[pm_id])


@pytest.mark.parametrize(
    ("line", "written"),
    [
        pytest.param("hello", b"hello\n", id="text"),
        pytest.param("caf\udce9", b"caf\xe9\n", id="bytes that are no UTF-8"),
    ],
)
async def test_a_line_goes_to_the_standard_input_as_it_was_typed(parts, line, written):
    await parts.start(an_app(name="web", stdin=True))

    parts.engine.conversations.send_line(WEB, line)

    run = parts.supervisor.processes[0].run_number
    assert parts.inputs.written == {run: written}


async def test_a_program_without_standard_input_is_refused(parts):
    await parts.start(an_app(name="web"))

    with pytest.raises(OperationFailed, match="declared without stdin") as refused:
        parts.engine.conversations.send_line(WEB, "hello")
    assert refused.value.code == "no_standard_input"


async def test_a_program_that_is_down_cannot_be_reached(parts):
    await parts.start(an_app(name="web", stdin=True))
    await parts.engine.processes.stop(WEB)

    with pytest.raises(OperationFailed, match="it is down"):
        parts.engine.conversations.send_line(WEB, "hello")
    with pytest.raises(OperationFailed, match="it is down"):
        await parts.engine.conversations.trigger(WEB, "act", None)


async def test_a_program_that_does_not_read_is_said_to_be_so(parts):
    await parts.start(an_app(name="web", stdin=True))
    parts.inputs.full.add(parts.supervisor.processes[0].run_number)

    with pytest.raises(OperationFailed, match="does not read"):
        parts.engine.conversations.send_line(WEB, "hello")


@pytest.mark.parametrize("line", ["two\nlines", "x" * 70000])
async def test_what_is_no_line_is_refused(parts, line):
    await parts.start(an_app(name="web", stdin=True))

    with pytest.raises(InvalidInput, match="one line at a time"):
        parts.engine.conversations.send_line(WEB, line)


@pytest.mark.parametrize(("params", "message"), [(None, "act"), ("x", {"msg": "act", "opts": "x"})])
async def test_an_action_is_answered_by_each_program(parts, params, message):
    await parts.start(an_app(name="web", instances=2))
    trigger = parts.engine.conversations.trigger(WEB, "act", params)
    asked = asyncio.get_running_loop().create_task(trigger)
    await settle()

    assert [said for _, said, _ in parts.channels.sent] == [message, message]
    for pm_id in (0, 1):
        other = {"type": "axm:reply", "data": {"action_name": "other", "return": 0}}
        answer = {"type": "axm:reply", "data": {"action_name": "act", "return": pm_id}}
        parts.channels.tell(token(parts, pm_id), other)
        parts.channels.tell(token(parts, pm_id), answer)
        parts.channels.tell(token(parts, pm_id), answer)

    assert [(one.process.pm_id, one.value) for one in await asked] == [(0, 0), (1, 1)]


async def test_a_program_without_a_channel_is_refused(parts):
    app = an_app(name="web")
    await parts.start(replace(app, command=replace(app.command, argv=("/bin/sleep", "1"))))

    with pytest.raises(OperationFailed, match="not a Node program") as refused:
        await parts.engine.conversations.trigger(WEB, "act", None)
    assert refused.value.code == "no_channel"


async def test_an_action_that_is_not_among_those_offered_is_refused_before_anything_is_sent(parts):
    await parts.start(an_app(name="web", instances=2))
    offer = {"type": "axm:action", "data": {"action_name": "flush"}}
    parts.bus.publish(MessageReceived(parts.supervisor.processes[1], offer))

    with pytest.raises(
        OperationFailed, match="web:1 has no action act: it offers flush"
    ) as refused:
        await parts.engine.conversations.trigger(WEB, "act", None)
    assert refused.value.code == "no_such_action"
    assert parts.channels.sent == []


async def test_no_answer_is_not_waited_for_for_ever(parts, monkeypatch):
    monkeypatch.setattr(conversations, "ANSWER_PATIENCE", 0.0)
    await parts.start(an_app(name="web"))

    with pytest.raises(OperationFailed, match="web did not answer act") as refused:
        await parts.engine.conversations.trigger(WEB, "act", None)
    assert refused.value.code == "no_answer"

    # An answer that comes too late is nobody's.
    late = {"type": "axm:reply", "data": {"action_name": "act", "return": 1}}
    parts.bus.publish(MessageReceived(parts.supervisor.processes[0], late))


async def test_an_action_of_all_there_are_may_be_of_none(parts):
    assert await parts.engine.conversations.trigger([Selector.parse("all")], "act", None) == []


async def test_half_a_surrogate_pair_is_refused(parts):
    await parts.start(an_app(name="web", stdin=True))

    with pytest.raises(InvalidInput, match="a line is text"):
        parts.engine.conversations.send_line(WEB, "\ud83d")
