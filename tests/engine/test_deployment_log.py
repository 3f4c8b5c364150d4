import asyncio

from pmdaemon.core.deployments import LogLevel, LogStream
from pmdaemon.engine.deployment_log import DeploymentLog, Followers
from pmdaemon.engine.interfaces.deploying import LogQuery
from tests.core.test_deployments import a_deployment
from tests.fakes.clock import FakeClock
from tests.fakes.deploying import MemoryDeploymentLogs

DEPLOYMENT = a_deployment()

LARGEST = 100_000


def a_log(logs, clock=None, followers=None):
    log = DeploymentLog(
        DEPLOYMENT,
        clock=clock or FakeClock(),
        logs=logs,
        followers=followers or Followers(),
        largest=LARGEST,
    )
    log.hide(["open sesame"])
    return log


def test_lines_are_counted_and_say_who_wrote_them():
    logs = MemoryDeploymentLogs()
    log = a_log(logs)
    log.say("begun")
    log.out("a line")
    log.err("another")
    log.say("over", LogLevel.ERROR)
    log.flush()

    assert [
        (one.number, one.level, one.stream, one.message)
        for one in logs.read(DEPLOYMENT, LogQuery())
    ] == [
        (1, LogLevel.INFO, LogStream.SYSTEM, "begun"),
        (2, LogLevel.INFO, LogStream.STDOUT, "a line"),
        (3, LogLevel.INFO, LogStream.STDERR, "another"),
        (4, LogLevel.ERROR, LogStream.SYSTEM, "over"),
    ]


def test_secrets_are_hidden_whoever_prints_them():
    logs = MemoryDeploymentLogs()
    log = a_log(logs)
    log.out("say open sesame")
    log.say("open sesame, they said")
    log.flush()

    assert not any("sesame" in one.message for one in logs.read(DEPLOYMENT, LogQuery()))


def test_what_is_written_in_a_turn_is_written_down_together():
    logs, clock = MemoryDeploymentLogs(), FakeClock()
    log = a_log(logs, clock)
    log.say("a")
    log.say("b")
    assert logs.read(DEPLOYMENT, LogQuery()) == []

    clock.advance(0.0)

    assert len(logs.read(DEPLOYMENT, LogQuery())) == 2


def test_a_log_goes_on_where_it_was():
    logs = MemoryDeploymentLogs()
    first = a_log(logs)
    first.say("a")
    first.flush()
    second = a_log(logs)
    second.say("b")
    second.flush()

    assert [one.number for one in logs.read(DEPLOYMENT, LogQuery())] == [1, 2]


def test_what_is_too_much_is_left_out_and_that_is_said():
    logs = MemoryDeploymentLogs()
    log = a_log(logs)
    for _ in range(LARGEST // 8000 + 5):
        log.out("x" * 8000)
    log.say("the build has ended")
    log.flush()

    *printed, full, said = logs.read(DEPLOYMENT, LogQuery())
    assert sum(len(one.message) for one in printed) <= LARGEST
    assert (full.level, full.message[:15]) == (LogLevel.WARN, "the log is full")
    assert said.message == "the build has ended"


async def test_who_follows_is_told_of_news_and_not_after_leaving():
    followers = Followers()
    event = followers.join("d1")
    followers.tell("d1")
    followers.tell("d2")
    assert event.is_set()

    event.clear()
    followers.leave("d1", event)
    followers.tell("d1")
    assert not event.is_set()
    assert isinstance(event, asyncio.Event)
