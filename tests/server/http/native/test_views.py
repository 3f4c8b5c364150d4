import pytest
from msgspec.structs import replace

from pmdaemon.core.health import Health, HealthStatus, ProbeResult
from pmdaemon.core.logs import OutputStream
from pmdaemon.core.metrics import HostSample, Sample, Usage
from pmdaemon.core.process import Backoff, Errored, Exit, Online, ProcessState, Starting, Stopped
from pmdaemon.core.snapshots import ProcessSnapshot
from pmdaemon.core.spec import Command, HealthCheck
from pmdaemon.core.tcp_ports import TcpPorts
from pmdaemon.server.http.native import views
from pmdaemon.server.http.output import DatedLine, Output
from tests.support.builders import NOW, a_process, a_run, an_app, later

NOTHING = Sample()


def a_snapshot(process, sample=NOTHING, at=NOW):
    return ProcessSnapshot(process, sample, "/logs/web-0.out", "/logs/web-0.err", at)


def test_every_state_has_a_word_of_the_api():
    assert set(views.STATUS_WORDS) == set(ProcessState)
    assert set(views.STATUS_WORDS.values()) == {
        "starting",
        "online",
        "stopping",
        "stopped",
        "errored",
        "restarting",
    }


def test_every_stream_has_a_word_of_the_api():
    assert set(views.STREAM_WORDS) == set(OutputStream)


def test_a_process_in_a_list_looks_as_in_the_reference():
    process = a_process(state=Online(a_run(pid=1234)), tcp_port=3000, spec=an_app(name="web-app"))
    snapshot = a_snapshot(process, Sample(cpu=2.5, memory=47448064), at=later(8130.9))

    assert views.process_view(snapshot) == {
        "id": 0,
        "name": "web-app",
        "status": "online",
        "pid": 1234,
        "port": "3000",
        "cpu_usage": 2.5,
        "memory_usage": 47448064,
        "uptime": "2h 15m 30s",
        "restarts": 0,
        "health_status": "unknown",
        "namespace": "default",
        "instance": 0,
    }


def test_what_a_process_has_not_is_null():
    view = views.process_view(a_snapshot(a_process(state=Stopped())))

    assert (view["pid"], view["port"], view["uptime"]) == (None, None, "0s")


def test_the_port_that_is_held_is_told_from_those_declared():
    spec = an_app(instances=4, tcp_ports=TcpPorts(3000, 3003))
    process = a_process(spec=spec, tcp_port=3002, state=Online(a_run()))

    view = views.detail_view([a_snapshot(process)])

    assert view["port"] == "3002"
    assert view["config"]["port"] == "3000-3003"
    assert view["config"]["env"] == {"PORT": "3002"}


def test_the_port_of_a_cluster_is_that_of_each_instance():
    spec = an_app(instances=2, tcp_ports=TcpPorts(3000, 3000), exec_mode="cluster")

    view = views.detail_view([a_snapshot(a_process(spec=spec))])

    assert (view["port"], view["config"]["env"]) == ("3000", {"PORT": "3000"})


def test_a_declared_port_variable_is_what_the_program_gets():
    spec = an_app(tcp_ports=TcpPorts(3000, 3000), env={"PORT": "80"})

    view = views.detail_view([a_snapshot(a_process(spec=spec, tcp_port=3000))])

    assert view["config"]["env"] == {"PORT": "80"}


@pytest.mark.parametrize(
    ("script", "args", "argv", "shown"),
    [
        ("node server.js", (), ("/usr/bin/node", "server.js"), ("node", ["server.js"])),
        ("node 'a b.js'", ("-v",), ("/usr/bin/node", "a b.js", "-v"), ("node", ["a b.js", "-v"])),
        ("server.js", ("-v",), ("/usr/bin/node", "/srv/server.js", "-v"), ("server.js", ["-v"])),
        ("my server", (), ("/srv/my server",), ("my server", [])),
        ("a | b", (), ("/bin/sh", "-c", "a | b"), ("a | b", [])),
        ("it's", (), ("/srv/it's",), ("it's", [])),
    ],
)
def test_a_command_line_is_shown_as_the_words_it_is_run_as(script, args, argv, shown):
    spec = an_app(command=Command(script, args, None, argv))

    config = views.detail_view([a_snapshot(a_process(spec=spec))])["config"]

    assert (config["script"], config["args"]) == shown


