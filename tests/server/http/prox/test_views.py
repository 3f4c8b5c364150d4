import pytest

from pmdaemon.core.errors import OperationFailed
from pmdaemon.core.health import HealthStatus
from pmdaemon.core.metrics import Sample
from pmdaemon.core.process import Errored, Exit, Exited, Online, ProcessState
from pmdaemon.core.snapshots import ProcessSnapshot
from pmdaemon.core.spec import Command
from pmdaemon.server.http.prox import views
from tests.support.builders import CLEAN, FAILED, NOW, a_process, a_run, an_app, later

REFERENCE = {"running", "stopped", "starting", "stopping", "crashed"}


def snapshot(process=None, at=NOW):
    return ProcessSnapshot(process or a_process(), Sample(), "/out", "/err", at)


def test_every_state_has_a_word_of_the_reference():
    assert set(views.STATUS_WORDS) == set(ProcessState)
    assert set(views.STATUS_WORDS.values()) <= REFERENCE


def test_every_health_has_a_word_of_the_reference():
    assert set(views.HEALTH_WORDS) == set(HealthStatus)
    assert set(views.HEALTH_WORDS.values()) == {"healthy", "unhealthy", "unknown"}


@pytest.mark.parametrize(
    ("ended", "word"),
    [(CLEAN, "stopped"), (FAILED, "crashed"), (Exit(signal=9), "crashed"), (None, "stopped")],
)
def test_what_ended_by_itself_has_crashed_unless_it_ended_well(ended, word):
    assert views.status_word(a_process(state=Exited(), last_exit=ended)) == word


def test_uptime_is_in_whole_seconds():
    view = views.process_view(snapshot(a_process(state=Online(a_run())), later(61.9)))

    assert (view["uptime_seconds"], view["pid"]) == (61, 4711)


def test_a_process_that_is_down_has_no_uptime_and_no_pid():
    view = views.process_view(snapshot())

    assert (view["uptime_seconds"], view["pid"]) == (0, 0)


def test_an_instance_of_several_is_named_with_its_number():
    several = a_process(spec=an_app(instances=2), instance=1)

    assert views.instance_name(several) == "web-2"
    assert views.instance_name(a_process()) == "web"


def test_secrets_are_not_shown():
    spec = an_app(
        env={"DB_PASSWORD": "x1", "PLAIN": "y"},
        command=Command("psql", ("postgres://me:x2@db",), None, ("/usr/bin/psql",)),
    )

    view = views.detail_view([snapshot(a_process(spec=spec))])

    assert view["env"] == {"DB_PASSWORD": "********", "PLAIN": "y"}
    assert view["cmd"] == "psql postgres://me:********@db"


def test_why_a_process_was_given_up_is_told():
    view = views.detail_view([snapshot(a_process(state=Errored("it kept failing")))])

    assert (view["status"], view["reason"]) == ("crashed", "it kept failing")


def test_the_first_of_several_sources_is_the_file():
    view = views.status_view(
        ending=False, uptime=7.9, sources=["/a.yaml", "/b.yaml"], version="1", proxy={}
    )

    assert (view["config_file"], view["uptime_seconds"]) == ("/a.yaml", 7)
    assert view["config_files"] == ["/a.yaml", "/b.yaml"]


def test_the_gateway_is_told_with_its_addresses_or_as_off():
    on = views.proxy_view(["http://localhost:9680"], on=True, captures=True)
    off = views.proxy_view([], on=False, captures=False)

    assert (on["mode"], on["addresses"], on["capture_enabled"]) == (
        "standalone",
        ["http://localhost:9680"],
        True,
    )
    assert (off["mode"], off["addresses"]) == ("disabled", [])


def test_without_a_file_there_is_no_name_of_one():
    view = views.status_view(ending=True, uptime=0.0, sources=[], version="1", proxy={})

    assert (view["config_file"], view["status"]) == ("", "stopping")


def test_what_has_not_ended_is_told():
    view = views.ended_view([OperationFailed("cannot stop web: pid 7 is left")])

    assert view["success"] is False
    assert view["failures"] == [
        {"error": "cannot stop web: pid 7 is left", "code": "OPERATION_FAILED"}
    ]


def test_times_are_in_milliseconds():
    assert views.timestamp(1_737_282_721.123) == "2025-01-19T10:32:01.123Z"
    assert views.timestamp(1_737_282_721.0) == "2025-01-19T10:32:01.000Z"
