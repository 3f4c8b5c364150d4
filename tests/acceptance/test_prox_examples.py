"""The examples of the reference of prox, as they are printed there but for the address."""

import json
import subprocess

import pytest

from tests.support.curl import fetch
from tests.support.machine import installed
from tests.support.ports import free_port
from tests.support.running import is_alive

REQUEST = ["id", "timestamp", "method", "url", "subdomain", "status_code", "duration_ms"]

WRITER = """
import sys, time
while True:
    print("GET /api/users 200 12ms", flush=True)
    print("ERROR: connection pool low", file=sys.stderr, flush=True)
    time.sleep(0.05)
"""


@pytest.fixture
def address(pmdaemon):
    port = free_port()
    pmdaemon.run("web", "--port", str(port), "--detach")
    pmdaemon.script("writer.py", WRITER)
    pmdaemon.run("start", "writer.py", "--name", "web")
    pmdaemon.run("start", "sleep 1000", "--name", "api")
    return f"http://localhost:{port}/api/v1"


def curl(*arguments):
    return json.loads(fetch(*arguments))


def events(count, *arguments):
    """Take so many lines of data from a stream."""
    words = [installed("curl"), "-sSN", *arguments]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as done:
        try:
            lines = (line for line in done.stdout if line.startswith("data: "))
            return [json.loads(next(lines).removeprefix("data: ")) for _ in range(count)]
        finally:
            done.terminate()


def test_processes_and_their_output(address):
    assert curl(f"{address}/status")["status"] == "running"
    assert [one["name"] for one in curl(f"{address}/processes")["processes"]] == ["web", "api"]
    assert curl("-X", "POST", f"{address}/processes/api/restart") == {"success": True}

    for query in ("", "?process=web,api"):
        [line] = events(1, "-N", f"{address}/logs/stream{query}")
        assert line["process"] == "web"
    for line in events(3, f"{address}/logs/stream?pattern=ERROR"):
        assert (line["stream"], line["line"]) == ("stderr", "ERROR: connection pool low")


def test_an_address_that_others_reach_wants_the_token_that_is_kept_in_the_home(pmdaemon):
    port = free_port()
    pmdaemon.run("web", "--host", "0.0.0.0", "--port", str(port), "--detach")
    token = (pmdaemon.home / "api-key").read_text().strip()
    status = f"http://0.0.0.0:{port}/api/v1/status"

    assert curl(status)["code"] == "UNAUTHORIZED"
    assert curl("-H", f"Authorization: Bearer {token}", status)["api_version"] == "v1"
    assert (pmdaemon.home / "api-key").stat().st_mode & 0o777 == 0o600


def test_one_process_and_its_last_lines(address):
    shown = curl(f"{address}/processes/api")
    assert (shown["name"], shown["status"], shown["health"]) == ("api", "running", "unknown")
    assert curl("-X", "POST", f"{address}/processes/api/stop") == {"success": True}
    assert curl("-X", "POST", f"{address}/processes/api/stop")["code"] == "PROCESS_NOT_RUNNING"
    assert curl("-X", "POST", f"{address}/processes/api/start") == {"success": True}
    assert curl("-X", "POST", f"{address}/processes/nobody/start")["code"] == "PROCESS_NOT_FOUND"

    events(1, f"{address}/logs/stream?pattern=GET")
    found = curl(f"{address}/logs?process=web,api&lines=2&pattern=^GET&regex=true")
    assert [one["line"] for one in found["logs"]][-1:] == ["GET /api/users 200 12ms"]
    assert found["filtered_count"] <= 2
    assert curl(f"{address}/logs?pattern=(&regex=true")["code"] == "INVALID_PATTERN"


def test_requests_through_the_gateway(pmdaemon, address):
    http = free_port()
    pmdaemon.run("proxy", "on", "--http", str(http))
    pmdaemon.run("proxy", "add", address.split("/")[2], "--name", "api")
    for path in ("/health", "/nothing"):
        host = ["-H", f"Host: api.localhost:{http}"]
        fetch("-o", "/dev/null", *host, f"http://127.0.0.1:{http}{path}")

    everything = curl(f"{address}/proxy/requests")
    assert [one["url"] for one in everything["requests"]] == ["/nothing", "/health"]
    assert list(everything["requests"][0])[:7] == REQUEST
    assert curl(f"{address}/proxy/requests?subdomain=api")["total_count"] == 2
    assert curl(f"{address}/proxy/requests?min_status=500")["requests"] == []
    for query in ("", "?subdomain=api"):
        assert events(1, "-N", f"{address}/proxy/requests/stream{query}") == [{}]


def test_everything_is_shut_down(pmdaemon, address):
    pid = pmdaemon.pid("api")

    assert curl("-X", "POST", f"{address}/shutdown?wait=true")["success"] is True

    assert not is_alive(pid)
