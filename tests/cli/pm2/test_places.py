import os
import subprocess

import pytest
from msgspec.structs import replace

from pmdaemon.cli.pm2.places import Pm2Context, own_file
from pmdaemon.core.errors import HomeUnusable
from pmdaemon.core.spec import LogPolicy
from tests.support.views import DECLARED, a_view


@pytest.fixture
def context(tmp_path):
    return Pm2Context({"PM2_HOME": str(tmp_path / "pm2")})


def test_our_home_is_within_that_of_pm2(context, tmp_path):
    assert context.home.path == str(tmp_path / "pm2" / "pmdaemon")
    assert context.home.dump == str(tmp_path / "pm2" / "dump.pm2")
    assert context.home.conf == str(tmp_path / "pm2" / "module_conf.json")
    assert context.environment["PMDAEMON_HOME"] == context.home.path


def test_files_of_pm2_are_where_its_variables_say():
    variables = {
        "PM2_DUMP_FILE_PATH": "/srv/list",
        "PM2_MODULE_CONF_FILE": "/srv/values",
        "PM2_PID_FILE_PATH": "/run/pm2.pid",
        "PM2_DEFAULT_LOG_PATH": "/var/log/pm2",
        "PM2_LOG_FILE_PATH": "",
    }
    context = Pm2Context({"PM2_HOME": "/pm2", **variables})
    home, places = context.home, context.places(a_view("web", detail=True))

    assert (home.dump, home.conf) == ("/srv/list", "/srv/values")
    assert str(home.of_pm2("pm2.pid")) == "/run/pm2.pid"
    assert str(home.of_pm2("pm2.log")) == "/pm2/pm2.log"
    assert (places.out, places.pid) == ("/var/log/pm2/web-out.log", "/pm2/pids/web-0.pid")


def test_the_usual_home_is_that_of_the_user():
    assert Pm2Context({"HOME": "/home/u"}).home.pm2 == "/home/u/.pm2"


@pytest.mark.parametrize(
    ("changes", "name", "out"),
    [
        ({}, "web", "web-out.log"),
        ({}, "a b/ü.x-1", "a-b--.x-1-out.log"),
        ({"instances": 2}, "web", "web-out-7.log"),
        ({"exec_mode": "cluster"}, "web", "web-out-7.log"),
        ({"instances": 2, "logs": LogPolicy(merge=True)}, "web", "web-out.log"),
    ],
)
def test_files_of_output_have_pm2s_names(context, changes, name, out):
    view = a_view(name, detail=True, pm_id=7, spec=replace(DECLARED, **changes))

    assert context.places(view).out == str(context.home.of_pm2("logs", out))


def test_the_environment_of_pm2_declares_apps():
    context = Pm2Context({"PM2_HOME": "/pm2", "PM2_KILL_SIGNAL": "SIGTERM", "PM2_KILL_TIMEOUT": ""})

    assert context.defaults() == {"stop_signal": "SIGTERM"}
    assert context.defaults("a b")["pid_file"] == "/pm2/pids/a-b-{id}.pid"


def test_pm2_itself_is_not_disturbed(context):
    context.settle()
    title = ["bash", "-c", "exec -a 'PM2 v7: God Daemon' sleep 100"]
    with subprocess.Popen(title, stdout=subprocess.PIPE) as god:
        try:
            context.home.of_pm2("pm2.pid").write_text(str(god.pid))
            from tests.support.waiting import eventually_sync

            def is_refused():
                try:
                    context.settle()
                except HomeUnusable as error:
                    return f"PM2 itself runs in {context.home.pm2} (pid {god.pid})" in error.message
                return False

            assert eventually_sync(is_refused)
        finally:
            god.kill()
    context.settle()


def test_links_take_the_place_of_pm2s_files_and_keep_them(context, daemon_of):
    context.settle()
    log = context.home.of_pm2("logs", "web-out.log")
    log.write_text("old\n")

    with daemon_of(context.home) as daemon:
        view = a_view("web", detail=True)
        daemon.answers("list", {"result": {"processes": [view]}})
        context.link()
        context.link()

    assert os.readlink(log) == view["out_file"]
    assert log.with_name("web-out.log.pm2").read_text() == "old\n"
    assert os.readlink(context.home.of_pm2("pm2.pid")) == context.home.pid_file


@pytest.mark.parametrize(
    ("logs", "file"),
    [
        (LogPolicy(date_format="YYYY"), "/logs/web-0.out.log"),
        (LogPolicy(json=True), "/logs/web-0.out.log"),
        (LogPolicy(json=True, combined_file="/all.log"), "/logs/web-0.out.log"),
        (LogPolicy(combined_file="/all.log"), "/logs/web-0.out"),
    ],
)
def test_links_lead_to_lines_as_pm2_would_write_them(context, daemon_of, logs, file):
    context.settle()

    with daemon_of(context.home) as daemon:
        view = a_view("web", detail=True, spec=replace(DECLARED, logs=logs))
        daemon.answers("list", {"result": {"processes": [view]}})
        context.link()

    assert os.readlink(context.home.of_pm2("logs", "web-out.log")) == file


def test_a_file_of_the_users_own_is_its_own_place():
    spec = replace(DECLARED, logs=LogPolicy(out_file="/o.log"))
    view = a_view(detail=True, instance=1, spec=spec)

    assert own_file(view, "out_file") == "/o-1.log"
    assert own_file(view, "error_file") is None


@pytest.fixture
def daemon_of():
    from contextlib import contextmanager
    from pathlib import Path

    from tests.support.scripted_daemon import ScriptedDaemon

    @contextmanager
    def begin(home):
        Path(home.path).mkdir(mode=0o700, parents=True, exist_ok=True)
        with ScriptedDaemon(home.socket) as scripted:
            yield scripted

    return begin
