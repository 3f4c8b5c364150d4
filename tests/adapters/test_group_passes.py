"""When passes are made, and to whom strangers belong, over a doorway that is made up."""

import asyncio
import threading

import pytest

from pmdaemon.adapters import group_passes
from pmdaemon.adapters.group_entry import Held, Stranger
from pmdaemon.adapters.group_passes import PASSES, GroupPasses
from pmdaemon.core.process import Identity
from tests.adapters.test_process_table import an_entry
from tests.support.waiting import eventually


class FakeDoorway:
    """Remembers who was let in, pass by pass; `arrivals` are strangers who come one pass each."""

    def __init__(self):
        self.passes = []
        self.arrivals = []
        self.outside = set()
        self.failure = None

    def let_in(self, entry):
        self.passes[-1:] = [[*self.passes[-1], (entry.run.token, entry.process.pid)]]
        if self.failure is not None:
            raise self.failure

    def strangers(self, known):
        self.passes.append([])
        return [self.arrivals.pop(0)] if self.arrivals else []

    def is_outside(self, pid):
        return pid in self.outside


@pytest.fixture
def doorway():
    doorway = FakeDoorway()
    doorway.passes.append([])
    return doorway


@pytest.fixture
async def passes(doorway, monkeypatch):
    monkeypatch.setattr(group_passes, "CALM", 0.001)
    monkeypatch.setattr(group_passes, "REMOVE_AGAIN", 0.001)
    passes = GroupPasses(doorway)
    yield passes
    passes.close()


def a_run(number, *, start=100, folder="/nowhere"):
    identity = Identity(number, start)
    return Held(identity, f"home.{number}.1", f"{folder}/pmdaemon.run-home.{number}.1")


def a_stranger(pid=50, *, start=200, token=None, session=50):
    return Stranger(an_entry(pid, start=start, session=session), token)


async def made(doorway, number=1):
    """Wait until so many passes were made and taken in."""
    await eventually(lambda: len(doorway.passes) > number)
    await asyncio.sleep(0)


async def test_one_pass_lets_all_in_that_came_at_once(passes, doorway):
    for number in (1, 2, 3):
        passes.bring_in(a_run(number))

    await made(doorway)

    assert doorway.passes[0] == [("home.1.1", 1), ("home.2.1", 2), ("home.3.1", 3)]


