"""Talking to programs: a line for their standard input, an action for those of Node's.

An action is what a program has registered with PM2's agent (`axm:action`): its name comes as a
message, or, with parameters, `{msg, opts}`, and what it leads to goes back as `axm:reply`.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from pmdaemon.core.errors import InvalidInput, OperationFailed
from pmdaemon.core.notices import MessageReceived, Notice
from pmdaemon.core.process import Process
from pmdaemon.core.selectors import Selector
from pmdaemon.core.snapshots import ProcessSnapshot
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.processes import Processes
from pmdaemon.engine.program_lines import ProgramLines

ANSWER_PATIENCE = 10.0
"""Seconds for a program to answer an action."""

MOST_NAMED = 20
"""Actions that are named to who asked for another."""

LONGEST_LINE = 64 * 1024
"""Bytes of a line: as much as a pipe takes at once (pipe(7))."""


class Reply(Struct, frozen=True):
    """What an action led to in one process: any JSON value."""

    process: Process
    value: object


class Conversations:
    """Says things to programs, and hears what they answer."""

    def __init__(self, *, processes: Processes, lines: ProgramLines, bus: Bus) -> None:
        self._processes = processes
        self._lines = lines
        self._bus = bus

    def send_line(self, selectors: Sequence[Selector], line: str) -> Sequence[ProcessSnapshot]:
        """Write a line to the standard input of programs.

        Raises:
            InvalidInput: it is too long, or more than one, or no text.
            OperationFailed: a program has no standard input, is down, or does not read it.

        """
        if "\n" in line or _size(line) >= LONGEST_LINE:
            raise InvalidInput("one line at a time, of less than 64 KiB")
        chosen = self._processes.list(selectors)
        for one in chosen:
            process = one.process
            if not process.spec.stdin:
                raise OperationFailed(
                    f"cannot send to {process.called}: it was declared without stdin"
                    " (start it with --stdin, or stdin = true)",
                    code="no_standard_input",
                )
            if process.pid is None:
                raise _is_down(process)
            if not self._lines.write(process, f"{line}\n"):
                raise OperationFailed(
                    f"cannot send to {process.called}: it does not read its stdin"
                )
        return chosen

    async def trigger(
        self, selectors: Sequence[Selector], action: str, params: str | None
    ) -> Sequence[Reply]:
        """Have Node programs carry out one of their actions, and return their answers.

        Raises:
            OperationFailed: a program is down, has no channel, offers other actions but not this
                one, or does not answer in time.

        """
        found = self._processes.list(selectors)
        if not found:
            return []  # of all there are
        for one in found:
            _expect_offer(one, action)
        chosen = [one.process for one in found]
        loop = asyncio.get_running_loop()
        answers = {one.pm_id: loop.create_future() for one in chosen}
        leave = self._bus.subscribe(_listener(action, answers))
        try:
            for process in chosen:
                if process.pid is None:
                    raise _is_down(process)
                message = action if params is None else {"msg": action, "opts": params}
                if not self._lines.say(process, message):
                    raise OperationFailed(
                        f"cannot reach {process.called}: it is not a Node program with a channel",
                        code="no_channel",
                    )
            await asyncio.wait(answers.values(), timeout=ANSWER_PATIENCE)
        finally:
            leave()
        silent = [one.name for one in chosen if not answers[one.pm_id].done()]
        if silent:
            raise OperationFailed(
                f"{silent[0]} did not answer {action} within {ANSWER_PATIENCE:g} s:"
                " it may have no such action",
                code="no_answer",
            )
        return [Reply(one, answers[one.pm_id].result()) for one in chosen]


def _expect_offer(snapshot: ProcessSnapshot, action: str) -> None:
    """Refuse an action that is not among those offered; who offers none may still know it."""
    if snapshot.agent is None:
        return
    offered = [str(one["action_name"]) for one in snapshot.agent.actions]
    if offered and action not in offered:
        raise OperationFailed(
            f"{snapshot.process.called} has no action {action}:"
            f" it offers {', '.join(offered[:MOST_NAMED])}",
            code="no_such_action",
        )


def _listener(
    action: str, answers: Mapping[int, asyncio.Future[object]]
) -> Callable[[Notice], None]:
    def heed(notice: Notice) -> None:
        match notice:
            case MessageReceived(
                process, {"type": "axm:reply", "data": {"action_name": name, **data}}
            ) if name == action:
                answer = answers.get(process.seat)
                if answer is not None and not answer.done():
                    answer.set_result(data.get("return"))
            case _:
                pass

    return heed


def _size(line: str) -> int:
    try:
        # What a command line holds and is no UTF-8 comes as lone surrogates (PEP 383).
        return len(line.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        raise InvalidInput("a line is text, and this is not") from None


def _is_down(process: Process) -> OperationFailed:
    return OperationFailed(f"cannot reach {process.called}: it is down", code="process_down")
