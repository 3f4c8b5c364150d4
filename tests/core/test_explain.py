import itertools

import pytest
from msgspec.structs import replace

from pmdaemon.core.explain import Facts, explain
from pmdaemon.core.health import Health, HealthStatus, ProbeResult
from pmdaemon.core.process import (
    Backoff,
    Cause,
    Errored,
    Exit,
    Exited,
    Online,
    Starting,
    Stopped,
    Stopping,
    Wish,
)
from pmdaemon.core.spec import Dependency, HealthCheck, Job, RestartPolicy, Schedule
from tests.support.builders import CLEAN, FAILED, NOW, a_process, a_run, an_app, later

UP = Online(a_run())
JOB = an_app(name="report", job=Job(Schedule("0 3 * * *"), timeout=60.0))
FACTS = Facts(now=later(7500))


def said(process, **facts):
    return " ".join(explain(process, replace(FACTS, **facts)))


def test_what_is_up_says_since_when():
    assert said(a_process(state=UP)) == "web is up: pid 4711, for 2h 5m 0s."


def test_restarts_are_told_with_the_reason_of_the_last():
    once = a_process(state=UP, restarts=1, last_cause=Cause.MEMORY_EXCEEDED)
    often = a_process(state=UP, restarts=3, last_cause=Cause.ENDED_BY_ITSELF, last_exit=FAILED)

    assert "started anew once so far; the last time because it held more memory" in said(once)
    assert "3 times so far; the last time it ended with exit code 1." in said(often)


def test_failures_that_count_are_told_before_they_are_too_many():
    process = a_process(state=UP, ends=(100.0, 8450.0, 8499.0))

    assert "2 of its ends within the last 60 s count as failures; at 16" in said(process)


def test_a_wait_says_how_long_it_is_and_whether_it_grows():
    waiting = Backoff(later(7499), delay=3.0)
    process = a_process(state=waiting, last_exit=Exit(signal=11), backoff=3.0)

    assert said(process).startswith(
        "web is down for the moment: it ended with signal 11. It is started again in 2.0 s."
        " The wait grows from end to end"
    )


def test_a_start_that_is_tried_again_says_why():
    process = a_process(state=Backoff(later(7500), 1.0, "too many open files"))

    assert "it could not be started: too many open files." in said(process)


@pytest.mark.parametrize(
    ("policy", "ended", "why"),
    [
        (RestartPolicy(autorestart=False), CLEAN, "autorestart is off"),
        (RestartPolicy(stop_exit_codes=frozenset({3})), Exit(code=3), "3 is one of the exit codes"),
    ],
)
def test_what_is_left_alone_says_by_which_rule(policy, ended, why):
    process = a_process(state=Exited(), spec=an_app(restart=policy), last_exit=ended)

    assert f"web is down, because it ended with {ended}, and {why}" in said(process)


def test_what_was_given_up_shows_its_last_words_and_what_to_do():
    lines = explain(a_process(state=Errored("ended 16 times", ("KeyError: 'PORT'",))), FACTS)

    assert lines[0] == "web was given up: ended 16 times."
    assert lines[1:3] == ["The last it wrote to stderr was:", "    KeyError: 'PORT'"]
    assert "pmdaemon start web" in lines[3]


def test_what_was_given_up_and_is_blocked_is_not_to_be_tried_again():
    lines = explain(a_process(state=Errored("ended 16 times"), wish=Wish.BLOCKED), FACTS)

    assert not any("pmdaemon start" in line for line in lines)
    assert "pmdaemon unblock web" in lines[-1]


def test_what_was_stopped_says_so_and_how_long_that_holds():
    stopped = a_process(state=Stopped(), wish=Wish.DOWN, started=NOW)

    assert said(stopped).startswith("web is down, because somebody stopped it. It stays down")


def test_what_was_never_started_says_so():
    listed = a_process(state=Stopped(), wish=Wish.DOWN)

    assert (
        said(listed)
        == "web has not been started yet: it is listed, and waits for pmdaemon start web."
    )


def test_what_is_blocked_says_until_when():
    blocked = a_process(state=Stopped(), wish=Wish.BLOCKED)

    assert said(blocked) == (
        "web is down. It is blocked: nothing starts it until pmdaemon unblock web."
    )


def test_what_waits_names_what_it_waits_for():
    waiting = a_process(
        state=Stopped(), spec=an_app(depends_on=(Dependency("db"), Dependency("mq")))
    )
    others = {"db": [a_process(state=Starting())], "mq": [a_process(state=UP)]}

    sentences = said(waiting, others=others)

    assert "It needs db to be ready, which is starting." in sentences
    assert "mq" not in sentences


