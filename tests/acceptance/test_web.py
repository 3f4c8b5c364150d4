"""The web side of a real daemon, used by clients that know nothing of it."""

import os
import signal
import socket
import subprocess
import threading
from contextlib import closing
from pathlib import Path

import pytest
import requests

from tests.support.curl import curl
from tests.support.machine import installed
from tests.support.ports import answers, free_port
from tests.support.running import is_alive
from tests.support.waiting import eventually_sync

KEY = {"X-API-Key": "sesame"}

SERVER = """
import http.server, os
print("up", flush=True)
port = int(os.environ["PORT"])
http.server.test(http.server.SimpleHTTPRequestHandler, port=port, bind="127.0.0.1")
"""


@pytest.fixture
def app_port():
    return free_port()


@pytest.fixture
def app(pmdaemon, tmp_path, app_port):
    """A web server, started as `app`."""
    script = tmp_path / "server.py"
    script.write_text(SERVER)
    pmdaemon.run("start", str(script), "--name", "app", "--port", str(app_port))
    eventually_sync(lambda: answers(app_port))


@pytest.fixture
def url(pmdaemon):
    """The web side, on for good and with a key."""
    port = free_port()
    pmdaemon.environment["PMDAEMON_API_KEY"] = KEY["X-API-Key"]
    pmdaemon.run("web", "--port", str(port), "--detach")
    return f"http://127.0.0.1:{port}"


@pytest.mark.usefixtures("app")
def test_a_script_looks_at_a_process_and_ends_it(url, app_port):
    status = requests.get(f"{url}/api/status", headers=KEY, timeout=60)
    [process] = requests.get(f"{url}/api/processes", headers=KEY, timeout=60).json()
    stopped = requests.post(f"{url}/api/processes/app/stop", headers=KEY, timeout=60)

    assert (status.status_code, status.json()["status"]) == (200, "ok")
    assert (process["name"], process["status"]) == ("app", "online")
    assert process["port"] == str(app_port)
    assert stopped.json() == {"success": True, "message": "Process stopped successfully"}
    assert not os.path.exists(f"/proc/{process['pid']}")
    assert not answers(app_port)


@pytest.mark.usefixtures("app")
def test_a_script_restarts_a_process(url):
    before = requests.get(f"{url}/api/processes/app", headers=KEY, timeout=60).json()

    done = requests.post(f"{url}/api/processes/app/restart", headers=KEY, timeout=60)

    after = requests.get(f"{url}/api/processes/0", headers=KEY, timeout=60).json()
    assert done.status_code == 200
    assert after["status"] == "online"
    assert after["pid"] != before["pid"]
    assert after["restarts"] == before["restarts"] + 1


@pytest.mark.usefixtures("app")
def test_a_script_deletes_a_process(url, app_port):
    done = requests.delete(f"{url}/api/processes/app", headers=KEY, timeout=60)

    again = requests.delete(f"{url}/api/processes/app", headers=KEY, timeout=60)
    assert done.json()["success"] is True
    assert requests.get(f"{url}/api/processes", headers=KEY, timeout=60).json() == []
    assert (again.status_code, again.json()["error"]["code"]) == (404, "PROCESS_NOT_FOUND")
    assert not answers(app_port)


@pytest.mark.usefixtures("app")
def test_a_script_reads_what_a_program_wrote(url):
    def lines():
        logs = requests.get(
            f"{url}/api/processes/app/logs", params={"type": "out"}, headers=KEY, timeout=60
        ).json()
        return [line["message"] for line in logs["logs"]]

    assert "up" in eventually_sync(lines)


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    "header", ["Authorization: Bearer sesame", "Authorization: ApiKey sesame", "X-API-Key: sesame"]
)
def test_curl_is_let_in_by_each_form_of_the_key(url, header):
    status, processes = curl("-H", header, f"{url}/api/processes")

    assert status == 200
    assert [each["name"] for each in processes] == ["app"]


def test_curl_is_not_let_in_without_the_key(url):
    assert curl(f"{url}/")[0] == 200
    assert curl(f"{url}/api/status")[0] == 401
    assert curl("-H", "X-API-Key: wrong", f"{url}/api/status")[0] == 401