async def test_a_pass_is_made_later_when_there_is_no_thread_for_it(passes, doorway, monkeypatch):
    started = threading.Thread.start
    refused = []

    def start(thread):
        if not refused:
            refused.append(thread)
            raise RuntimeError("can't start new thread")
        started(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    monkeypatch.setattr(group_passes, "TRY_AGAIN", 0.001)
    passes.bring_in(a_run(1))

    await eventually(lambda: ("home.1.1", 1) in doorway.passes[0])

    assert refused


async def test_a_stranger_goes_to_the_only_run_that_can_have_begun_it(passes, doorway):
    doorway.arrivals = [a_stranger(50)]
    passes.bring_in(a_run(1))
    passes.bring_in(a_run(2, start=300))

    await made(doorway, 2)

    assert doorway.passes[1] == [("home.1.1", 50)]


async def test_a_stranger_that_two_can_have_begun_is_left_alone(passes, doorway):
    doorway.arrivals = [a_stranger(50)]
    passes.bring_in(a_run(1))
    passes.bring_in(a_run(2))
    await made(doorway)

    passes.bring_in(a_run(3, start=300))
    await made(doorway, 2)

    assert doorway.passes[1] == [("home.3.1", 3)]


async def test_what_a_stranger_has_begun_meanwhile_is_looked_for_again(passes, doorway):
    doorway.arrivals = [a_stranger(50), a_stranger(51)]
    passes.bring_in(a_run(1))

    await made(doorway, 3)

    assert doorway.passes[1:3] == [[("home.1.1", 50)], [("home.1.1", 51)]]


async def test_a_run_that_is_whole_is_not_taken_for_the_beginner_of_a_later_stranger(
    passes, doorway
):
    passes.bring_in(a_run(1))
    await made(doorway)
    await eventually(lambda: not passes._is_at_work)
    doorway.arrivals = [a_stranger(50)]

    passes.bring_in(a_run(2))
    await made(doorway, 3)

    assert doorway.passes[2] == [("home.2.1", 50)]


@pytest.mark.parametrize(
    "stranger",
    [a_stranger(50, token="home.1.1"), a_stranger(50, session=1)],
    ids=["token", "session"],
)
async def test_a_token_and_a_session_say_whose_a_stranger_is_among_many(passes, doorway, stranger):
    doorway.arrivals = [stranger]
    passes.bring_in(a_run(1))
    passes.bring_in(a_run(2))

    await made(doorway, 2)

    assert doorway.passes[1] == [("home.1.1", 50)]


async def test_a_stranger_with_a_token_that_is_not_ours_is_left_alone(passes, doorway):
    doorway.arrivals = [a_stranger(50, token="other.1.1")]
    passes.bring_in(a_run(1))
    await made(doorway)

    passes.bring_in(a_run(2))
    await made(doorway, 2)

    assert doorway.passes[1] == [("home.2.1", 2)]


async def test_a_run_that_begins_strangers_for_ever_is_left_to_itself_some_day(passes, doorway):
    doorway.arrivals = [a_stranger(50) for _ in range(2 * PASSES)]
    passes.bring_in(a_run(1))

    await made(doorway, PASSES + 1)
    await eventually(lambda: not passes._is_at_work)
    left = len(doorway.arrivals)
    passes.bring_in(a_run(2))
    await made(doorway, PASSES + 2)

    assert left == PASSES - 1
    assert ("home.2.1", 2) in doorway.passes[PASSES + 1]


async def test_an_orphan_is_known_before_it_is_brought_in(passes, doorway):
    run = a_run(1)
    doorway.outside = {50}
    passes.bring_in(run)

    assert passes.whose(an_entry(50, start=200, session=50)) == run
    assert passes.whose(an_entry(51, start=200, session=51)) is None
    await made(doorway)
    await eventually(lambda: passes.whose(an_entry(50, start=200, session=50)) is None)


async def test_a_failure_is_logged_once(passes, doorway, caplog):
    doorway.failure = PermissionError(13, "Permission denied", "/groups/cgroup.procs")
    passes.bring_in(a_run(1))
    passes.bring_in(a_run(2))
    await made(doorway)
    passes.bring_in(a_run(3))
    await made(doorway, 2)

    complaints = [one for one in caplog.messages if one.startswith("groups.not_entered")]
    assert complaints == [
        "groups.not_entered reason=[Errno 13] Permission denied: '/groups/cgroup.procs'"
    ]


async def test_a_group_that_somebody_is_late_to_leave_is_removed_then(passes, tmp_path):
    run = a_run(1, folder=str(tmp_path))
    late = tmp_path / "pmdaemon.run-home.1.1" / "late"
    late.mkdir(parents=True)
    (late / "process").touch()

    passes.remove(run.token, run.folder)
    await eventually(lambda: passes._over.get(run.folder))  # tried, in vain
    (late / "process").unlink()

    await eventually(lambda: not late.parent.exists())


async def test_a_group_that_nobody_leaves_is_given_up(passes, tmp_path, caplog):
    run = a_run(1, folder=str(tmp_path))
    (tmp_path / "pmdaemon.run-home.1.1" / "a" / "b").mkdir(parents=True)
    (tmp_path / "pmdaemon.run-home.1.1" / "file").touch()

    passes.remove(run.token, run.folder)

    await eventually(lambda: caplog.messages)
    assert caplog.messages == [f"groups.not_removed folder={run.folder}"]


async def test_a_run_that_is_over_before_its_turn_is_not_let_in(passes, doorway, tmp_path):
    run = a_run(1, folder=str(tmp_path))
    passes.bring_in(run)
    passes.remove(run.token, run.folder)
    passes.bring_in(a_run(2))

    await made(doorway)

    assert doorway.passes[0] == [("home.2.1", 2)]


async def test_what_is_over_at_the_end_is_removed_by_the_close(doorway, tmp_path):
    passes = GroupPasses(doorway)
    over = tmp_path / "pmdaemon.run-home.1.1"
    over.mkdir()
    passes.remove("home.1.1", str(over))

    passes.close()

    assert not over.exists()