def test_what_is_ending_says_why_and_what_comes_next():
    asked = a_process(state=Stopping(a_run(), Cause.STOP_REQUESTED))
    leftovers = a_process(state=Stopping(a_run(), Cause.ENDED_BY_ITSELF, CLEAN))

    draining = a_process(state=Stopping(a_run(), Cause.RESTART_REQUESTED, draining=True))

    assert explain(draining, FACTS)[1:] == [
        "It gets no more requests, finishes those that it has, and is stopped then."
    ]
    assert "because somebody asked for that. It got SIGINT and has 1.6 s to end" in said(asked)
    assert explain(leftovers, FACTS)[1:] == [
        "Its first process (pid 4711) has ended, what it started has not.",
        "Should it put itself into the background, have it stay in the foreground.",
    ]


def test_what_always_ended_well_may_not_be_meant_to_be_started_again():
    well = a_process(state=Errored("ended 16 times within 60 s, at last with exit code 0"))
    badly = a_process(state=Errored("ended 16 times within 60 s, at last with exit code 1"))

    assert explain(well, FACTS)[1:3] == [
        "If its work is done then, start it with --no-autorestart;",
        "if it puts itself into the background, have it stay in the foreground.",
    ]
    assert "--no-autorestart" not in said(badly)


GOOD, BAD = ProbeResult(True, "HTTP status 200", 0.1), ProbeResult(False, "HTTP status 500", 0.1)


@pytest.mark.parametrize(
    ("health", "sentence"),
    [
        (None, "Whether it is healthy is not known yet (http http://localhost/)."),
        (Health(), "Whether it is healthy is not known yet"),
        (
            Health(HealthStatus.HEALTHY, 0, GOOD, later(7495)),
            "It is healthy: HTTP status 200, 5s ago.",
        ),
        (Health(HealthStatus.HEALTHY, 2, BAD, later(7500)), "but the last 2 checks failed: HTTP"),
        (Health(HealthStatus.STARTING, 1, BAD, later(7500)), "It has not been healthy yet: HTTP"),
        (Health(HealthStatus.UNHEALTHY, 3, BAD, later(7500)), "It is unhealthy: HTTP status 500"),
    ],
)
def test_health_is_told(health, sentence):
    checked = a_process(state=UP, spec=an_app(health=HealthCheck("http", "http://localhost/")))

    assert sentence in said(checked, health=health)


def test_schedules_say_when_they_are_due():
    due = FACTS.now.wall + 90
    ran = a_process(state=Exited(), spec=JOB, last_exit=CLEAN)
    slow = replace(ran, last_cause=Cause.TIMED_OUT)
    blocked = replace(ran, wish=Wish.BLOCKED)

    assert said(ran, due=due) == (
        "report is a job, and does not run at the moment: its last run ended with exit code 0."
        " By its schedule it runs in 1m 30s."
    )
    assert "its last run took more than 60 s" in said(slow)
    assert "falls due in 1m 30s, and nothing will happen." in said(blocked, due=due)
    assert "One more run is queued" in said(replace(ran, queued=True), due=due)


def test_what_a_schedule_ends_says_so():
    spec = an_app(cron_stop=Schedule("0 18 * * *"))
    ended = a_process(state=Exited(), spec=spec, last_cause=Cause.END_DUE, last_exit=CLEAN)

    assert "Its schedule ends it (0 18 * * *)." in said(a_process(state=UP, spec=spec))
    assert said(ended).startswith(
        "web is down, because it was ended by its schedule. It stays down"
    )


def test_every_process_can_be_explained_in_whole_sentences():
    states = [
        Stopped(), Starting(), UP, Backoff(NOW, 1.0), Exited(), Errored("why"),
        *(Stopping(a_run(), cause) for cause in Cause),
    ]  # fmt: skip
    for state, wish, spec, cause in itertools.product(
        states, Wish, (an_app(), JOB), (None, *Cause)
    ):
        process = a_process(state=state, wish=wish, spec=spec, last_cause=cause, restarts=1)
        sentences = explain(process, FACTS)

        assert sentences
        assert all(one.endswith((".", ":")) or one.startswith("    ") for one in sentences)


@pytest.mark.parametrize(
    ("cause", "because"),
    [
        (Cause.STOP_REQUESTED, "somebody asked for that"),
        (Cause.RESTART_REQUESTED, "somebody asked for a restart"),
        (Cause.MEMORY_EXCEEDED, "it held more memory than 1.0 KB"),
        (Cause.UNHEALTHY, "its health check failed"),
        (Cause.SCHEDULED, "its schedule fell due"),
        (Cause.FILES_CHANGED, "files that it is watched by changed"),
        (Cause.TIMED_OUT, "it took longer than it may"),
        (Cause.END_DUE, "its schedule was to end it"),
        (Cause.REPLACED, "it was reloaded"),
        (Cause.NOT_READY, "it did not get ready in time"),
        (Cause.DAEMON_SHUT_DOWN, "the daemon ended"),
        (Cause.ENDED_BY_ITSELF, "its program ended by itself"),
    ],
)
def test_what_is_ending_says_for_which_cause(cause, because):
    ending = a_process(state=Stopping(a_run(), cause), spec=an_app(max_memory=1024))

    assert explain(ending, FACTS)[0] == f"web is ending, because {because}."


