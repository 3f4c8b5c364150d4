import pytest

from pmdaemon.config import ecosystem
from pmdaemon.config.app_fields import read_apps
from pmdaemon.config.pup_shape import apps_of
from pmdaemon.core.errors import InvalidConfiguration
from pmdaemon.core.routing import Listener
from pmdaemon.core.spec import Published

FULL = """
// As JSON5.
{
  "name": "shop",
  "terminateTimeout": 5,
  "watcher": { "interval": 350, "skip": ["*.log"] },
  "api": { "port": 9000, "revoked": ["ci"] },
  "processes": [
    { "id": "web", "cmd": "sleep 5", "autostart": true, "restartDelayMs": 250, "restartLimit": 3,
      "env": { "MODE": "fast" }, "path": "/opt/bin", "pidFile": "web.pid",
      "cluster": { "instances": 3, "startPort": 8000, "commonPort": 3456, "strategy": "ip-hash" },
      "logger": { "stdout": "out.log", "console": false } },
    { "id": "nightly", "cmd": "sleep 1", "cron": "0 3 * * *", "timeout": 60, "overrun": true },
    { "id": "watched", "cmd": "sleep 2", "watch": ["src"], "terminateTimeout": 1.5 },
    { "id": "idle", "cmd": "sleep 3", "restart": "error", "terminate": "0 4 * * *", },
  ],
}
"""


@pytest.fixture
def loaded(tmp_path):
    path = tmp_path / "pup.jsonc"
    path.write_text(FULL)
    file = ecosystem.load(str(path), {"PATH": "/usr/bin:/bin"})
    (tmp_path / "src").mkdir()
    specs = read_apps(
        file.apps, source="pup.jsonc", base=str(tmp_path), environment={"PATH": "/usr/bin:/bin"}
    )
    return {one.spec.name: one.spec for one in specs}, file


def test_a_cluster_has_its_instances_and_their_ports(loaded):
    web = loaded[0]["web"]

    assert (web.instances, str(web.tcp_ports), web.exec_mode) == (3, "8000-8002", "fork")
    assert (web.restart.restart_delay, web.restart.max_restarts) == (0.25, 4)
    assert (web.namespace, web.autostart, web.restart.autorestart) == ("shop", True, True)
    assert web.env == {"MODE": "fast", "PATH": "/usr/bin:/bin:/opt/bin"}
    assert web.stop.signal == "SIGTERM"
    assert web.stop.grace == 5.0
    assert web.logs.out_file == web.logs.error_file


def test_a_common_port_is_balanced_over_the_instances(loaded):
    at = Listener("localhost", 3456)

    assert loaded[0]["web"].proxy == Published(strategy="ip-hash", listener=at)


@pytest.mark.parametrize(
    ("host", "place"), [("0.0.0.0", "0.0.0.0:4000"), ("::1", "[::1]:4000"), (None, 4000)]
)
def test_a_common_port_is_on_this_machine_unless_something_else_is_said(host, place):
    cluster = {"instances": 2, "startPort": 8000, "commonPort": 4000, "commonHost": host}

    [app], warnings = read({"id": "a", "cmd": "x", "cluster": cluster})

    assert app["proxy"]["listen"] == place
    assert bool(warnings) == (host is None)


def test_a_cluster_without_ports_has_none_and_what_is_unknown_in_it_is_told():
    [app], warnings = read({"id": "a", "cmd": "x", "cluster": {"instances": 2, "ports": 8000}})

    assert (app["instances"], app.get("port")) == (2, None)
    assert [one.partition(": ")[0] for one in warnings] == ["processes[0].cluster.ports"]


def test_a_single_instance_of_a_cluster_has_its_own_port_too():
    [app], _ = read({"id": "a", "cmd": "node a.js", "cluster": {"startPort": 8000}})

    assert (app["exec_mode"], app["port"], app["instances"]) == ("fork", "8000-8000", 1)


