"""Clusters: instances that share what they listen on."""

import json
import os
import signal
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.machine import needs
from tests.support.ports import answers, free_port
from tests.support.running import environment_of, is_alive
from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.shared_home

node = needs("node")

COMMONJS = """
const http = require('http');
http.createServer((_, response) => {
  response.end([process.pid, process.env.NODE_APP_INSTANCE, process.env.NODE_OPTIONS].join(' '));
}).listen(PORT, () => console.log('listening'));
"""

MODULE = """
import { createServer } from 'node:http';
const server = createServer((_, response) => response.end(`${process.pid} `));
server.listen({ port: PORT, host: '127.0.0.1' }, () => console.log('listening'));
"""

LATE = """
const net = require('net');
const head = 'HTTP/1.0 200 OK\\r\\n\\r\\n';
const server = net.createServer((socket) => socket.on('error', () => {}).end(head + process.pid));
setTimeout(() => server.listen('PORT', 'localhost'), 300);
"""

PYTHON = """
import os, socket
assert os.environ["LISTEN_PID"] == str(os.getpid())
assert os.environ["LISTEN_FDS"] == "1"
listener = socket.socket(fileno=3)
while True:
    connection, _ = listener.accept()
    connection.recv(65536)
    answer = f"{os.getpid()} {os.environ['PORT']}"
    connection.sendall(f"HTTP/1.0 200 OK\\r\\n\\r\\n{answer}".encode())
    connection.close()
"""


def declared(pmdaemon, name="web", file="apps.json", **fields):
    """Write an ecosystem file with one cluster in Python."""
    pmdaemon.script("app.py", PYTHON)
    usual = {"script": "app.py", "interpreter": sys.executable, "exec_mode": "cluster"}
    pmdaemon.script(file, json.dumps({"apps": [{"name": name, **usual, **fields}]}))
    return file


def ask(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60) as response:
        return response.read().decode()


def all_that_answer(port, count):
    """Ask until so many programs have answered, and return their pids."""
    pids = set()

    def answered():
        pids.add(int(ask(port).split()[0]))
        return len(pids) >= count

    eventually_sync(answered)
    return pids


@node
@pytest.mark.parametrize(
    ("name", "program"), [("app.js", COMMONJS), ("app.mjs", MODULE), ("app.cjs", LATE)]
)
def test_instances_of_an_unchanged_node_program_share_its_port(pmdaemon, port, name, program):
    pmdaemon.script(name, program.replace("PORT", str(port)))

    pmdaemon.run("start", name, "--name", "web", "-i", "2")
    eventually_sync(lambda: answers(port))

    assert all_that_answer(port, 2) == {one["pid"] for one in pmdaemon.list()}


@node
def test_no_node_program_waits_for_a_connection_that_another_one_got(pmdaemon, port):
    pmdaemon.script("app.js", COMMONJS.replace("PORT", str(port)))
    pmdaemon.run("start", "app.js", "--name", "web", "-i", "2")
    eventually_sync(lambda: answers(port))

    for one in pmdaemon.list():
        [flags] = eventually_sync(lambda pid=one["pid"]: list(flags_of_listeners(pid, port)))
        assert flags & os.O_NONBLOCK


def flags_of_listeners(pid, port):
    """List the flags (proc(5), fdinfo) of the sockets by which a program listens on a port."""
    tables = [Path(f"/proc/{pid}/net/{name}").read_text() for name in ("tcp", "tcp6")]
    rows = [row.split() for table in tables for row in table.splitlines()[1:]]
    wanted = {
        f"socket:[{row[9]}]" for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "0A"
    }
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # one that it had open for a moment
            if os.readlink(file) in wanted:
                info = Path(f"/proc/{pid}/fdinfo/{file.name}").read_text()
                yield int(info.split("flags:")[1].split()[0], 8)


@node
def test_a_node_program_has_its_number_and_nothing_of_ours_in_its_options(pmdaemon, port):
    pmdaemon.script("app.js", COMMONJS.replace("PORT", str(port)))

    pmdaemon.run("start", "app.js", "--name", "web", "-i", "1", NODE_OPTIONS="--no-warnings")
    eventually_sync(lambda: answers(port))

    assert ask(port) == f"{pmdaemon.pid('web')} 0 --no-warnings"


