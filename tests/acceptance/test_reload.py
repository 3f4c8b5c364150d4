"""`reload`: new runs in place of old ones, without a gap."""

import json
import os
import signal
import sys
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from importlib.util import find_spec

import pytest

from tests.acceptance.conftest import FOREVER, LISTENS
from tests.acceptance.test_cluster import COMMONJS, MODULE, PYTHON, all_that_answer
from tests.support.http_clients import bodies_of, failures_of, under_load
from tests.support.machine import needs
from tests.support.ports import answers, free_port
from tests.support.running import environment_of, is_alive
from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.shared_home

node = needs("node")

gunicorn = pytest.mark.skipif(find_spec("gunicorn") is None, reason="gunicorn is not installed")

WSGI = """
import os
def answer(environ, start_response):
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""

ENDS_BY_ITSELF = """
process.on('SIGINT', () => server.close(() => process.exit(0)));
"""

SLOW_ANSWERS = """
const http = require('http');
http.createServer((_, response) => {
  setTimeout(() => response.end(String(process.pid)), 100);
}).listen(PORT);
"""


def a_cluster(pmdaemon, port, **fields):
    """Declare a cluster of two in Python, start it, and wait until each instance answers."""
    pmdaemon.script("app.py", PYTHON)
    app = {
        "name": "web",
        "script": "app.py",
        "interpreter": sys.executable,
        "exec_mode": "cluster",
        "instances": 2,
        "port": port,
        "min_uptime": "100ms",
        **fields,
    }
    pmdaemon.script("apps.json", json.dumps({"apps": [app]}))
    pmdaemon.run("start", "apps.json")
    all_that_answer(port, app["instances"])


@node
@pytest.mark.parametrize(
    ("name", "program"),
    [("a.js", COMMONJS), ("b.mjs", MODULE + ENDS_BY_ITSELF), ("c.js", SLOW_ANSWERS)],
    ids=["unchanged", "with a handler of its own", "slow to answer"],
)
def test_no_request_fails_while_a_node_cluster_is_reloaded(pmdaemon, port, name, program):
    pmdaemon.script(name, program.replace("PORT", str(port)))
    # On a busy machine a new run needs its time to come up, and an old one to finish.
    app = {"name": "web", "script": name, "instances": 2, "listen_timeout": "60s"}
    pmdaemon.script("apps.json", json.dumps({"apps": [{**app, "kill_timeout": "60s"}]}))
    pmdaemon.run("start", "apps.json")
    eventually_sync(lambda: answers(port))
    before = {one["pid"] for one in pmdaemon.list()}

    with under_load(port) as clients:
        for _ in range(2):
            pmdaemon.run("reload", "web")

    after = pmdaemon.list()
    assert failures_of(clients) == []
    assert len(bodies_of(clients)) > 2
    assert not before & {one["pid"] for one in after}
    assert [(one["pm_id"], one["restarts"]) for one in after] == [(0, 2), (1, 2)]
    assert not any(map(is_alive, before))


@node
def test_a_connection_that_is_kept_and_idle_is_served_by_the_new_run(pmdaemon, port):
    # However long this takes, neither Node nor we give up.
    program = f"""
    const http = require('http');
    http.createServer({{ keepAliveTimeout: 0 }}, (_, response) => {{
      response.end(String(process.pid));
    }}).listen({port});
    """
    pmdaemon.script("app.js", program)
    app = {"name": "web", "script": "app.js", "instances": 2, "listen_timeout": "60s"}
    pmdaemon.script("apps.json", json.dumps({"apps": [{**app, "kill_timeout": "60s"}]}))
    pmdaemon.run("start", "apps.json")
    eventually_sync(lambda: answers(port))
    with ExitStack() as stack:
        kept = [
            stack.enter_context(closing(HTTPConnection("127.0.0.1", port, timeout=60)))
            for _ in range(8)
        ]
        for connection in kept[1:]:
            assert answer_of(connection) in {one["pid"] for one in pmdaemon.list()}
        kept[0].connect()  # over which nothing is asked yet
        local = [connection.sock.getsockname() for connection in kept]

        pmdaemon.run("reload", "web")

        new = {one["pid"] for one in pmdaemon.list()}
        assert {answer_of(connection) for connection in kept} <= new
        assert [connection.sock.getsockname() for connection in kept] == local


def answer_of(connection):
    """Ask over a connection that is open; return the pid of who answers."""
    connection.request("GET", "/")
    return int(connection.getresponse().read())


@gunicorn
def test_no_request_fails_while_a_cluster_of_gunicorns_is_reloaded(pmdaemon, port):
    pmdaemon.script("shop.py", WSGI)
    options = "--no-control-socket --preload -k gthread --threads 8 --keep-alive 0"
    app = {
        "name": "web",
        "script": f"{sys.executable} -m gunicorn {options} shop:answer",
        "exec_mode": "cluster",
        "instances": 1,
        "port": port,
        "wait_ready": True,
        "listen_timeout": "60s",
        "stop_signal": "SIGTERM",
        "kill_timeout": "60s",
    }
    pmdaemon.script("apps.json", json.dumps({"apps": [app]}))
    pmdaemon.run("start", "apps.json")

    with under_load(port) as clients:
        before = {one["pid"] for one in pmdaemon.list()}
        pmdaemon.run("reload", "web")

    assert failures_of(clients) == []
    assert not before & {one["pid"] for one in pmdaemon.list()}
    assert len(bodies_of(clients)) > 1


def test_the_list_has_one_row_an_instance_all_the_time(pmdaemon, port):
    a_cluster(pmdaemon, port, min_uptime="600ms")
    reloading = pmdaemon.begin("reload", "web")

    seen = set()
    while not seen or reloading.process.poll() is None:
        seen.add(tuple((one["pm_id"], one["instance"]) for one in pmdaemon.list()))

    assert seen == {((0, 0), (1, 1))}
    assert reloading.end().status == 0


def test_output_of_the_new_run_goes_on_in_the_same_files(pmdaemon, port):
    a_cluster(pmdaemon, port, instances=1)
    file = pmdaemon.process("web")["out_file"]
    pmdaemon.script("app.py", "print('the new one', flush=True)\n" + PYTHON)

    pmdaemon.run("reload", "web")

    assert pmdaemon.process("web")["out_file"] == file
    eventually_sync(lambda: "the new one" in pmdaemon.run("logs", "web", "--nostream").out)


def test_new_code_that_does_not_run_leaves_the_old_one_serving(pmdaemon, port):
    a_cluster(pmdaemon, port, min_uptime="60s")
    before = pmdaemon.list()
    pmdaemon.script("app.py", "import sys; sys.exit('no module named shop')")

    failed = pmdaemon.run("reload", "web", status=1)

    assert failed.err.startswith(
        "pmdaemon: cannot reload web:0, which goes on as before:"
        " it ended before it was ready, with exit code 1\n"
    )
    assert "no module named shop" in failed.err
    after = pmdaemon.list()
    assert [(one["pid"], one["restarts"]) for one in after] == [(one["pid"], 0) for one in before]
    assert answers(port)


@node
def test_new_code_that_never_listens_leaves_the_old_one_serving(pmdaemon, port):
    pmdaemon.script("app.js", COMMONJS.replace("PORT", str(port)))
    pmdaemon.script(
        "apps.json",
        '[{"name": "web", "script": "app.js", "instances": 1, "listen_timeout": "1500ms"}]',
    )
    pmdaemon.run("start", "apps.json")
    eventually_sync(lambda: answers(port))
    pid = pmdaemon.pid("web")
    pmdaemon.script("app.js", "setInterval(() => {}, 1000)")

    refusal = pmdaemon.refused("reload", "web", status=1)

    assert refusal == ("cannot reload web, which goes on as before: it did not listen within 1.5 s")
    assert pmdaemon.pid("web") == pid
    assert answers(port)


def test_what_cannot_be_beside_itself_is_restarted_and_said_so(pmdaemon, port):
    pmdaemon.script("app.py", LISTENS)
    pmdaemon.run("start", "app.py", "--name", "api", "--port", str(port))
    pid = pmdaemon.pid("api")

    done = pmdaemon.run("reload", "api")

    assert done.err == (
        "pmdaemon: api cannot run beside itself, so it was restarted:"
        " it is no cluster, and has no other TCP port to go to\n"
    )
    assert not is_alive(pid)
    eventually_sync(lambda: answers(port))


def test_a_program_goes_to_other_ports_and_is_never_away(pmdaemon):
    pmdaemon.script("app.py", LISTENS)
    old, new = free_port(), free_port()
    pmdaemon.run("start", "app.py", "--name", "api", "--port", str(old), "--listen-timeout", "60s")
    eventually_sync(lambda: answers(old))

    pmdaemon.run("reload", "api", "--port", str(new))

    assert pmdaemon.process("api")["tcp_port"] == new
    assert answers(new)
    assert not answers(old)


def test_a_new_environment_is_taken_over_where_that_is_wanted(pmdaemon, port):
    a_cluster(pmdaemon, port, instances=1)

    pmdaemon.run("reload", "web", COLOUR="red")
    assert "COLOUR" not in environment_of(pmdaemon.pid("web"))
    pmdaemon.run("reload", "web", "--update-env", COLOUR="red")

    assert environment_of(pmdaemon.pid("web"))["COLOUR"] == "red"


def test_a_stopped_program_is_started(pmdaemon):
    pmdaemon.run("start", FOREVER, "--name", "app")
    pmdaemon.run("stop", "app")

    pmdaemon.run("reload", "app")

    assert is_alive(pmdaemon.pid("app"))


def test_a_second_reload_is_refused_and_a_stop_ends_both_runs(pmdaemon, port):
    a_cluster(pmdaemon, port, instances=1, min_uptime="60s", listen_timeout="30s")
    old = pmdaemon.pid("web")
    reloading = pmdaemon.begin("reload", "web")
    eventually_sync(lambda: len(programs(pmdaemon)) == 2)

    assert pmdaemon.refused("reload", "web", status=1) == (
        "web is being reloaded; try again when that is done"
    )
    assert pmdaemon.refused("update", status=1) == (
        "a reload is going on; try again when that is done"
    )
    pmdaemon.run("stop", "web")

    assert not is_alive(old)
    assert programs(pmdaemon) == set()
    failed = reloading.end()
    assert failed.status == 1
    assert "meanwhile it was stopped, restarted or deleted" in failed.err


def test_a_daemon_that_dies_during_a_reload_leaves_the_old_run_serving(pmdaemon, port):
    a_cluster(pmdaemon, port, instances=1, min_uptime="60s", listen_timeout="30s")
    old = pmdaemon.pid("web")
    reloading = pmdaemon.begin("reload", "web")
    eventually_sync(lambda: len(programs(pmdaemon)) == 2)

    pmdaemon.kill_daemon()

    assert reloading.end().status != 0
    eventually_sync(lambda: programs(pmdaemon) == {old})
    assert pmdaemon.process("web")["restarts"] == 0


def test_readiness_may_be_said_to_the_notify_socket(pmdaemon, port):
    a_cluster(pmdaemon, port, instances=1, min_uptime="60s", listen_timeout="30s")
    old = pmdaemon.pid("web")
    says_ready = """
