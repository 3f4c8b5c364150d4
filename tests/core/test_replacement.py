import pytest

from pmdaemon.core.effects import Drain, Forget, SetTimer, SignalTree, Timer
from pmdaemon.core.process import (
    Backoff,
    Cause,
    Errored,
    Exited,
    Online,
    Starting,
    Stopping,
    Wish,
)
from pmdaemon.core.replacement import exchange, may_exchange, replacement, twin_id
from tests.support.builders import FAILED, NOW, a_process, a_run, an_app, later

OLD_RUN, NEW_RUN = a_run(100), a_run(200, later(60))
ONLINE, READY = Online(OLD_RUN), Online(NEW_RUN)
OLD_APP = an_app(exec_mode="cluster", env={"RELEASE": "1"})
NEW_APP = an_app(exec_mode="cluster", env={"RELEASE": "2"})


def an_old(state=ONLINE, **changes):
    usual = {"pm_id": 3, "spec": OLD_APP, "epoch": 7, "launch": 6, "restarts": 4, "instance": 1}
    return a_process(**{"state": state, **usual, **changes})


def a_new(old, state=READY, **changes):
    made = replacement(old, NEW_APP, None, later(50))
    return a_process(
        pm_id=made.pm_id,
        instance=made.instance,
        spec=made.spec,
        replaces=made.replaces,
        lineage=made.lineage,
        **{"epoch": 10, "launch": 9, "state": state, "started": NEW_RUN.since, **changes},
    )


@pytest.mark.parametrize("pm_id", [0, 1, 41])
def test_a_twin_has_a_pm_id_that_no_user_sees_and_is_the_twin_of_its_twin(pm_id):
    assert twin_id(pm_id) < 0
    assert twin_id(twin_id(pm_id)) == pm_id


def test_a_replacement_is_the_same_instance_of_a_lineage_of_its_own():
    new = replacement(an_old(), NEW_APP, 4001, later(50))

    assert (new.instance, new.spec, new.tcp_port, new.created) == (1, NEW_APP, 4001, later(50))
    assert (new.replaces, new.seat, new.pm_id) == (3, 3, -4)
    assert new.run_number.rpartition(".")[0] != an_old().run_number.rpartition(".")[0]


def test_two_reloads_one_after_the_other_have_different_lineages():
    old = an_old()
    (once, _), _ = exchange(old, a_new(old))

    again = replacement(once, NEW_APP, None, later(90))

    assert again.lineage > once.lineage > old.lineage


def test_after_the_exchange_the_process_goes_on_with_the_new_run():
    old = an_old()

    (now, effects), _ = exchange(old, a_new(old))

    assert effects == []
    assert (now.pm_id, now.state, now.wish) == (3, Online(NEW_RUN), Wish.UP)
    assert (now.spec, now.started, now.created) == (NEW_APP, NEW_RUN.since, old.created)
    assert (now.restarts, now.ends, now.last_cause) == (5, (), Cause.REPLACED)
    assert now.run_number == a_new(old).run_number
    assert now.epoch > max(7, 10)


def test_after_the_exchange_the_former_run_drains_under_its_own_name():
    old = an_old()

    _, (gone, effects) = exchange(old, a_new(old))

    assert (gone.pm_id, gone.seat, gone.wish) == (-4, 3, Wish.GONE)
    assert gone.state == Stopping(OLD_RUN, Cause.REPLACED, draining=True)
    assert gone.run_number == old.run_number
    assert effects == [Drain(-4, OLD_RUN), SetTimer(-4, gone.epoch, Timer.DRAIN, 1.6)]


def test_what_both_do_after_the_exchange_is_newer_than_all_before():
    (now, _), (gone, _) = exchange(an_old(epoch=20), a_new(an_old()))

    assert (now.epoch, gone.epoch) == (21, 22)


def test_a_former_run_that_cannot_drain_is_signalled():
    old = an_old(spec=an_app())

    _, (gone, effects) = exchange(old, a_new(old))

    assert effects == [
        SignalTree(-4, OLD_RUN, "SIGINT"),
        SetTimer(-4, gone.epoch, Timer.GRACE, 1.6),
    ]


def test_each_of_the_two_has_the_port_of_its_run():
    old = an_old(tcp_port=4000)

    (now, _), (gone, _) = exchange(old, a_new(old, tcp_port=4001))

    assert (now.tcp_port, gone.tcp_port) == (4001, 4000)


def test_what_was_ending_by_itself_goes_on_ending_as_the_other():
    ending = Stopping(OLD_RUN, Cause.ENDED_BY_ITSELF, FAILED)
    old = an_old(ending)

    _, (gone, effects) = exchange(old, a_new(old))

    assert gone.state == ending
    assert effects == [SetTimer(-4, gone.epoch, Timer.GRACE, 1.6)]


@pytest.mark.parametrize("state", [Backoff(NOW, 5.0), Errored("why"), Exited()])
def test_where_nothing_ran_any_more_nothing_is_left(state):
    old = an_old(state)

    (now, _), (_, effects) = exchange(old, a_new(old))

    assert now.state == Online(NEW_RUN)
    assert effects == [Forget(-4)]


@pytest.mark.parametrize("state", [Starting(), Starting(NEW_RUN), Errored("why")])
def test_what_is_not_ready_replaces_nothing(state):
    assert not may_exchange(an_old(), a_new(an_old(), state))


def test_what_is_ready_replaces_what_runs():
    assert may_exchange(an_old(), a_new(an_old()))


@pytest.mark.parametrize("which", ["old", "new"])
@pytest.mark.parametrize("wish", [Wish.DOWN, Wish.GONE])
def test_what_is_not_wanted_any_more_is_not_exchanged(which, wish):
    old = an_old(wish=wish if which == "old" else Wish.UP)
    new = a_new(old, wish=wish if which == "new" else Wish.UP)

    assert not may_exchange(old, new)


def test_a_process_that_is_just_being_spawned_is_waited_for():
    assert not may_exchange(an_old(Starting()), a_new(an_old()))
    assert may_exchange(an_old(Starting(OLD_RUN)), a_new(an_old()))


def test_a_replacement_replaces_nobody_else():
    assert not may_exchange(an_old(pm_id=4), a_new(an_old(pm_id=3)))


def test_a_replacement_begins_a_lineage_where_the_old_one_is():
    new = replacement(an_old(epoch=7), NEW_APP, None, later(50))

    assert (new.epoch, new.lineage) == (8, 8)


def test_what_changed_hands_is_as_if_it_had_begun_there():
    old = an_old(ends=(1.0, 2.0), last_exit=FAILED, started=OLD_RUN.since, tcp_port=3000, lineage=5)
    new = a_new(old, tcp_port=3001)

    (carries_on, _), (leaving, _) = exchange(old, new)

    assert (carries_on.ends, carries_on.last_exit) == ((), None)
    assert carries_on.epoch == max(old.epoch, new.epoch) + 1
    assert carries_on.started == NEW_RUN.since
    assert (leaving.lineage, leaving.started, leaving.tcp_port) == (5, OLD_RUN.since, 3000)
    assert leaving.epoch > carries_on.epoch - 1


def test_a_port_that_both_have_stays_with_the_new_one():
    old = an_old(tcp_port=3000)

    (carries_on, _), (leaving, _) = exchange(old, a_new(old, tcp_port=3000))

    assert (carries_on.tcp_port, leaving.tcp_port) == (3000, None)
