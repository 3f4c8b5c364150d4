"""Programs published under names, by the command line."""

import http.client
import json
import os
import signal
from contextlib import closing

import pytest

from tests.support.http_clients import failures_of, under_load
from tests.support.ports import free_port
from tests.support.running import daemon_pid
from tests.support.waiting import eventually_sync

SERVER = """
import os, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = f"{os.getpid()} {self.path} {self.headers['X-Forwarded-For']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

ThreadingHTTPServer.request_queue_size = 128
ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


@pytest.fixture
def server(pmdaemon):
    path = pmdaemon.work / "server.py"
    path.write_text(SERVER)
    return str(path)


@pytest.fixture
def proxy(pmdaemon):
    """A proxy that listens on a free port."""
    port = free_port()
    pmdaemon.run("proxy", "on", "--host", "127.0.0.1", "--http", str(port))
    return port


def get(port, path="/", host="app.localhost"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with closing(connection):
        connection.request("GET", path, headers={"Host": host})
        response = connection.getresponse()
        return response.status, response.read().decode()


def test_a_program_answers_at_its_name_as_soon_as_it_can(pmdaemon, server, proxy):
    pmdaemon.run("proxy", "add", "www.example.test/shop", "app")
    assert get(proxy) == (503, "app is not running\n")

    pmdaemon.run("start", server, "--name", "app", "--port", f"{free_port()}")

    status, text = get(proxy, "/a")
    assert (status, text.split()[1:]) == (200, ["/a", "127.0.0.1"])
    assert get(proxy, "/shop/b", "www.example.test")[0] == 200
    assert get(proxy, "/b", "www.example.test")[0] == 404
    seen = pmdaemon.run("requests", "--json").json["requests"]
    assert [one["status"] for one in seen] == [404, 200, 200, 503]


def test_a_restart_is_waited_for_and_a_stop_is_told(pmdaemon, server, proxy):
    pmdaemon.run("start", server, "--name", "app", "--port", f"{free_port()}")
    pmdaemon.run("proxy", "add", "app")
    before = get(proxy)[1].split()[0]

    restarting = pmdaemon.begin("restart", "app")
    after = eventually_sync(lambda: (got := get(proxy))[1].split()[0] != before and got)
    restarting.end()

    assert after[0] == 200
    pmdaemon.run("stop", "app")
    assert get(proxy)[0] == 503


def test_it_goes_on_when_the_daemon_is_killed_or_replaced(pmdaemon, server, proxy):
    pmdaemon.run("start", server, "--name", "app", "--port", f"{free_port()}")
    pmdaemon.run("proxy", "add", "app", "--name", "app")
    assert get(proxy)[0] == 200

    os.kill(daemon_pid(pmdaemon.home), signal.SIGKILL)
    assert get(proxy)[0] == 200
    pmdaemon.run("update")
    assert get(proxy)[0] == 200


def test_paused_services_and_settings_are_remembered(pmdaemon, proxy):
    pmdaemon.run("proxy", "add", "--name", "plain", "127.0.0.1:1")
    pmdaemon.run("proxy", "pause", "plain", "--maintenance")
    pmdaemon.run("update")

    assert get(proxy, host="plain.localhost") == (503, "plain is being worked on\n")
    (service,) = pmdaemon.run("proxy", "status", "--json").json["services"]
    assert service["mode"] == "maintenance"
    pmdaemon.run("proxy", "resume", "plain")
    assert get(proxy, host="plain.localhost")[0] == 502


def test_swaps_under_load_fail_nobody(pmdaemon, server, proxy):
    for name in ("one", "two"):
        pmdaemon.run("start", server, "--name", name, "--port", f"{free_port()}")
    pmdaemon.run("proxy", "add", "127.0.0.1", "--name", "site", "one")
    assert get(proxy, host="127.0.0.1")[0] == 200

    with under_load(proxy, "/x") as clients:
        for name in ("two", "one", "two"):
            pmdaemon.run("proxy", "add", "--swap", "--name", "site", name)

    assert failures_of(clients) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("add", "a b", "app"), "not a host name"),
        (("add", "a.test", "127.0.0.1:99999"), "no TCP port"),
        (("remove", "nothing"), "no service is called nothing"),
        (("pause", "nothing"), "no service is called nothing"),
        (("on", "--host", "203.0.113.1"), "this machine does not have that address"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(pmdaemon, words, sentence):
    outcome = pmdaemon.run("proxy", *words, status=None)

    assert outcome.status != 0
    assert sentence in outcome.err
    assert outcome.err.count("\n") == 1


def test_an_app_says_itself_where_it_is_published(pmdaemon, server, proxy):
    def declare(*hosts):
        app = {"name": "app", "script": server, "port": port, "proxy": list(hosts)}
        return pmdaemon.script("apps.json", json.dumps({"apps": [app]}))

    port = free_port()
    declare("www.example.test")
    pmdaemon.run("start", "apps.json")
    assert get(proxy, host="www.example.test")[0] == 200
    assert get(proxy)[0] == 200
    (before,) = pmdaemon.list()

    declare("example.test/shop")
    said = pmdaemon.run("apply", "apps.json").out
    assert "proxy" in said
    assert get(proxy, host="www.example.test")[0] == 404
    assert get(proxy, "/shop/a", host="example.test")[0] == 200
    (after,) = pmdaemon.list()
    assert (after["pid"], after["restarts"]) == (before["pid"], before["restarts"])

    os.kill(daemon_pid(pmdaemon.home), signal.SIGKILL)
    assert get(proxy, "/shop/a", host="example.test")[0] == 200
    outcome = pmdaemon.run("proxy", "remove", "app", status=None)
    assert "app declares itself what is published of it" in outcome.err

    pmdaemon.run("delete", "app")
    assert get(proxy, "/shop/a", host="example.test")[0] == 404
    assert pmdaemon.run("proxy", "status", "--json").json["services"] == []


def test_apps_that_want_one_host_are_refused_before_any_is_started(pmdaemon, server, proxy):
    apps = [
        {"name": name, "script": server, "port": free_port(), "proxy": "a.test"}
        for name in ("one", "two")
    ]
    pmdaemon.script("apps.json", json.dumps({"apps": apps}))

    outcome = pmdaemon.run("start", "apps.json", status=None)

    assert outcome.status != 0
    assert "a.test/ is a route of one already" in outcome.err
    assert pmdaemon.list() == []


def test_an_app_that_listens_nowhere_known_cannot_be_published(pmdaemon, server):
    app = {"name": "app", "script": server, "proxy": True}
    pmdaemon.script("apps.json", json.dumps({"apps": [app]}))

    outcome = pmdaemon.run("start", "apps.json", status=None)

    assert outcome.status != 0
    assert "it leads to no TCP port" in outcome.err
