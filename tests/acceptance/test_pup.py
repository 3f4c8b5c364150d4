"""Programs written for Pup: clients of its API, and children that report and talk to each other."""

import json
import urllib.error
import urllib.request

import pytest

from tests.support.browser import a_browser, a_page
from tests.support.machine import needs
from tests.support.waiting import eventually_sync

node = needs("node")

PYTHON_CHILD = """
import time
from pmdaemon.telemetry import Telemetry

telemetry = Telemetry(1.0)
telemetry.on("greet", lambda data: print("heard", data["from"], flush=True))
while not telemetry.log("python is up", "info"):
    pass  # it was not answered in time
while True:
    telemetry.emit("node-child", "greet", {"from": "python"})
    time.sleep(0.2)
"""

NODE_CHILD = """
const { PUP_API_HOSTNAME, PUP_API_PORT, PUP_API_TOKEN, PUP_PROCESS_ID } = process.env
const url = `http://${PUP_API_HOSTNAME}:${PUP_API_PORT}`
const post = (path, body) => fetch(url + path, {
  method: 'POST',
  headers: { Authorization: `Bearer ${PUP_API_TOKEN}` },
  body: JSON.stringify(body),
}).then((response) => response.status)
setInterval(async () => {
  const memory = process.memoryUsage()
  const [sent, cwd] = [new Date().toISOString(), process.cwd()]
  const told = await post('/telemetry', { sender: PUP_PROCESS_ID, memory, sent, cwd })
  await post('/ipc', { target: 'python-child', event: 'greet', eventData: { from: 'node' } })
  console.log('telemetry', told)
}, 200)
"""

EXAMPLE = """
const main = async () => {
  const response = await fetch(process.argv[2], {
    headers: {
      "Authorization": `Bearer ${process.argv[3]}`,
    },
  })
  const responseData = await response.json()
  console.log(JSON.stringify({ status: response.status, responseData }))
}
main()
"""


@pytest.fixture
def url(pmdaemon):
    answer = pmdaemon.run("web", "--port", "0", "--detach", "--rate-limit", "off", "--json")
    return answer.json["url"]


@pytest.fixture
def token(pmdaemon):
    return pmdaemon.run("token", "--consumer", "ci").out.strip()


def ask(url, token, *, method="GET", body=None):
    request = urllib.request.Request(
        url,
        method=method,
        data=json.dumps(body).encode() if body is not None else None,
        headers={"Authorization": f"Bearer {token}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            text = response.read()
            return response.status, json.loads(text) if text else None
    except urllib.error.HTTPError as refused:
        return refused.code, json.loads(refused.read())


@node
def test_children_in_node_and_python_report_telemetry_and_talk(pmdaemon, url, token):
    pmdaemon.script("node-child.js", NODE_CHILD)
    pmdaemon.script("python-child.py", PYTHON_CHILD)
    pmdaemon.run("start", "node-child.js")
    pmdaemon.run("start", "python-child.py")

    def reported():
        _, body = ask(f"{url}/processes", token)
        told = {one["status"]["id"]: one["status"].get("telemetry") for one in body["data"]}
        return all(told.values()) and told

    told = eventually_sync(reported)

    assert told["node-child"]["memory"]["heapUsed"] > 0
    assert told["python-child"]["memory"]["rss"] > 0

    def heard():
        _, body = ask(f"{url}/logs?processId=python-child&severity=log", token)
        return [one for one in body["data"] if one["text"] == "heard node"]

    def logged():
        _, body = ask(f"{url}/logs?consumer=telemetry-python-child", token)
        return body["data"]

    eventually_sync(heard)
    line, *_ = eventually_sync(logged)
    assert (line["text"], line["processId"]) == ("python is up", "python-child")


@node
@pytest.mark.parametrize("path", ["/api/processes", "/processes"])
def test_the_example_of_the_reference_runs_in_node(pmdaemon, url, token, path):
    pmdaemon.run("start", "sleep 1000", "--name", "app")
    pmdaemon.script("example.js", EXAMPLE)

    pmdaemon.script("run.sh", f"exec node example.js {url}{path} {token}\n")
    pmdaemon.run("start", "run.sh", "--name", "example", "--no-autorestart")

    def printed():
        lines = pmdaemon.run("logs", "example", "--nostream", "--raw").lines
        return [one for one in lines if one.startswith("{")]

    [line] = eventually_sync(printed)
    answer = json.loads(line)
    assert answer["status"] == 200
    listed = answer["responseData"]
    first = listed[0] if path.startswith("/api") else listed["data"][0]
    assert "app" in {first.get("name"), first.get("config", {}).get("id")}


IN_A_PAGE = """
async ([path, token]) => {
  const response = await fetch(path, {
    headers: {
      "Authorization": `Bearer ${token}`,
    },
  })
  const responseData = await response.json()
  return [response.status, responseData]
}
"""


def test_the_example_of_the_reference_runs_in_a_browser(pmdaemon, url, token):
    pmdaemon.run("start", "sleep 1000", "--name", "app")

    with a_browser() as browser, a_page(browser, url, may_complain=True) as page:
        status, listed = page.evaluate(IN_A_PAGE, ["/api/processes", token])
        assert (status, listed[0]["name"]) == (200, "app")
        status, body = page.evaluate(IN_A_PAGE, ["/processes", token])
        assert (status, body["data"][0]["status"]["id"]) == (200, "app")


def test_a_block_outlives_the_daemon(pmdaemon, url, token):
    pmdaemon.run("start", "sleep 1000", "--name", "app")
    assert ask(f"{url}/processes/app/stop", token, method="POST") == (200, None)
    assert ask(f"{url}/processes/app/block", token, method="POST") == (200, None)

    pmdaemon.kill_daemon()

    def status():
        try:
            return ask(f"{url}/processes/app/start", token, method="POST")
        except urllib.error.URLError:
            return None

    code, body = eventually_sync(status)
    assert (code, body["code"]) == (409, "process_blocked")


def test_a_token_is_revoked_at_once_by_command_and_by_the_settings(pmdaemon, url, token):
    other = pmdaemon.run("token", "--consumer", "Other").out.strip()
    assert ask(f"{url}/state", token)[0] == ask(f"{url}/state", other)[0] == 200

    pmdaemon.run("token", "--revoke", "ci")
    (pmdaemon.home / "settings.toml").write_text('[api]\nrevoked = ["other"]\n')

    assert ask(f"{url}/state", token)[0] == 401
    assert ask(f"{url}/state", other)[0] == 401


def test_termination_ends_all_programs_and_the_daemon_and_the_next_one_goes_on(
    pmdaemon, url, token
):
    pmdaemon.run("start", "sleep 1000", "--name", "app")
    before = pmdaemon.pid("app")

    assert ask(f"{url}/terminate", token, method="POST") == (200, None)

    eventually_sync(lambda: not (pmdaemon.home / "daemon.pid").exists())
    assert pmdaemon.when("app", lambda one: one["state"] == "online")["pid"] != before


def test_a_new_secret_ends_what_was_signed_with_the_former_one(pmdaemon, url, token):
    assert ask(f"{url}/state", token)[0] == 200

    pmdaemon.run("token", "--rotate-secret", "--overlap", "1h")
    assert ask(f"{url}/state", token)[0] == 200
    said = pmdaemon.run("token", "--rotate-secret", "--overlap", "0s").out

    assert said.startswith("there is a new secret")
    assert ask(f"{url}/state", token)[0] == 401
    assert ask(f"{url}/state", pmdaemon.run("token", "--consumer", "new").out.strip())[0] == 200