def test_what_was_spawned_and_is_silent_says_so():
    assert said(a_process(state=Starting(a_run()))) == (
        "web is starting: pid 4711, and has not said that it is ready."
    )
    unready = a_process(state=Online(a_run(), ready=False))
    assert "It was to say when it is ready, and did not within 3 s." in said(unready)


def test_a_wait_that_is_over_is_no_longer_told():
    overdue = a_process(state=Backoff(NOW, delay=3.0), last_exit=FAILED)

    assert said(overdue) == (
        "web is down for the moment: it ended with exit code 1. It is started again in 0.0 s."
    )


def test_what_grows_is_told_of_waits_between_ends_only():
    process = a_process(state=Backoff(later(7500), 1.0, "too many open files"), backoff=2.0)

    assert "grows" not in said(process)


def test_an_end_that_nobody_saw_is_an_end():
    unseen = a_process(state=Backoff(later(7499), delay=3.0))

    assert said(unseen).startswith("web is down for the moment: it has ended.")


def test_what_is_not_there_is_what_somebody_waits_for():
    waiting = a_process(state=Stopped(), spec=an_app(depends_on=(Dependency("db"),)))

    assert "It needs db, which does not exist." in said(waiting)


def test_what_is_unhealthy_is_what_somebody_waits_for():
    checked = an_app(name="db", health=HealthCheck("tcp", "5432"))
    db = a_process(pm_id=7, state=UP, spec=checked)
    waiting = a_process(state=Stopped(), spec=an_app(depends_on=(Dependency("db"),)))
    well = {7: Health(HealthStatus.HEALTHY, 0, GOOD, NOW)}

    assert "It needs db" in said(waiting, others={"db": [db]})
    assert "as soon as the daemon gets to it" in said(waiting, others={"db": [db]}, health_of=well)


def test_a_job_that_has_not_run_and_one_that_was_stopped_are_told_apart():
    new = a_process(state=Stopped(), spec=JOB, wish=Wish.DOWN)
    ran = replace(new, started=NOW)
    stopped = replace(ran, last_cause=Cause.STOP_REQUESTED)

    assert said(new) == "report is a job, and has not run yet."
    assert said(ran) == "report is a job, and does not run at the moment."
    assert said(stopped) == (
        "report is down, because somebody stopped it."
        " It stays down, also after a reboot, until pmdaemon start report."
    )
    assert "It stays down, also after a reboot, until its schedule starts it." in said(
        stopped, due=FACTS.now.wall + 60
    )


def test_what_is_being_deleted_says_so():
    leaving = a_process(state=Stopping(a_run(), Cause.STOP_REQUESTED), wish=Wish.GONE)

    assert explain(leaving, FACTS)[-1] == "It is being deleted."


def test_a_restart_without_a_known_reason_is_counted():
    assert explain(a_process(state=UP, restarts=1), FACTS)[-1] == (
        "It was started anew once so far."
    )


def test_an_end_just_outside_of_the_window_does_not_count_any_more():
    now = FACTS.now.monotonic

    assert "count as failures" not in said(a_process(state=UP, ends=(now - 60.0,)))
    assert "1 of its ends" in said(a_process(state=UP, ends=(now - 59.9,)))


def test_who_is_not_started_anew_for_being_unhealthy_hears_so():
    sick = Health(HealthStatus.UNHEALTHY, 3, BAD, later(7500))
    lenient = HealthCheck("http", "http://localhost/", restart=False)
    strict = HealthCheck("http", "http://localhost/")

    assert explain(a_process(state=UP, spec=an_app(health=lenient)), replace(FACTS, health=sick))[
        -1
    ] == ("It is not started anew for that, as declared.")
    assert "as declared" not in said(a_process(state=UP, spec=an_app(health=strict)), health=sick)


def test_a_probe_without_a_time_tells_nothing_yet():
    checked = a_process(state=UP, spec=an_app(health=HealthCheck("http", "http://localhost/")))

    assert "is not known yet" in said(checked, health=Health(HealthStatus.HEALTHY, 0, GOOD, None))


def test_a_schedule_starts_what_is_down_and_restarts_what_is_up():
    spec = an_app(cron_restart=Schedule("0 3 * * *"))
    due = FACTS.now.wall + 90
    up = a_process(state=UP, spec=spec)
    down = a_process(state=Stopped(), spec=spec, wish=Wish.DOWN, started=NOW)

    assert said(up, due=due).endswith("By its schedule it is started anew in 1m 30s.")
    assert said(down, due=due).endswith(
        "By its schedule it is started in 1m 30s. To prevent that: pmdaemon block web."
    )
    assert explain(replace(up, queued=True), replace(FACTS, due=due))[-1] == (
        "One more run is queued, as it fell due while it ran."
    )
    assert said(up, due=FACTS.now.wall - 5).endswith("in 1s.")
    assert "block" not in said(
        a_process(state=Stopped(), spec=JOB, wish=Wish.DOWN, started=NOW), due=due
    )


def test_a_moment_that_is_still_to_come_is_no_time_ago():
    assert "for 0s." in said(a_process(state=Online(a_run(since=later(7600)))))