@pytest.mark.usefixtures("app")
def test_curl_acts_on_processes(url):
    key = ("-H", "X-API-Key: sesame")

    assert curl(*key, "-X", "POST", f"{url}/api/processes/app/stop")[0] == 200
    assert curl(*key, f"{url}/api/processes/app")[1]["status"] == "stopped"
    assert curl(*key, "-d", "", f"{url}/api/processes/app/start")[0] == 200
    assert curl(*key, "--json", "{}", f"{url}/api/processes/app/restart")[0] == 200
    assert curl(*key, "-X", "DELETE", f"{url}/api/processes/app")[0] == 200
    assert curl(*key, f"{url}/api/processes/app")[0] == 404


def test_curl_sees_the_machine(url):
    status, machine = curl("-H", "X-API-Key: sesame", f"{url}/api/system")

    assert status == 200
    assert machine["hostname"] == socket.gethostname()
    assert machine["cpu"]["cores"] == os.cpu_count()
    assert machine["memory"]["total"] > machine["memory"]["used"] > 0


def test_a_key_is_in_no_file_of_the_home(pmdaemon, url):
    requests.get(f"{url}/api/status", headers=KEY, timeout=60)

    holding = [
        path
        for path in pmdaemon.home.rglob("*")
        if path.is_file() and b"sesame" in path.read_bytes()
    ]

    assert holding == []


def test_the_web_side_is_on_while_its_command_runs(pmdaemon, port):
    command = pmdaemon.begin("web", "--port", str(port))
    eventually_sync(lambda: command.printed)

    status = requests.get(f"http://127.0.0.1:{port}/api/status", timeout=60).status_code
    ended = command.end(signal.SIGINT)

    assert status == 200
    assert (ended.status, ended.err) == (0, "")
    assert f"The dashboard and the web API are at http://127.0.0.1:{port}\n" in ended.out
    eventually_sync(lambda: not answers(port))


def test_a_port_that_is_taken_is_said_so(pmdaemon):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        sentence = pmdaemon.refused("web", "--port", str(port), "--detach", status=1)

    assert f"cannot listen on 127.0.0.1 port {port}: another program is listening there" in sentence


@pytest.mark.usefixtures("app")
def test_the_web_side_and_its_key_outlive_the_daemon(pmdaemon, url):
    before = requests.get(f"{url}/api/processes/app", headers=KEY, timeout=60).json()

    pid = pmdaemon.daemon
    os.kill(pid, signal.SIGKILL)
    eventually_sync(lambda: not is_alive(pid))  # what it accepts on its way out dies with it

    after = requests.get(f"{url}/api/processes/app", headers=KEY, timeout=60).json()
    assert (after["pid"], after["restarts"]) == (before["pid"], before["restarts"])
    assert requests.get(f"{url}/api/processes/app", timeout=60).status_code == 401


HAPROXY = """
global
    stats socket {socket}
defaults
    mode http
    timeout connect 60s
    timeout check 60s
    timeout client 60s
    timeout server 60s
backend by_status
    option httpchk
    http-check send meth GET uri /api/status hdr X-API-Key {key}
    http-check expect status 200
    server daemon 127.0.0.1:{web_port} check inter 500ms fall 1 rise 1
backend by_process
    option httpchk
    http-check send meth GET uri /api/processes/app hdr X-API-Key {key}
    http-check expect rstring '"status": *"online"'
    server app 127.0.0.1:{app_port} check port {web_port} inter 50ms fall 1 rise 1
frontend front
    bind 127.0.0.1:{front_port}
    default_backend by_process
"""