import os, socket
line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
line.connect(os.environ["NOTIFY_SOCKET"])
line.send(b"READY=1")
"""
    pmdaemon.script("app.py", says_ready + PYTHON)

    pmdaemon.run("reload", "web")

    assert pmdaemon.pid("web") != old


def programs(pmdaemon):
    """List the programs that run, of which the list shows but one an instance."""
    return {pid for pid in pids_with(pmdaemon, "app.py") if is_alive(pid)}


def pids_with(pmdaemon, word):
    found = set()
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as cmdline:
                words = cmdline.read().split(b"\0")
        except OSError:
            continue
        if str(pmdaemon.work / word).encode() in words:
            found.add(int(entry))
    return found


def test_a_signal_that_ends_the_new_run_is_told(pmdaemon, port):
    a_cluster(pmdaemon, port, instances=1, min_uptime="60s", listen_timeout="30s")
    old = pmdaemon.pid("web")
    reloading = pmdaemon.begin("reload", "web")
    eventually_sync(lambda: len(programs(pmdaemon)) == 2)

    [new] = programs(pmdaemon) - {old}
    os.kill(new, signal.SIGKILL)

    failed = reloading.end()
    assert (failed.status, "with signal 9" in failed.err) == (1, True)


def test_a_file_that_was_edited_is_reloaded_as_it_declares_its_apps_now(pmdaemon, port):
    a_cluster(pmdaemon, port)
    before = {one["pid"] for one in pmdaemon.list()}
    file = pmdaemon.work / "apps.json"
    declared = json.loads(file.read_text())
    declared["apps"][0]["env"] = {"COLOUR": "red"}
    declared["apps"].append({"name": "worker", "script": FOREVER})
    file.write_text(json.dumps(declared))

    pmdaemon.run("reload", "apps.json")

    after = [one["pid"] for one in pmdaemon.list() if one["name"] == "web"]
    assert not before & set(after)
    assert {environment_of(pid)["COLOUR"] for pid in after} == {"red"}
    assert pmdaemon.process("worker")["state"] == "online"