def test_what_was_inherited_is_not_shown_and_secrets_are_masked():
    spec = an_app(env={"API_KEY": "abc", "MODE": "x"}, inherited_env={"HOME": "/root"})

    view = views.detail_view([a_snapshot(a_process(spec=spec))])

    assert view["config"]["env"] == {"API_KEY": "********", "MODE": "x"}


def test_of_several_instances_the_first_is_shown_and_all_are_listed():
    snapshots = [a_snapshot(a_process(pm_id=pm_id)) for pm_id in (3, 4)]

    view = views.detail_view(snapshots)

    assert view["id"] == 3
    assert [each["id"] for each in view["instances"]] == [3, 4]


def test_a_single_instance_is_not_listed_again():
    assert "instances" not in views.detail_view([a_snapshot(a_process())])


def test_lines_of_output_carry_time_and_type():
    output = Output([DatedLine(OutputStream.ERR, 1705314600.999, "oh")], total=156)

    assert views.output_view(output) == {
        "logs": [{"timestamp": "2024-01-15T10:30:00Z", "type": "error", "message": "oh"}],
        "total_lines": 156,
    }


def test_the_machine_is_shown_with_its_processes_counted():
    usage = Usage(total=1000, used=250, free=750)
    host = HostSample("h", "linux", "x86_64", 477_000.0, 2, 15.23, (1.004, 2.0, 3.0), usage, usage)
    states = [Online(a_run()), Stopped(), Errored("no"), Starting(), Backoff(NOW, 1.0)]

    view = views.system_view(host, [a_snapshot(a_process(state=state)) for state in states])

    assert view["uptime"] == "5d 12h 30m"
    assert view["cpu"] == {"cores": 2, "usage": 15.2, "load_average": [1.0, 2.0, 3.0]}
    assert view["memory"] == {"total": 1000, "used": 250, "free": 750, "usage_percent": 25.0}
    assert view["processes"] == {"total": 5, "online": 1, "stopped": 1, "errored": 1}


@pytest.mark.parametrize(
    ("wall", "written"),
    [(0.0, "1970-01-01T00:00:00Z"), (1705314600.999, "2024-01-15T10:30:00Z")],
)
def test_times_are_written_in_utc_to_the_second(wall, written):
    assert views.timestamp(wall) == written


def test_how_the_last_run_ended_and_why_it_is_down_are_told():
    crashed = a_process(state=Errored("it failed"), last_exit=Exit(code=3))

    view = views.detail_view([a_snapshot(crashed)])

    assert view["reason"] == "it failed"
    assert view["last_exit"] == {"code": 3, "signal": None}


def test_a_process_that_never_ran_has_no_story():
    view = views.detail_view([a_snapshot(a_process(state=Stopped()))])

    assert (view["started_at"], view["last_exit"], view["reason"]) == (None, None, None)


def test_what_was_declared_is_told_in_milliseconds():
    view = views.detail_view([a_snapshot(a_process(state=Stopped()))])

    assert view["config"]["kill_timeout"] == 1600
    assert view["config"]["min_uptime"] == 1000
    assert view["config"]["stop_signal"] == "SIGINT"


def test_every_health_has_a_word_of_the_api():
    assert set(views.HEALTH_WORDS) == set(HealthStatus)
    assert set(views.HEALTH_WORDS.values()) == {"unknown", "healthy", "unhealthy"}


def test_a_health_check_looks_as_in_the_reference_and_tells_what_it_found():
    check = HealthCheck(kind="http", target="http://me:secret@localhost:3000/health")
    health = Health(HealthStatus.HEALTHY, 0, ProbeResult(True, "200 OK", 0.0451), NOW)
    process = a_process(spec=an_app(health=check))
    snapshot = replace(a_snapshot(process), health=health)

    url = "http://me:********@localhost:3000/health"
    assert views.process_view(snapshot)["health_status"] == "healthy"
    assert views.detail_view([snapshot])["health_check"] == {
        "enabled": True,
        "check_type": "http",
        "url": url,
        "status": "healthy",
        "last_check": views.timestamp(NOW.wall),
        "response_time": 45,
        "target": url,
        "failures": 0,
        "message": "200 OK",
    }


def test_what_was_not_checked_yet_is_unknown():
    process = a_process(spec=an_app(health=HealthCheck(kind="tcp", target="3000")))

    shown = views.detail_view([replace(a_snapshot(process), health=Health())])["health_check"]

    assert (shown["enabled"], shown["status"], shown["last_check"]) == (True, "unknown", None)
    assert (shown["url"], shown["target"], shown["response_time"]) == (None, "3000", None)
