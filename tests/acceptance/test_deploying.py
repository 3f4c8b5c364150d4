"""Repositories deployed for real: by the command line, the gateway in front, git behind."""

import http.client
import json
import os
import signal
import socket
from contextlib import closing
from pathlib import Path

import pytest

from pmdaemon.adapters.walls import Walls
from tests.support.building import a_commit, a_repository
from tests.support.cli import a_home
from tests.support.http_clients import failures_of, get_on, under_load
from tests.support.ports import free_port
from tests.support.running import is_alive
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.posix, pytest.mark.slow]

SERVER = """
const http = require('http');
http.createServer((request, response) => {
  response.end(JSON.stringify({version: VERSION, word: process.env.WORD, pid: process.pid}));
}).listen(process.env.PORT, '127.0.0.1');
"""

PYTHON = """
import http.server, os, json
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"version": "python"}).encode())
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


def a_node_app(version="1"):
    return {
        "package.json": '{"scripts": {"start": "node server.js"}}',
        "server.js": SERVER.replace("VERSION", json.dumps(version)),
    }


class Deploying:
    """A home with a gateway, and a checkout of a repository."""

    def __init__(self, pmdaemon, folder: Path) -> None:
        self.pmdaemon = pmdaemon
        self.checkout = folder / "shop"
        self.port = free_port()
        pmdaemon.run("proxy", "on", "--host", "127.0.0.1", "--http", str(self.port))

    def deploy(self, *arguments, status=0):
        return self.pmdaemon.run("deploy", *arguments, cwd=self.checkout, status=status)

    def get(self, host="shop.localhost", path="/"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with closing(connection):
            connection.request("GET", path, headers={"Host": host})
            answer = connection.getresponse()
            assert answer.status == 200
            return answer.read()

    def seen(self):
        return json.loads(self.get())

    def deployments(self):
        found = self.pmdaemon.run("deployments", "--json").json
        return {one["number"]: one for one in found["deployments"]}


@pytest.fixture
def deploying(tmp_path):
    with a_home(tmp_path) as pmdaemon:
        yield Deploying(pmdaemon, tmp_path)


def test_a_checkout_is_deployed_changed_and_rolled_back(deploying):
    a_repository(deploying.checkout, a_node_app("1"))
    first = deploying.deploy()
    assert first.lines[0] == "deployment 1 of shop"
    assert first.lines[-1].startswith("--> live at http://shop.localhost:")
    assert deploying.seen()["version"] == "1"

    a_commit(deploying.checkout, a_node_app("2"), "Second")
    deploying.deploy()
    assert deploying.seen()["version"] == "2"

    deploying.checkout.rename(deploying.checkout.with_name("gone"))
    back = deploying.pmdaemon.run("rollback", "shop")
    assert back.lines[0] == "deployment 3 of shop: back to release 1"
    assert deploying.seen()["version"] == "1"
    assert {n: d["status"] for n, d in deploying.deployments().items()} == {
        1: "stopped", 2: "stopped", 3: "running",
    }  # fmt: skip
    eventually_sync(lambda: [p["name"] for p in deploying.pmdaemon.list()] == ["shop@3"])


def test_python_and_pages_are_deployed_as_well(deploying):
    a_repository(deploying.checkout, {"main.py": PYTHON})
    deploying.deploy()
    assert deploying.seen() == {"version": "python"}

    (deploying.checkout / "main.py").unlink()
    a_commit(deploying.checkout, {"index.html": "<h1>pages</h1>"}, "Pages")
    deploying.deploy()
    assert deploying.get() == b"<h1>pages</h1>"


def test_one_that_fails_says_why_and_what_was_live_goes_on(deploying):
    a_repository(deploying.checkout, a_node_app("1"))
    deploying.deploy()
    a_commit(deploying.checkout, {"server.js": "throw new Error('no database')"}, "Broken")

    failed = deploying.deploy(status=1)

    assert "Error: no database" in failed.out
    assert failed.err.startswith("pmdaemon: deployment 2 of shop failed: shop@2 ended before it")
    assert deploying.seen()["version"] == "1"
    assert deploying.deployments()[2]["status"] == "failed"
    assert [one["name"] for one in deploying.pmdaemon.list()] == ["shop@1"]


def test_nothing_is_dropped_by_a_deployment_and_a_rollback(deploying):
    a_repository(deploying.checkout, a_node_app("1"))
    deploying.deploy()
    with under_load(deploying.port, host="shop.localhost") as clients:
        a_commit(deploying.checkout, a_node_app("2"), "Second")
        deploying.deploy()
        get_on(clients)
        deploying.pmdaemon.run("rollback", "shop", "1")

    assert failures_of(clients) == []
    versions = {json.loads(body)["version"] for one in clients for body in one.bodies}
    pids = {json.loads(body)["pid"] for one in clients for body in one.bodies}
    assert (versions, len(pids)) == ({"1", "2"}, 3)
    assert deploying.seen()["version"] == "1"


TALKING = """
const server = require('http').createServer((request, response) => response.end('{}'));
server.on('upgrade', (request, socket) => {
  socket.on('error', () => {});
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\n'
    + 'Connection: Upgrade\\r\\n\\r\\n');
  socket.on('data', () => socket.write(VERSION));
});
server.listen(process.env.PORT, '127.0.0.1');
"""

ASKING = (
    b"GET / HTTP/1.1\r\nHost: shop.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def test_a_websocket_talks_to_the_old_release_until_that_ends_and_then_to_the_new_one(deploying):
    def version(number):
        return {**a_node_app(), "server.js": TALKING.replace("VERSION", f"'{number}'")}

    def talk():
        connection = socket.create_connection(("127.0.0.1", deploying.port), timeout=60)
        connection.sendall(ASKING)
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(1)
        assert head.startswith(b"HTTP/1.1 101 ")
        return connection

    def says(connection):
        connection.sendall(b"?")
        return connection.recv(1)

    a_repository(deploying.checkout, version(1))
    deploying.deploy()
    with closing(talk()) as former:
        assert says(former) == b"1"
        a_commit(deploying.checkout, version(2), "Second")
        deploying.deploy()
        assert former.recv(1) == b""  # it has an end, which its client sees

        with closing(talk()) as next_one:
            assert says(next_one) == b"2"


def test_variables_reach_the_program_and_nobody_else(deploying):
    a_repository(
        deploying.checkout,
        {**a_node_app("1"), "Procfile": "web: node server.js\nrelease: echo the word is $WORD"},
    )
    deploying.pmdaemon.run("project", "create", "shop", str(deploying.checkout))
    deploying.pmdaemon.run("project", "env", "set", "shop", "WORD=open sesame")

    deployed = deploying.deploy("--project", "shop")

    assert deploying.seen()["word"] == "open sesame"
    assert "the word is ********" in deployed.out
    told = [
        deployed.out,
        deploying.pmdaemon.run("describe", "shop@1", "--json").out,
        deploying.pmdaemon.run("env", "shop@1").out,
        deploying.pmdaemon.run("jlist").out,
        deploying.pmdaemon.run("deployments", "shop", "1").out,
        *(
            path.read_bytes().decode(errors="replace")
            for path in deploying.pmdaemon.home.rglob("*")
            if path.is_file()
        ),
    ]
    assert not [text[:200] for text in told if "open sesame" in text]


def test_a_deployment_outlives_daemons_that_are_killed_and_replaced_meanwhile(deploying):
    a_repository(deploying.checkout, a_node_app("1"))
    deploying.deploy()
    go, pids = deploying.checkout.parent / "go", deploying.checkout.parent / "pids"
    pids.touch()
    build = f"echo $$ >> {pids}; until [ -e {go} ]; do sleep 0.05; done"
    a_commit(deploying.checkout, {**a_node_app("2"), "build.sh": build}, "Slow")
    deploying.pmdaemon.run("project", "change", "shop", "--build", "exec sh build.sh")
    before = deploying.seen()["pid"]

    def begun(times):
        eventually_sync(lambda: len(pids.read_text().split()) == times)
        return int(pids.read_text().split()[-1])

    following = deploying.pmdaemon.begin("deploy", "--project", "shop")
    first = begun(1)
    eventually_sync(lambda: len(following.printed) > 1)
    deploying.pmdaemon.kill_daemon()
    second = begun(2)
    assert not is_alive(first)
    # Who does not follow by now has nothing to wait for again.
    eventually_sync(lambda: "is begun again" in "".join(following.printed))
    deploying.pmdaemon.run("update")
    begun(3)
    assert not is_alive(second)
    assert deploying.seen() == {"version": "1", "pid": before}
    go.touch()

    followed = following.end()
    assert (followed.status, followed.lines[-1].split(":")[0]) == (0, "--> live at http")
    assert followed.out.count("is begun again") == 1
    assert followed.err.count("waiting for the next one to follow deployment 2") == 2
    assert deploying.seen()["version"] == "2"


def test_when_the_daemon_is_killed_while_it_runs(deploying):
    a_repository(deploying.checkout, a_node_app("1"))
    deploying.pmdaemon.run("project", "create", "shop", str(deploying.checkout))
    deploying.pmdaemon.run("project", "env", "set", "shop", "WORD=abc def")
    deploying.deploy("--project", "shop")
    before = deploying.seen()

    deploying.pmdaemon.kill_daemon()
    assert deploying.seen() == before
    assert deploying.deployments()[1]["status"] == "running"

    os.kill(before["pid"], signal.SIGKILL)
    deploying.pmdaemon.when("shop@1", lambda one: one["pid"] not in {None, before["pid"]})
    again = deploying.seen()
    assert (again["version"], again["word"]) == ("1", "abc def")

    deploying.pmdaemon.run("stop", "shop@1")
    eventually_sync(lambda: deploying.deployments()[1]["status"] == "stopped")
    deploying.pmdaemon.run("start", "shop@1")
    eventually_sync(lambda: deploying.deployments()[1]["status"] == "running")


def test_a_build_can_be_cancelled(deploying):
    a_repository(deploying.checkout, {"Procfile": "web: node server.js", **a_node_app()})
    deploying.pmdaemon.run("project", "create", "shop", str(deploying.checkout))
    deploying.pmdaemon.run("project", "change", "shop", "--build", "sleep 1000")
    deploying.deploy("--project", "shop", "--detach")
    eventually_sync(lambda: deploying.deployments()[1]["phase"] == "build")

    cancelled = deploying.pmdaemon.run("deployments", "shop", "1", "--cancel")

    assert cancelled.out == "cancelled deployment 1\n"
    assert deploying.deployments()[1]["error"] == "it was cancelled"


def test_a_hostile_build_ends_with_everything_it_started(deploying):
    pids = deploying.checkout.parent / "pids"
    a_repository(
        deploying.checkout,
        {
            **a_node_app(),
            "evil.sh": "for n in 1 2 3; do\n"
            f"  setsid sh -c 'echo $$ >> {pids}; trap \"\" TERM; while :; do sleep 1; done' &\n"
            "done\n"
            f"while [ $(wc -l < {pids}) -lt 3 ]; do :; done\n"
            "yes 'a line of much output' | head -n 800000\nexit 3\n",
        },
    )
    deploying.pmdaemon.run("project", "create", "shop", str(deploying.checkout))
    deploying.pmdaemon.run("project", "change", "shop", "--build", "sh evil.sh")
    pids.touch()

    failed = deploying.deploy("--project", "shop", "--json", status=1)

    assert "build failed: exit code 3" in failed.err
    assert not any(is_alive(int(one)) for one in pids.read_text().split())
    (log,) = (deploying.pmdaemon.home / "projects").glob("*/logs/*.jsonl")
    assert log.stat().st_size < 16 * 1024 * 1024
    assert "the log is full" in log.read_text()


def test_a_project_that_is_removed_leaves_nothing(deploying):
    a_repository(deploying.checkout, a_node_app())
    deploying.deploy()

    deploying.pmdaemon.run("project", "remove", "shop")

    assert deploying.pmdaemon.list() == []
    assert list((deploying.pmdaemon.home / "projects").iterdir()) == []
    assert deploying.pmdaemon.run("proxy", "status", "--json").json["services"] == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--project", "nothing"], "no project is called nothing"),
        (["--branch", "--force"], "not the name of a branch"),
        (["--commit", "zzz"], "not the name of a commit"),
    ],
)
def test_what_cannot_be_deployed_is_said_in_a_sentence(deploying, arguments, sentence):
    a_repository(deploying.checkout, a_node_app())

    refused = deploying.deploy(*arguments, status=None)

    assert refused.status in {2, 3}
    assert sentence in refused.err
    assert refused.err.count("\n") == 1


def test_where_there_is_no_checkout_that_is_said(deploying):
    sentence = deploying.pmdaemon.refused("deploy", status=2)

    assert sentence.startswith("this is not a checkout of a git repository")


SPY = """
const fs = require('fs'), http = require('http');
const tried = [process.env.STATE, `/proc/${process.ppid}/environ`].map((path) => {
  try { return fs.readFileSync(path).length; } catch (error) { return error.code; }
});
fs.writeFileSync(process.env.SHARED_DIR + '/kept', 'x');
fs.writeFileSync('/dev/stdout', 'reopened\\n');
http.createServer((_, response) => response.end(JSON.stringify(tried))).listen(process.env.PORT);
"""


def test_what_is_deployed_does_not_get_at_the_home(deploying):
    home = deploying.pmdaemon.home
    if not Walls(home).stand:
        pytest.skip("this kernel has no Landlock")
    a_repository(
        deploying.checkout,
        {"server.js": SPY, "Procfile": f"web: node server.js\nrelease: cat {home}/state.db"},
    )
    deploying.pmdaemon.run("project", "create", "shop", str(deploying.checkout))
    deploying.pmdaemon.run("project", "env", "set", "shop", f"STATE={home}/state.db")

    spied = deploying.deploy("--project", "shop", status=1)
    assert "cat: ********: Permission denied" in spied.out
    assert "release failed: exit code 1" in spied.err

    (deploying.checkout / "Procfile").unlink()
    a_commit(deploying.checkout, {"package.json": "{}"}, "Only the program")
    deploying.deploy("--project", "shop")
    assert deploying.seen() == ["EACCES", "EACCES"]
    assert "reopened" in deploying.pmdaemon.run("logs", "shop@2", "--nostream").out
