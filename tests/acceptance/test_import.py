"""`import`: from another process manager, with everything that it kept running."""

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.support.machine import needs
from tests.support.ports import answers, free_port
from tests.support.running import environment_of
from tests.support.waiting import eventually_sync

PM2 = os.environ.get("PM2_TO_COMPARE") or shutil.which("pm2")

SUPERVISORD = Path(sys.executable).with_name("supervisord")

WEB = """
const http = require('http');
const answer = (_, response) => response.end(process.env.name + process.env.NODE_APP_INSTANCE);
http.createServer(answer).listen(process.env.PORT);
"""

API = """
import http.server, os
handler = http.server.SimpleHTTPRequestHandler
http.server.test(handler, port=int(os.environ["API_PORT"]), bind="127.0.0.1")
"""

ECOSYSTEM = """
module.exports = { apps: [
  { name: 'web', script: 'web.js', instances: 2, env: { PORT: WEB_PORT } },
  { name: 'api', script: 'api.py', interpreter: 'PYTHON', env: { API_PORT: 'OTHER_PORT' } },
  { name: 'worker', script: './worker.sh', namespace: 'jobs', max_memory_restart: '200M' },
  { name: 'report', script: './report.sh', cron_restart: '0 3 * * *', autorestart: false },
] };
"""


def get(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60) as answer:
        return answer.read().decode()


@pytest.fixture
def project(pmdaemon):
    """A project of several languages with its file, and the ports that it serves."""
    ports = free_port(), free_port()
    file = ECOSYSTEM.replace("WEB_PORT", str(ports[0])).replace("OTHER_PORT", str(ports[1]))
    pmdaemon.script("ecosystem.config.js", file.replace("PYTHON", sys.executable))
    pmdaemon.script("web.js", WEB)
    pmdaemon.script("api.py", API)
    pmdaemon.script("worker.sh", "while true; do sleep 1; done\n")
    pmdaemon.script("report.sh", "echo done\n")
    return ports


@pytest.fixture
def pm2(pmdaemon):
    """PM2 itself, with a home of its own."""
    if PM2 is None or shutil.which("node") is None:
        pytest.skip("there is no PM2")
    home = pmdaemon.work / "pm2"
    environment = {**pmdaemon.environment, "PM2_HOME": str(home), "PM2_DISCRETE_MODE": "1"}

    def call(*arguments):
        command = [PM2, *arguments]
        subprocess.run(
            command, cwd=pmdaemon.work, env=environment, check=True, capture_output=True, timeout=60
        )

    call.home = str(home)
    yield call
    call("kill")


def test_what_pm2_runs_goes_over_and_its_variables_with_it(pmdaemon, pm2, project):
    web, api = project
    pm2("start", "ecosystem.config.js")
    eventually_sync(lambda: answers(web) and answers(api))

    told = pmdaemon.run("import", "pm2", "--from", pm2.home)
    listed = {one["called"]: one["state"] for one in pmdaemon.list()}
    pm2("save")
    pm2("kill")
    pmdaemon.run("start", "web", "api", "worker")

    assert "pmdaemon start web api worker\n" in told.out
    assert listed == dict.fromkeys(["web:0", "web:1", "api", "worker", "report"], "stopped")
    eventually_sync(lambda: answers(web) and answers(api))
    assert get(web) in {"web0", "web1"}
    assert pmdaemon.process("worker")["namespace"] == "jobs"
    pmdaemon.run("reload", "web")
    pmdaemon.run("scale", "web", "+1")
    assert [one["state"] for one in pmdaemon.list() if one["name"] == "web"] == ["online"] * 3


@needs("node")
def test_a_saved_list_of_pm2_comes_up_where_pm2_is_gone(pmdaemon, port):
    pmdaemon.script("web.js", WEB)
    entry = {
        "name": "web",
        "pm_exec_path": str(pmdaemon.work / "web.js"),
        "pm_cwd": str(pmdaemon.work),
        "exec_interpreter": "node",
        "exec_mode": "cluster_mode",
        "instances": 2,
        "status": "online",
        "namespace": "default",
        "env": {"PORT": str(port), "PATH": os.environ["PATH"]},
        "kill_timeout": 3000,
    }
    home = pmdaemon.work / "pm2"
    home.mkdir()
    (home / "dump.pm2").write_text(json.dumps([entry, {**entry, "NODE_APP_INSTANCE": 1}]))

    pmdaemon.run("import", "pm2", "--from", str(home))

    eventually_sync(lambda: answers(port))
    assert get(port) in {"web0", "web1"}
    environment = environment_of(pmdaemon.process("web", 1)["pid"])
    assert (environment["exec_mode"], environment["instances"]) == ("cluster_mode", "2")


SUPERVISED = """
[supervisord]
pidfile=%(here)s/supervisord.pid
logfile=%(here)s/supervisord.log
[unix_http_server]
file=%(here)s/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[program:worker]
command=sh -c "echo up as $STAGE; exec sleep 1000"
process_name=%(program_name)s%(process_num)d
numprocs=2
stopwaitsecs=1
environment=STAGE="live, really"
[group:jobs]
programs=worker
"""


def test_what_supervisor_runs_is_listed_and_runs_once_supervisor_is_gone(pmdaemon):
    if not SUPERVISORD.exists():
        pytest.skip("supervisor is not installed")
    conf = pmdaemon.work / "supervisord.conf"
    conf.write_text(SUPERVISED)
    environment = {k: v for k, v in pmdaemon.environment.items() if k != "PYTHONPATH"}
    supervisor = subprocess.Popen(
        [SUPERVISORD, "-n", "-c", conf], env=environment, stdout=subprocess.DEVNULL
    )
    try:
        noted = pmdaemon.work / "supervisord.pid"
        eventually_sync(lambda: noted.exists() and noted.read_text().endswith("\n"))

        told = pmdaemon.run("import", "supervisor")

        assert {one["state"] for one in pmdaemon.list()} == {"stopped"}
        assert f"supervisorctl -c {conf} shutdown\n    pmdaemon start worker\n" in told.out
    finally:
        supervisor.terminate()
        supervisor.wait(60)
    pmdaemon.run("start", "jobs")
    eventually_sync(lambda: "up as live, really" in pmdaemon.run("logs", "--nostream").out)
    assert [one["called"] for one in pmdaemon.list()] == ["worker:0", "worker:1"]