@node
def test_a_port_that_somebody_has_is_told_to_the_program_as_node_tells_it(pmdaemon, port):
    pmdaemon.script("app.js", COMMONJS.replace("PORT", str(port)))
    pmdaemon.run("start", "app.js", "--name", "first", "-i", "1")
    eventually_sync(lambda: answers(port))

    pmdaemon.run("start", "app.js", "--name", "second", "-i", "1", "--no-autorestart")
    pmdaemon.when("second", lambda process: process["state"] == "exited")

    assert (
        f"listen EADDRINUSE: :::{port}"
        in pmdaemon.run("logs", "second", "--nostream", "--lines", "50").out
    )


@node
def test_a_program_that_has_nothing_to_do_ends_although_it_has_a_channel(pmdaemon):
    pmdaemon.script("app.js", "console.log(typeof process.send);")

    pmdaemon.run("start", "app.js", "--name", "app", "-i", "1", "--no-autorestart")

    pmdaemon.when("app", lambda process: process["state"] == "exited")
    assert "function" in pmdaemon.run("logs", "app", "--nostream").out


def test_programs_of_any_language_find_the_shared_socket_as_descriptor_3(pmdaemon, port):
    pmdaemon.run("start", declared(pmdaemon, instances=2, port=port))

    assert all_that_answer(port, 2) == {one["pid"] for one in pmdaemon.list()}
    assert ask(port).split()[1] == str(port)
    assert {one["tcp_port"] for one in pmdaemon.list()} == {port}


def test_connections_wait_while_no_instance_is_there_and_are_refused_after_a_stop(pmdaemon, port):
    pmdaemon.run("start", declared(pmdaemon, restart_delay=300, port=port))
    first = int(ask(port).split()[0])

    os.kill(first, signal.SIGKILL)
    eventually_sync(lambda: not is_alive(first))

    second = int(ask(port).split()[0])
    assert second != first
    # It answers before the daemon has written down that it runs.
    pmdaemon.when("web", lambda process: process["pid"] == second)
    pmdaemon.run("stop", "web")
    assert not answers(port)


def test_a_shared_port_of_somebody_else_is_refused(pmdaemon, port):
    pmdaemon.run("start", declared(pmdaemon, "first", instances=2, port=port))
    second = declared(pmdaemon, "second", "second.json", instances=2, port=port)

    refusal = pmdaemon.refused("start", second, status=1)

    assert refusal == f"cannot start second: port {port} belongs to first"


@pytest.fixture
def told_to_end(pmdaemon):
    """A program that runs, and is declared to be told by message to end."""
    pmdaemon.script(
        "app.js",
        "process.on('disconnect', () => console.log('cut off'));"
        "process.on('message', (text) => { console.log('got', text); process.exit(0); });"
        "console.log('up'); setInterval(() => {}, 1000);",
    )
    pmdaemon.script(
        "apps.json", '[{"name": "app", "script": "app.js", "shutdown_with_message": true}]'
    )
    pmdaemon.run("start", "apps.json")
    eventually_sync(lambda: "up" in pmdaemon.run("logs", "app", "--nostream").out)


@node
@pytest.mark.usefixtures("told_to_end")
def test_a_program_is_told_by_message_to_end_where_that_is_declared(pmdaemon):
    pmdaemon.run("stop", "app")

    assert "got shutdown" in pmdaemon.run("logs", "app", "--nostream").out
    assert pmdaemon.process("app")["last_exit"] == {"code": 0, "signal": None}


@node
@pytest.mark.usefixtures("told_to_end")
def test_a_channel_outlives_the_daemon(pmdaemon):
    pid = pmdaemon.pid("app")

    pmdaemon.kill_daemon()

    assert pmdaemon.pid("app") == pid
    pmdaemon.run("stop", "app")
    printed = pmdaemon.run("logs", "app", "--nostream").out
    assert "got shutdown" in printed
    assert "cut off" not in printed


def test_instances_may_be_told_apart_by_variables_of_ones_own(pmdaemon):
    pmdaemon.script(
        "apps.json",
        '[{"name": "app", "script": "sleep 1000", "instances": 2, "instance_var": "SHARD",'
        ' "increment_var": "CONSOLE", "env": {"CONSOLE": "7000"}}]',
    )

    pmdaemon.run("start", "apps.json")

    environments = [environment_of(one["pid"]) for one in pmdaemon.list()]
    assert [one["SHARD"] for one in environments] == ["0", "1"]
    assert [one["CONSOLE"] for one in environments] == ["7000", "7001"]


def test_ports_of_a_cluster_are_free_for_the_next(pmdaemon):
    port = free_port()
    for name in ("first", "second"):
        pmdaemon.run("start", declared(pmdaemon, name, port=port))
        assert int(ask(port).split()[0]) == pmdaemon.pid(name)
        pmdaemon.run("delete", name)
