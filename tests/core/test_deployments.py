from itertools import product

import pytest
from msgspec.structs import replace

from pmdaemon.core.deployments import (
    MOVES,
    AppCameBack,
    AppFailed,
    AppStopped,
    Begun,
    CommitFound,
    Deployment,
    DeploymentConflict,
    DeploymentNotFound,
    DeploymentStatus,
    GaveUp,
    Phase,
    PhaseBegun,
    PutBack,
    ReleaseMade,
    Replaced,
    WentLive,
    can_begin_again,
    is_to_make_way,
    step,
)

S = DeploymentStatus

EVENTS = (
    Begun(),
    PhaseBegun(Phase.BUILD),
    PutBack(),
    CommitFound("abc", "First"),
    ReleaseMade(3),
    WentLive("shop@3", "http://shop.test"),
    GaveUp("no"),
    Replaced(),
    AppStopped(),
    AppFailed("gone"),
    AppCameBack(),
)


def a_deployment(**changes):
    deployment = Deployment(
        id="d1", project_id="p1", user_id="u1", number=3, created=10.0, updated=10.0
    )
    return replace(deployment, **changes)


@pytest.mark.parametrize(("status", "event"), [*product(S, EVENTS)])
def test_only_what_is_in_the_table_happens(status, event):
    before = a_deployment(status=status)
    expected = MOVES.get((status, type(event)))

    if expected is None:
        with pytest.raises(DeploymentConflict):
            step(before, event, 20.0)
    else:
        assert step(before, event, 20.0).status is expected


def test_a_deployment_from_its_beginning_to_its_end():
    one = step(a_deployment(), Begun(), 20.0)
    one = step(one, PhaseBegun(Phase.FETCH), 20.0)
    one = step(one, CommitFound("abc", "First"), 21.0)
    one = step(one, PhaseBegun(Phase.START), 23.5)
    assert (one.status, one.phase, one.phases) == (S.BUILDING, Phase.START, {"fetch": 3.5})

    one = step(one, WentLive("shop@3", "http://shop.test"), 24.0)

    assert (one.status, one.phase) == (S.RUNNING, None)
    assert one.phases == {"fetch": 3.5, "start": 0.5}
    assert (one.app, one.url, one.commit_sha) == ("shop@3", "http://shop.test", "abc")
    assert (one.started, one.finished, one.updated) == (20.0, 24.0, 24.0)


def test_one_that_is_put_back_waits_as_if_it_had_never_been_begun():
    asked = a_deployment()
    one = step(step(asked, Begun(), 20.0), PhaseBegun(Phase.FETCH), 20.5)
    one = step(step(one, PhaseBegun(Phase.BUILD), 21.0), ReleaseMade(3), 22.0)
    assert one.phases == {Phase.FETCH: 1.0}

    one = step(one, PutBack(), 23.0)

    assert one == replace(asked, updated=23.0, begun=1)

    back = a_deployment(rollback_of="d1", release=1, status=S.BUILDING)
    assert step(back, PutBack(), 23.0).release == 1


def test_only_what_has_touched_nothing_else_can_begin_again():
    phases = [one for one in (None, *Phase) if can_begin_again(a_deployment(phase=one))]

    assert phases == [None, Phase.FETCH, Phase.INSTALL, Phase.BUILD]


def test_one_that_fails_says_why_and_when():
    one = step(a_deployment(status=S.BUILDING, started=15.0), GaveUp("no room"), 20.0)

    assert (one.status, one.error_msg, one.finished) == (S.FAILED, "no room", 20.0)


def test_what_becomes_of_its_app_is_not_its_end_once_more():
    live = a_deployment(status=S.RUNNING, app="shop@3", finished=20.0)

    failed = step(live, AppFailed("shop@3: too many restarts"), 30.0)
    assert (failed.status, failed.error_msg) == (S.FAILED, "shop@3: too many restarts")
    assert failed.finished == 20.0

    back = step(failed, AppCameBack(), 40.0)
    assert (back.status, back.error_msg) == (S.RUNNING, "")


def test_what_cannot_happen_changes_nothing():
    before = a_deployment(status=S.STOPPED)

    with pytest.raises(DeploymentConflict, match="deployment 3 is stopped"):
        step(before, WentLive("shop@3", ""), 20.0)

    assert before == a_deployment(status=S.STOPPED)


def test_one_that_waits_makes_way_for_a_newer_one_of_its_project():
    newer = a_deployment(id="d2", number=4)

    assert is_to_make_way(a_deployment(), newer)
    assert not is_to_make_way(a_deployment(project_id="p2"), newer)
    assert not is_to_make_way(a_deployment(status=S.BUILDING), newer)


def test_who_asked_to_go_back_gets_that_all_the_same():
    assert not is_to_make_way(a_deployment(rollback_of="d0"), a_deployment(id="d2", number=4))


def test_a_log_has_come_to_its_end_with_its_deployment():
    assert not a_deployment(status=S.QUEUED).is_final
    assert not a_deployment(status=S.BUILDING).is_final
    assert a_deployment(status=S.RUNNING).is_final
    assert a_deployment(status=S.FAILED).is_final


def test_what_is_found_and_made_is_kept():
    building = step(a_deployment(), Begun(), 1.0)

    building = step(step(building, CommitFound("abc", "First"), 2.0), ReleaseMade(7), 3.0)

    assert (building.commit_sha, building.commit_msg, building.release) == ("abc", "First", 7)


def test_phases_are_clocked_to_the_millisecond():
    building = step(a_deployment(), Begun(), 1.0)
    building = step(building, PhaseBegun(Phase.FETCH), 1.0)

    assert step(building, PhaseBegun(Phase.BUILD), 2.12345).phases == {Phase.FETCH: 1.123}


def test_a_refusal_says_how_the_deployment_is():
    with pytest.raises(DeploymentConflict) as refused:
        step(a_deployment(), WentLive("shop@3", ""), 1.0)

    assert refused.value.message == "deployment 3 is queued"
    assert refused.value.details == {"status": "queued"}
    assert DeploymentNotFound().message == "deployment not found"
