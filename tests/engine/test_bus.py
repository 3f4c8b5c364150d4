from pmdaemon.core.logs import OutputStream
from pmdaemon.core.notices import EndingBegan, OutputGrew, Sampled
from pmdaemon.engine.bus import Bus

FIRST, SECOND = OutputGrew(1, OutputStream.OUT), OutputGrew(2, OutputStream.ERR)


def test_every_subscriber_gets_every_notice_in_order():
    bus, one, other = Bus(), [], []
    bus.subscribe(one.append)
    bus.subscribe(other.append)

    bus.publish(FIRST)
    bus.publish(SECOND)

    assert one == other == [FIRST, SECOND]


def test_a_subscriber_that_has_left_gets_nothing():
    bus, heard = Bus(), []
    leave = bus.subscribe(heard.append)

    leave()
    bus.publish(FIRST)

    assert heard == []


def test_a_subscriber_that_named_kinds_hears_of_no_others():
    bus, heard, all_of_it = Bus(), [], []
    bus.subscribe(heard.append, Sampled, EndingBegan)
    bus.subscribe(all_of_it.append)

    bus.publish(FIRST)
    bus.publish(EndingBegan(1.0))

    assert heard == [EndingBegan(1.0)]
    assert all_of_it == [FIRST, EndingBegan(1.0)]


def test_who_subscribes_or_leaves_later_is_heeded_for_kinds_that_were_told_before():
    bus, one, other = Bus(), [], []
    leave = bus.subscribe(one.append, OutputGrew)
    bus.publish(FIRST)
    bus.subscribe(other.append, OutputGrew)
    leave()

    bus.publish(SECOND)

    assert (one, other) == ([FIRST], [SECOND])


def test_a_subscriber_that_fails_does_not_stop_the_others(caplog):
    bus, heard = Bus(), []
    bus.subscribe(lambda _: 1 / 0)
    bus.subscribe(heard.append)

    bus.publish(FIRST)

    assert heard == [FIRST]
    assert "bus.subscriber_failed" in caplog.text


def test_subscribers_may_leave_while_a_notice_is_told():
    bus, heard = Bus(), []
    leaving = []

    def leave_at_once(_):
        leaving.pop()()

    leaving.append(bus.subscribe(leave_at_once))
    bus.subscribe(heard.append)

    bus.publish(FIRST)

    assert heard == [FIRST]


def test_a_notice_that_is_published_meanwhile_is_told_after_the_one_at_hand():
    bus, heard = Bus(), []
    bus.subscribe(lambda notice: bus.publish(SECOND) if notice == FIRST else None)
    bus.subscribe(heard.append)

    bus.publish(FIRST)

    assert heard == [FIRST, SECOND]
