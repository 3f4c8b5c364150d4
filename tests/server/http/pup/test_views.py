import pytest

from pmdaemon.core.journal import Entry, Severity
from pmdaemon.core.metrics import Sample
from pmdaemon.core.process import (
    Backoff,
    Cause,
    Errored,
    Exit,
    Exited,
    Online,
    ProcessState,
    Starting,
    Stopped,
    Stopping,
    Wish,
)
from pmdaemon.core.snapshots import ProcessSnapshot
from pmdaemon.core.spec import Job, RestartPolicy, Schedule, WatchPolicy
from pmdaemon.core.tcp_ports import TcpPorts
from pmdaemon.server.http.pup import views
from pmdaemon.server.http.pup.views import Shown, status_number
from tests.support.builders import CLEAN, FAILED, NOW, a_process, a_run, an_app

RUN = a_run()
POLICY = RestartPolicy(max_restarts=2)


def shown(**changes):
    process = a_process(**changes)
    return Shown(ProcessSnapshot(process, Sample(), "/out", "/err", NOW, None, None))


NUMBERS = [
    (Stopped(), {}, 0),
    (Stopped(), {"started": NOW}, 300),
    (Starting(), {}, 100),
    (Online(RUN), {}, 200),
    (Stopping(RUN, Cause.STOP_REQUESTED), {}, 250),
    (Backoff(NOW, 1.0), {"last_exit": CLEAN}, 300),
    (Backoff(NOW, 1.0), {"last_exit": FAILED}, 400),
    (Backoff(NOW, 1.0, "no such file"), {}, 400),
    (Exited(), {"last_exit": CLEAN}, 300),
    (Exited(), {"last_exit": FAILED}, 400),
    (Errored("no such file"), {"spec": an_app(restart=POLICY)}, 400),
    (Errored("ended twice"), {"spec": an_app(restart=POLICY), "ends": (1.0, 2.0)}, 450),
]


@pytest.mark.parametrize(("state", "changes", "number"), NUMBERS)
def test_each_state_has_its_number(state, changes, number):
    assert status_number(a_process(state=state, **changes)) == number


def test_all_states_are_numbered():
    assert {state.kind for state, _, _ in NUMBERS} == set(ProcessState)


def test_a_cluster_whose_instances_differ_is_mixed_and_blocked_when_all_are():
    spec = an_app(instances=2)
    up = shown(spec=spec, state=Online(RUN))
    down = shown(spec=spec, instance=1, state=Stopped(), wish=Wish.BLOCKED)

    assert views.cluster_view([up, up])["status"] == 200
    assert views.cluster_view([up, down])["status"] == 500
    assert views.cluster_view([up, down])["blocked"] is False
    assert views.cluster_view([down, down])["blocked"] is True


def test_how_a_program_ended_is_told_by_its_code_or_the_name_of_the_signal():
    assert views.information_view(shown(last_exit=Exit(code=3)))["code"] == 3
    killed = views.information_view(shown(last_exit=Exit(signal=9)))
    assert (killed["signal"], "code" in killed) == ("SIGKILL", False)
    assert views.information_view(shown(last_exit=Exit(signal=99)))["signal"] == "SIG99"


def test_why_something_is_about_to_be_started_again_is_told():
    def pending(state):
        return views.information_view(shown(state=state)).get("pendingRestartReason")

    assert pending(Backoff(NOW, 1.0)) == "restart"
    assert pending(Backoff(NOW, 1.0, "no memory")) == "no memory"
    assert pending(Stopping(RUN, Cause.FILES_CHANGED)) == "files changed"
    assert pending(Stopping(RUN, Cause.ENDED_BY_ITSELF)) is None
    assert pending(Online(RUN)) is None


def test_a_declaration_is_in_the_fields_of_pup():
    spec = an_app(
        instances=3,
        exec_mode="fork",
        tcp_ports=TcpPorts(3000, 3002),
        watch=WatchPolicy(paths=("/srv/src",)),
        env={"DB_PASSWORD": "secret"},
    )

    view = views.config_view(spec)

    assert view["cluster"] == {"instances": 3, "startPort": 3000}
    assert view["watch"] == ["/srv/src"]
    assert view["env"] == {"DB_PASSWORD": "********"}
    assert view["restart"] == "always"


def test_a_job_has_its_schedule_and_is_not_started_by_itself():
    view = views.config_view(an_app(job=Job(Schedule("*/5 * * * *"), timeout=60.0)))

    assert (view["cron"], view["timeout"], view["autostart"]) == ("*/5 * * * *", 60.0, False)
    assert "restart" not in view


def test_an_entry_that_is_about_no_process_is_about_the_core():
    entry = Entry(time=1.5, severity=Severity.WARN, category="api-x", text="hello")

    assert views.entry_view(entry) == {
        "severity": "warn",
        "category": "api-x",
        "text": "hello",
        "processId": "core",
        "timeStamp": 1500,
    }
