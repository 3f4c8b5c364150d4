import time
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmdaemon.core.schedule import (
    SET_BACK,
    heeded_until,
    latest_due,
    next_due,
    schedule_of,
    time_limit,
)
from pmdaemon.core.spec import Job, Schedule
from tests.support.builders import NOW, a_process, an_app

BERLIN = ZoneInfo("Europe/Berlin")


def at(text, zone=BERLIN):
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def times(cron, start, count, *, timezone=None, local=BERLIN):
    """List when a schedule falls due, as clocks on the wall in Berlin show it."""
    moment, found = at(start), []
    for _ in range(count):
        moment = next_due(Schedule(cron, timezone), moment, local)
        found.append(datetime.fromtimestamp(moment, BERLIN).strftime("%d %H:%M:%S %Z"))
    return found


@pytest.mark.parametrize(
    ("cron", "due"),
    [
        ("*/5 * * * *", ["01 12:05:00 CEST", "01 12:10:00 CEST"]),
        ("*/20 * * * * *", ["01 12:00:20 CEST", "01 12:00:40 CEST"]),
        ("0 3 * * *", ["02 03:00:00 CEST", "03 03:00:00 CEST"]),
        ("0 9 * * MON-FRI", ["02 09:00:00 CEST", "03 09:00:00 CEST"]),
        ("0 0 1 JAN *", ["01 00:00:00 CET", "01 00:00:00 CET"]),
        ("30 6,18 * * *", ["01 18:30:00 CEST", "02 06:30:00 CEST"]),
        ("0 0 L * *", ["30 00:00:00 CEST", "31 00:00:00 CEST"]),
    ],
)
def test_five_fields_six_fields_names_and_steps_are_understood(cron, due):
    assert times(cron, "2026-06-01T12:00:00", 2) == due


def test_a_zone_of_its_own_beats_that_of_the_machine():
    assert times("0 12 * * *", "2026-06-01T00:00:00", 1, timezone="UTC") == ["01 14:00:00 CEST"]


def test_a_time_that_does_not_exist_falls_due_right_after_the_gap():
    assert times("30 2 * * *", "2026-03-28T12:00:00", 2) == ["29 03:00:00 CEST", "30 02:30:00 CEST"]


def test_a_time_that_exists_twice_falls_due_once():
    assert times("30 2 * * *", "2026-10-24T12:00:00", 2) == ["25 02:30:00 CEST", "26 02:30:00 CET"]


def test_intervals_go_on_through_an_hour_that_exists_twice():
    due = times("*/30 * * * *", "2026-10-25T01:45:00", 5)

    assert due == [
        "25 02:00:00 CEST",
        "25 02:30:00 CEST",
        "25 02:00:00 CET",
        "25 02:30:00 CET",
        "25 03:00:00 CET",
    ]


@pytest.mark.parametrize(
    ("until", "due"),
    [
        ("2026-06-01T12:07:30", "2026-06-01T12:05:00"),
        ("2026-06-01T12:05:00", "2026-06-01T12:05:00"),
        ("2026-06-01T12:04:59", "2026-06-01T12:00:00"),
    ],
)
def test_the_latest_of_what_was_missed_is_then_or_before(until, due):
    assert latest_due(Schedule("*/5 * * * *"), at(until), BERLIN) == at(due)


def test_what_was_heeded_is_kept_with_the_process_or_begins_with_it():
    assert heeded_until(a_process(), NOW.wall + 50) == NOW.wall
    assert heeded_until(a_process(due=NOW.wall + 30), NOW.wall + 50) == NOW.wall + 30


def test_a_clock_that_was_adjusted_repeats_nothing_and_one_that_was_wrong_counts_for_nothing():
    adjusted, wrong = a_process(due=NOW.wall + SET_BACK), a_process(due=NOW.wall + SET_BACK + 1)

    assert heeded_until(adjusted, NOW.wall) == NOW.wall + SET_BACK
    assert heeded_until(wrong, NOW.wall) == NOW.wall


def test_the_schedule_of_a_job_comes_before_that_of_restarts():
    daily, hourly = Schedule("0 0 * * *"), Schedule("0 * * * *")

    assert schedule_of(a_process()) is None
    assert schedule_of(a_process(spec=an_app(cron_restart=daily))) == daily
    assert schedule_of(a_process(spec=an_app(cron_restart=daily, job=Job(hourly)))) == hourly


def test_the_zone_of_the_machine_counts_for_what_fell_due_too():
    daily, noon = "0 3 * * *", at("2026-06-02T12:00:00")

    assert latest_due(Schedule(daily), noon, BERLIN) == at("2026-06-02T03:00:00")
    assert latest_due(Schedule(daily, "Asia/Tokyo"), noon, BERLIN) == at("2026-06-01T20:00:00")


def test_where_the_daemon_is_does_not_matter(monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert times("0 3 * * *", "2026-06-01T12:00:00", 1) == ["02 03:00:00 CEST"]
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("runtime", "timeout", "limit"),
    [(0.0, None, 0.0), (0.0, 0.0, 0.0), (60.0, 0.0, 60.0), (0.0, 30.0, 30.0), (60.0, 30.0, 30.0)],
)
def test_the_shorter_of_two_limits_counts(runtime, timeout, limit):
    job = None if timeout is None else Job(Schedule("0 3 * * *"), timeout=timeout)

    assert time_limit(an_app(max_runtime=runtime, job=job)) == limit


def test_what_never_comes_falls_never_due():
    never = Schedule("0 0 */31 * MON#5")  # the first of a month, if it is a fifth Monday

    assert next_due(never, NOW.wall, BERLIN) is None
    assert latest_due(never, NOW.wall, BERLIN) is None


def fields(lowest, highest):
    """Make up one field of a cron expression: numbers, ranges and steps."""
    number = st.integers(lowest, highest)
    several = st.tuples(number, number).map(lambda two: f"{min(two)}-{max(two)}")
    steps = st.tuples(st.just("*") | several, st.integers(1, highest)).map("{0[0]}/{0[1]}".format)
    return st.lists(st.just("*") | number.map(str) | several | steps, min_size=1, max_size=2).map(
        ",".join
    )


five_fields = st.tuples(fields(0, 59), fields(0, 23), fields(1, 28), fields(1, 12), fields(0, 6))
zones = st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"])


@given(five_fields.map(" ".join), zones, st.floats(0.0, 4e9))
@settings(max_examples=50)
def test_what_is_next_is_later_and_is_the_latest_once_it_has_come(cron, zone, after):
    schedule, local = Schedule(cron), ZoneInfo(zone)

    due = next_due(schedule, after, local)

    assert due is not None
    assert due > after
    assert latest_due(schedule, due, local) == due
    former = latest_due(schedule, after, local)
    assert former is None or former <= after