def test_what_has_a_cron_alone_is_a_job(loaded):
    nightly = loaded[0]["nightly"]

    assert (nightly.job.schedule.cron, nightly.job.overlap) == ("0 3 * * *", "queue")
    assert nightly.max_runtime == 60.0


def test_what_is_watched_is_started_too(loaded):
    watched = loaded[0]["watched"]

    assert watched.autostart
    assert watched.watch.paths[0].endswith("/src")
    assert (watched.watch.ignore, watched.watch.delay) == (("*.log",), 0.35)
    assert watched.stop.grace == 1.5


def test_what_nothing_starts_is_listed_and_waits(loaded):
    idle = loaded[0]["idle"]

    assert not idle.autostart
    assert idle.restart.stop_exit_codes == {0}
    assert idle.restart.restart_delay == 10.0


def test_what_is_not_acted_on_is_said_with_its_place(loaded):
    places = [one.split(": ")[0] for one in loaded[1].warnings]

    assert places == [
        "api",
        "processes[0].cluster.commonPort",
        "processes[0].logger.console",
        "processes[1].overrun",
        "processes[3].terminate",
    ]


@pytest.mark.parametrize(
    ("process", "fields"),
    [
        # What is restarted comes again; the rest is down until its cron, or somebody, starts it.
        ({"autostart": True}, {"cron_restart": "0 4 * * *"}),
        ({"autostart": True, "cron": "0 3 * * *"}, {"cron_restart": "0 4 * * *"}),
        ({"autostart": True, "restart": None}, {"cron_stop": "0 4 * * *"}),
        ({"restart": "error"}, {"cron_stop": "0 4 * * *"}),
        ({}, {"cron_stop": "0 4 * * *"}),
        ({"cron": "0 3 * * *"}, {"cron_stop": "0 4 * * *"}),
    ],
)
def test_a_schedule_that_terminates_restarts_what_is_restarted_anyway(process, fields):
    [app], _ = read({"id": "a", "cmd": "x", "terminate": "0 4 * * *", **process})

    schedules = {key: app[key] for key in ("cron_restart", "cron_stop") if app.get(key)}
    assert schedules == fields


def test_a_time_limit_holds_whatever_starts_it():
    [app], _ = read({"id": "a", "cmd": "x", "timeout": 90})

    assert app["max_runtime"] == "90s"


def read(*processes):
    return apps_of("pup.json", {"processes": list(processes)}, {})


def test_what_nobody_knows_is_remarked():
    _, warnings = apps_of("pup.json", {"processes": [{"id": "a", "cmdd": "x"}], "plugin": []}, {})

    assert warnings[0].startswith("plugin: ")
    assert warnings[1].startswith("processes[0].cmdd: ")


@pytest.mark.parametrize(
    ("process", "problem"),
    [
        (5, "processes[0]: not a process"),
        ({"cmd": "x"}, "processes[0].id: it is missing"),
        ({"id": "a", "worker": ["x.ts"]}, "processes[0].worker: it would run inside Pup"),
        ({"id": "a", "cluster": 3}, "processes[0].cluster: not an object"),
        ({"id": "a", "cluster": {"commonPort": 80}}, "processes[0].cluster.commonPort: instances"),
        (
            {"id": "a", "cluster": {"commonPort": 80, "startPort": 81, "commonHost": 5}},
            "processes[0].cluster.commonHost: not an address: 5",
        ),
        ({"id": "a", "restart": "never"}, "processes[0].restart: always or error"),
        ({"id": "a", "restart": []}, "processes[0].restart: always or error"),
    ],
)
def test_what_is_no_process_is_refused_with_its_place(process, problem):
    with pytest.raises(InvalidConfiguration) as refused:
        apps_of("pup.json", {"processes": [process]}, {})

    assert refused.value.problems[0].startswith(problem)


def test_a_limit_of_no_restarts_is_none():
    [app], _ = apps_of(
        "pup.json",
        {"processes": [{"id": "a", "cmd": "x", "autostart": True, "restartLimit": 0}]},
        {},
    )

    assert app["autorestart"] is False
