import asyncio
import errno
from contextlib import suppress

import pytest

from pmdaemon.core.deployments import Origin
from pmdaemon.core.errors import StoreUnavailable
from pmdaemon.engine.interfaces.deploying import CodeRequest
from pmdaemon.engine.pushes import RECEIVE, SILENCE
from tests.core.test_pkt_lines import FLUSH, MOVE, a_line
from tests.support.deploying import a_project, turns

PROJECT = a_project(repo_url="push", build_command="make")

REPORT = a_line(b"\x01" + a_line(b"unpack ok\n"))


@pytest.fixture
def project():
    return PROJECT


@pytest.fixture
def scene(scene):
    scene.parts.code.said = [REPORT[:7], REPORT[7:] + FLUSH[:2], FLUSH[2:]]
    return scene


def a_push(*branches, options=(), wishes=b"side-band-64k push-options"):
    moves = [MOVE + branch for branch in branches]
    moves[0] += b"\0 report-status " + wishes
    said = b"".join(map(a_line, options)) + FLUSH if b"push-options" in wishes else b""
    return b"".join(map(a_line, moves)) + FLUSH + said + b"PACK"


class Push:
    """A push while it is answered; `said` are the lines for people."""

    def __init__(self, scene, body, tips):
        self.scene = scene
        self.asked = []
        self.heard = b""
        scene.parts.code.pushed = tips
        self.task = asyncio.create_task(self._read(body))

    async def _read(self, body):
        async def sent():
            yield body[:9]
            yield body[9:]

        def page_of(deployment):
            self.asked.append(deployment)
            return f"http://test/{deployment.id}"

        answer = await self.scene.parts.pushes.receive(
            PROJECT,
            CodeRequest(project_id="p1", service=RECEIVE, method="POST"),
            sent(),
            user_id="u1",
            page_of=page_of,
        )
        async for piece in answer.body:
            self.heard += piece

    @property
    def said(self):
        lines, rest = [], self.heard
        while rest and rest != FLUSH:
            size = int(rest[:4], 16)
            lines.append(rest[5:size].decode().rstrip("\n"))
            assert rest[4:5] == b"\x02" or lines[-1] in {REPORT[5:].decode().rstrip("\n"), ""}
            rest = rest[size:]
        return lines[1:]


async def push(scene, body=None, **tips):
    pushed = Push(scene, a_push(b"main") if body is None else body, tips)
    await pushed.task
    assert pushed.heard.startswith(REPORT)
    assert pushed.heard.endswith(FLUSH)
    return pushed


async def test_what_is_pushed_to_the_branch_is_deployed_and_that_is_said(scene):
    pushed = await push(scene, main="b" * 40)

    (asked,) = pushed.asked
    assert (asked.commit_sha, asked.branch, asked.origin) == ("b" * 40, "main", Origin.PUSH)
    assert pushed.said == [
        "deploying bbbbbbb as deployment 1 of shop",
        "its log: http://test/deployment-1",
        "(git push -o wait shows it here, and waits for its end)",
    ]


async def test_who_asks_for_it_waits_for_the_end(scene):
    scene.builder.held["make"] = asyncio.Event()
    scene.builder.printed["make"] = ["compiling\x1b[0m"]
    await scene.parts.begin()

    pushed = Push(scene, a_push(b"main", options=[b"wait"]), {"main": "b" * 40})
    await scene.until(lambda: "    compiling [0m" in pushed.said)
    assert "--> $ make" in pushed.said
    silent = len(pushed.heard)
    scene.world.clock.advance(SILENCE)
    await turns()
    assert pushed.heard[silent:] == b"0005\x01"
    assert not pushed.task.done()

    scene.builder.held["make"].set()
    await scene.until(pushed.task.done)
    assert pushed.said[-1].startswith("--> live at http")
    assert pushed.heard.endswith(FLUSH)


async def test_a_log_that_cannot_be_read_keeps_nobody_waiting(scene):
    scene.builder.held["make"] = asyncio.Event()
    scene.parts.logs.unreadable = OSError(errno.EMFILE, "Too many open files")
    await scene.parts.begin()

    pushed = await push(scene, a_push(b"main", options=[b"wait"]), main="b" * 40)

    assert pushed.heard.endswith(FLUSH)


async def test_who_goes_away_while_waiting_leaves_the_deployment_alone(scene):
    scene.builder.held["make"] = asyncio.Event()
    await scene.parts.begin()
    pushed = Push(scene, a_push(b"main", options=[b"wait"]), {"main": "b" * 40})
    await scene.until(lambda: "--> $ make" in pushed.said)

    pushed.task.cancel()
    with suppress(asyncio.CancelledError):
        await pushed.task

    scene.builder.held["make"].set()
    assert (await scene.ended(pushed.asked[0])).status == "running"


async def test_who_cannot_be_told_is_not_and_it_is_deployed(scene):
    pushed = await push(scene, a_push(b"main", wishes=b""), main="b" * 40)

    assert len(pushed.asked) == 1
    assert pushed.said == []


async def test_a_push_to_another_branch_is_taken_in_and_no_more(scene):
    pushed = await push(scene, a_push(b"dev"), dev="b" * 40)

    assert pushed.asked == []
    assert pushed.said == ["dev: not deployed, as that is done with main of shop"]


async def test_options_that_there_are_not_are_told(scene):
    pushed = await push(scene, a_push(b"main", options=[b"ci.skip"]), main="b" * 40)

    assert pushed.said[0] == "there is no push option ci.skip, there is wait"
    assert len(pushed.asked) == 1


async def test_a_push_that_changes_nothing_deploys_nothing(scene):
    await push(scene, main="b" * 40)

    pushed = await push(scene, main="b" * 40)
    assert (pushed.asked, pushed.said) == ([], [])


async def test_a_branch_that_is_deleted_deploys_nothing(scene):
    await push(scene, main="b" * 40)

    assert (await push(scene)).asked == []


async def test_what_cannot_be_deployed_is_told(scene):
    scene.parts.store.failure = StoreUnavailable("the store cannot be written")

    pushed = await push(scene, main="b" * 40)

    assert pushed.said == ["this is pushed, and not deployed: the store cannot be written"]


async def test_git_is_asked_for_everything_else(scene):
    async def nothing():
        return
        yield b""

    request = CodeRequest(project_id="p1", service="info/refs", method="GET")
    answer = await scene.parts.pushes.answer(request, nothing())

    assert b"".join([piece async for piece in answer.body]) == REPORT + FLUSH
