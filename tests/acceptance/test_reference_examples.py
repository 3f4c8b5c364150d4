"""The examples of the PMDaemon API's reference, as they are printed there but for the address."""

import json
import subprocess

import pytest

from tests.support.curl import curl
from tests.support.machine import installed
from tests.support.ports import free_port

KEY = "your-secret-api-key"

SERVER = """
import http.server, os
port = int(os.environ["PORT"])
http.server.test(http.server.SimpleHTTPRequestHandler, port=port, bind="127.0.0.1")
"""

JAVASCRIPT = """
// List processes (with authentication)
const processes = await fetch('http://localhost:9615/api/processes', {
headers: { 'X-API-Key': 'your-secret-api-key' }
}).then(res => res.json());

// Stop a process
const result = await fetch('http://localhost:9615/api/processes/my-app/stop', {
method: 'POST',
headers: { 'X-API-Key': 'your-secret-api-key' }
}).then(res => res.json());

// Get system metrics
const system = await fetch('http://localhost:9615/api/system')
.then(res => res.json());

console.log(JSON.stringify({processes, result, system}));
"""

PYTHON = """
import requests

# List processes (with authentication)
headers = {'X-API-Key': 'your-secret-api-key'}
response = requests.get('http://localhost:9615/api/processes', headers=headers)
processes = response.json()

# Restart a process
response = requests.post(
    'http://localhost:9615/api/processes/python-app/restart',
    headers=headers
)
result = response.json()
"""


@pytest.fixture
def script(pmdaemon):
    return pmdaemon.script("server.py", SERVER)


@pytest.fixture
def turn_on(pmdaemon):
    def on(*options):
        port = free_port()
        pmdaemon.run("web", "--port", str(port), "--detach", *options)
        return f"localhost:{port}"

    return on


def test_the_examples_with_curl(pmdaemon, script, turn_on):
    address = turn_on("--allow-create")
    app_port = str(free_port())
    base = f"http://{address}/api"

    assert curl(f"{base}/processes") == (200, [])
    declaration = json.dumps(
        {"name": "test-app", "script": str(script), "args": ["server.js"], "port": app_port}
    )
    created, shown = curl(
        "-X", "POST", f"{base}/processes", "-H", "Content-Type: application/json", "-d", declaration
    )
    assert (created, shown["message"]) == (201, "Process started successfully")
    again, refused = curl(
        "-X", "POST", f"{base}/processes", "-H", "Content-Type: application/json", "-d", declaration
    )
    assert (again, refused["error"]["code"]) == (409, "PROCESS_ALREADY_EXISTS")
    status, detail = curl(f"{base}/processes/test-app")
    assert (status, detail["name"], detail["port"]) == (200, "test-app", app_port)
    assert detail["config"]["args"] == ["server.js"]
    assert curl("-X", "POST", f"{base}/processes/test-app/stop") == (
        200,
        {"success": True, "message": "Process stopped successfully"},
    )
    status, system = curl(f"{base}/system")
    assert (status, system["processes"]["stopped"]) == (200, 1)
    assert pmdaemon.process("test-app")["state"] == "stopped"


def test_the_examples_with_keys_of_all_forms(pmdaemon, turn_on):
    address = turn_on("--api-key", KEY)

    for header in (
        f"Authorization: Bearer {KEY}",
        f"X-API-Key: {KEY}",
        f"Authorization: ApiKey {KEY}",
    ):
        assert curl("-H", header, f"http://{address}/api/processes") == (200, [])
    assert curl(f"http://{address}/api/processes")[0] == 401
    assert curl(f"http://{address}/")[1]["endpoints"]["websocket"] == "/ws"


def test_the_example_in_javascript(pmdaemon, script, turn_on):
    node = installed("node")
    pmdaemon.run("start", "sleep 1000", "--name", "my-app")
    # The example asks for the machine without a key, so there is none.
    address = turn_on()
    program = pmdaemon.work / "example.mjs"
    program.write_text(JAVASCRIPT.replace("localhost:9615", address))

    done = subprocess.run([node, program], capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert [one["name"] for one in said["processes"]] == ["my-app"]
    assert said["result"] == {"success": True, "message": "Process stopped successfully"}
    assert said["system"]["cpu"]["cores"] >= 1


def test_the_example_in_python(pmdaemon, turn_on):
    pmdaemon.run("start", "sleep 1000", "--name", "python-app")
    before = pmdaemon.pid("python-app")
    address = turn_on("--api-key", KEY)
    said: dict = {}

    exec(PYTHON.replace("localhost:9615", address), said)

    assert [one["name"] for one in said["processes"]] == ["python-app"]
    assert said["result"] == {"success": True, "message": "Process restarted successfully"}
    assert pmdaemon.pid("python-app") != before
