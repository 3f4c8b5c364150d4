import hashlib
import hmac
import json
import time

import pytest

from pmdaemon.core.events import EventKind, ProcessEvent
from pmdaemon.core.hooks import WORDS, headers, is_told, tellings
from pmdaemon.core.notices import EventLogged
from pmdaemon.core.process import Cause
from pmdaemon.core.spec import Hook
from tests.support.builders import FAILED, NOW

CRASH = ProcessEvent(
    kind=EventKind.CRASHED,
    pm_id=3,
    name="web",
    namespace="default",
    instance=1,
    restarts=2,
    pid=4711,
    exit=FAILED,
    cause=Cause.ENDED_BY_ITSELF,
)
LOGGED = EventLogged(17, NOW, CRASH)
COMMAND = Hook(("crash",), command=("./alert.sh",))
SIGNED = Hook(("all",), url="https://example.org/hook", secret="s3cret")


def test_every_event_has_a_word():
    assert set(WORDS) == set(EventKind)


@pytest.mark.parametrize(
    ("events", "told"),
    [(("crash",), True), (("errored", "crash"), True), (("all",), True), (("online",), False)],
)
def test_a_hook_is_told_of_what_it_asked_for(events, told):
    assert is_told(Hook(events, command=("x",)), CRASH) is told


def test_a_start_may_be_called_online():
    started = ProcessEvent(
        kind=EventKind.STARTED, pm_id=0, name="a", namespace="n", instance=0, restarts=0
    )

    assert is_told(Hook(("online",), command=("x",)), started)
    assert is_told(Hook(("start",), command=("x",)), started)


def test_each_hook_gets_a_telling_of_its_own():
    found = tellings([COMMAND, Hook(("stop",), url="http://x/"), SIGNED], LOGGED, life=255)

    assert [(one.id, one.hook) for one in found] == [("ff-17-0", COMMAND), ("ff-17-2", SIGNED)]


def test_what_happened_is_told_as_json_and_as_variables():
    (telling,) = tellings([COMMAND], LOGGED, life=1)

    assert json.loads(telling.body) == {
        "id": "1-17-0",
        "event": "crash",
        "at": "2023-11-14T22:13:20Z",
        "process": {
            "id": 3,
            "name": "web",
            "namespace": "default",
            "instance": 1,
            "pid": 4711,
            "restarts": 2,
        },
        "exit": {"code": 1, "signal": None},
        "cause": "ended by itself",
        "reason": None,
    }
    assert telling.variables["PMDAEMON_EVENT"] == "crash"
    assert telling.variables["PMDAEMON_REASON"] == "exit code 1"


def test_a_secret_signs_the_time_and_the_body():
    (telling,) = tellings([SIGNED], LOGGED, life=1)

    made = headers(telling)

    signed = f"{int(NOW.wall)}.".encode() + telling.body
    expected = hmac.new(b"s3cret", signed, hashlib.sha256).hexdigest()
    assert made["X-PMDaemon-Signature"] == f"sha256={expected}"
    assert made["X-PMDaemon-Timestamp"] == str(int(NOW.wall))
    assert made["X-PMDaemon-Delivery"] == "1-17-0"
    assert "s3cret" not in repr(telling) + str(made)


def test_without_a_secret_there_is_no_signature():
    (telling,) = tellings([Hook(("all",), url="http://x/")], LOGGED, life=1)

    assert "X-PMDaemon-Signature" not in headers(telling)


def test_a_command_finds_in_its_variables_whom_it_is_about():
    (telling,) = tellings([COMMAND], LOGGED, life=1)

    assert telling.variables == {
        "PMDAEMON_EVENT": "crash",
        "PMDAEMON_NAME": "web",
        "PMDAEMON_NAMESPACE": "default",
        "PMDAEMON_ID": "3",
        "PMDAEMON_INSTANCE": "1",
        "PMDAEMON_REASON": "exit code 1",
    }
    assert (telling.event, telling.place, telling.timestamp) == ("crash", 0, int(NOW.wall))


def test_what_has_no_reason_and_no_end_has_an_empty_one():
    started = ProcessEvent(
        kind=EventKind.STARTED, pm_id=0, name="a", namespace="n", instance=0, restarts=0
    )
    hook = Hook(("start",), command=("x",))

    (telling,) = tellings([hook], EventLogged(1, NOW, started), life=1)

    assert telling.variables["PMDAEMON_REASON"] == ""
    assert json.loads(telling.body)["exit"] is None


def test_a_body_is_compact():
    (telling,) = tellings([COMMAND], LOGGED, life=1)

    assert b", " not in telling.body
    assert b'": ' not in telling.body


def test_the_time_is_that_of_the_world_wherever_the_daemon_is(monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        (telling,) = tellings([COMMAND], LOGGED, life=1)
    finally:
        monkeypatch.undo()
        time.tzset()

    assert json.loads(telling.body)["at"] == "2023-11-14T22:13:20Z"


def test_headers_say_what_came():
    (telling,) = tellings([Hook(("all",), url="https://example.org/")], LOGGED, life=1)

    assert headers(telling) == {
        "Content-Type": "application/json",
        "X-PMDaemon-Event": "crash",
        "X-PMDaemon-Delivery": "1-17-0",
        "X-PMDaemon-Timestamp": str(int(NOW.wall)),
    }