class LoadBalancer:
    """A real haproxy that asks our web side whom to send requests to."""

    def __init__(self, folder, web_port, app_port):
        self.front_port = free_port()
        # A path in a test's folder may be too long for a socket.
        self.socket = f"/tmp/pmdaemon-haproxy-{self.front_port}.sock"
        config = folder / "haproxy.cfg"
        config.write_text(
            HAPROXY.format(
                socket=self.socket,
                key=KEY["X-API-Key"],
                web_port=web_port,
                app_port=app_port,
                front_port=self.front_port,
            )
        )
        self.process = subprocess.Popen([installed("haproxy"), "-db", "-q", "-f", str(config)])

    def close(self):
        self.process.kill()
        self.process.wait(timeout=60)
        Path(self.socket).unlink(missing_ok=True)

    def state(self, backend):
        """Tell whether the server of a backend is UP or DOWN, and by what."""
        row = self._row(backend)
        return (row["status"], row["check_status"]) if row else None

    def failed_checks(self, backend):
        """Tell how many checks of a backend's server have failed."""
        return int(self._row(backend)["chkfail"])

    def _row(self, backend):
        assert self.process.poll() is None
        try:
            with closing(socket.socket(socket.AF_UNIX)) as stats:
                stats.settimeout(60)
                stats.connect(self.socket)
                stats.sendall(b"show stat\n")
                rows = stats.makefile().read().splitlines()
        except OSError:
            return None
        names = rows[0].lstrip("# ").split(",")
        [row] = [
            fields
            for fields in (dict(zip(names, row.split(","), strict=False)) for row in rows[1:])
            if fields.get("pxname") == backend and fields["svname"] not in {"BACKEND", "FRONTEND"}
        ]
        return row

    def sends(self):
        return requests.get(f"http://127.0.0.1:{self.front_port}/", timeout=60).status_code


@pytest.mark.usefixtures("app")
def test_a_load_balancer_takes_a_process_in_and_out(pmdaemon, url, app_port, tmp_path):
    balancer = LoadBalancer(tmp_path, int(url.rpartition(":")[2]), app_port)
    try:
        eventually_sync(lambda: balancer.state("by_process") == ("UP", "L7OK"))
        eventually_sync(lambda: balancer.state("by_status") == ("UP", "L7OK"))
        assert balancer.sends() == 200

        requests.post(f"{url}/api/processes/app/stop", headers=KEY, timeout=60)
        eventually_sync(lambda: balancer.state("by_process") == ("DOWN", "L7RSP"))
        assert balancer.sends() == 503

        pmdaemon.run("start", "app")
        eventually_sync(lambda: balancer.state("by_process") == ("UP", "L7OK"))
        eventually_sync(lambda: balancer.sends() == 200)

        pmdaemon.run("web", "--off")
        eventually_sync(lambda: balancer.state("by_status")[0] == "DOWN")
    finally:
        balancer.close()


@pytest.mark.usefixtures("app")
def test_a_load_balancer_notices_nothing_of_a_reload_of_everything(
    pmdaemon, url, app_port, tmp_path
):
    balancer = LoadBalancer(tmp_path, int(url.rpartition(":")[2]), app_port)
    asked, over = [], threading.Event()

    def ask():
        while not over.is_set():
            answer = requests.get(f"{url}/api/status", headers=KEY, timeout=60)
            asked.append(answer.status_code)

    asking = threading.Thread(target=ask)
    try:
        eventually_sync(lambda: balancer.state("by_status") == ("UP", "L7OK"))
        asking.start()
        pmdaemon.run("reload", "all")
        pmdaemon.run("update")
        pmdaemon.run("restart", "all")
        before = len(asked)
        eventually_sync(lambda: len(asked) > before + 10)
        assert balancer.failed_checks("by_status") == 0
    finally:
        over.set()
        asking.join(timeout=60)
        balancer.close()
    assert set(asked) == {200}


def test_its_command_has_it_on_with_the_next_daemon_too(pmdaemon, port):
    command = pmdaemon.begin("web", "--port", str(port))
    eventually_sync(lambda: command.printed)

    pid = int((pmdaemon.home / "daemon.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    eventually_sync(lambda: not is_alive(pid))  # what it accepts on its way out dies with it

    # Whoever connects meanwhile waits.
    status = requests.get(f"http://127.0.0.1:{port}/api/status", timeout=60).status_code
    ended = command.end(signal.SIGINT)
    assert status == 200
    assert ended.status == 0
    eventually_sync(lambda: not answers(port))
