"""The configurations for load balancers that the pages show, with the real programs."""

import os
import re
import signal
import subprocess

import pytest
import requests
from aiohttp import ClientSession

from tests.support.cli import ROOT
from tests.support.fronts import nginx
from tests.support.machine import installed
from tests.support.ports import answers, free_port
from tests.support.waiting import eventually_sync

PAGE = (ROOT / "docs/load-balancers.md").read_text()

HEALTHY = """
const http = require('node:http');
const answer = (request, response) => response.end(String(process.pid));
http.createServer(answer).listen(Number(process.env.PORT));
process.once('SIGINT', () => process.exit(0));
"""


def shown(heading, ports):
    [block] = re.findall(rf"^## {heading}\n\n```\w+\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE)
    for said, free in ports.items():
        block = block.replace(f":{said}", f":{free}")
    return block


@pytest.fixture
def ports():
    return {said: free_port() for said in (3000, 3001, 8080, 9615)}


@pytest.fixture
def apps(pmdaemon, ports):
    """Begin an app whose two instances have ports of their own."""
    installed("node")
    pmdaemon.script("app.js", HEALTHY)
    first, second = ports[3000], ports[3001]
    for number, port in enumerate((first, second)):
        pmdaemon.run("start", "app.js", "--name", f"app-{number}", "--port", str(port))
        eventually_sync(lambda port=port: answers(port))


@pytest.fixture(params=["nginx", "haproxy"])
def balancer(request, tmp_path, ports, apps):
    block = shown(request.param, ports)
    if request.param == "nginx":
        process = nginx(tmp_path, block)
    else:
        config = tmp_path / "haproxy.conf"
        config.write_text(block)
        words = [installed("haproxy"), "-db", "-f", str(config)]
        process = subprocess.Popen(words, process_group=0)
    url = f"http://127.0.0.1:{ports[8080]}"
    try:
        eventually_sync(lambda: asked(url) is not None)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def asked(url):
    """Ask through the balancer; None when that went wrong."""
    try:
        answer = requests.get(url, timeout=60)
    except requests.RequestException:
        return None
    return answer.text if answer.ok else None


def test_requests_are_spread_and_none_fails_when_an_instance_dies(pmdaemon, balancer):
    first, second = pmdaemon.pid("app-0"), pmdaemon.pid("app-1")
    eventually_sync(lambda: {asked(balancer) for _ in range(4)} == {str(first), str(second)})

    pmdaemon.run("stop", "app-0")

    assert {asked(balancer) for _ in range(50)} == {str(second)}

    pmdaemon.run("start", "app-0")
    started = str(pmdaemon.pid("app-0"))
    eventually_sync(lambda: started in {asked(balancer) for _ in range(4)})


def test_a_balancer_answers_for_itself_when_nothing_is_left(pmdaemon, balancer):
    pmdaemon.run("stop", "all")

    eventually_sync(lambda: requests.get(balancer, timeout=60).status_code in {502, 503})


def test_what_a_health_check_asks_needs_no_key_and_the_rest_does(pmdaemon, ports):
    pmdaemon.run("web", "--port", str(ports[9615]), "--api-key", "K", "--detach")
    url = f"http://127.0.0.1:{ports[9615]}"

    assert requests.get(f"{url}/health", timeout=60).text.strip() == "ok"
    assert requests.get(f"{url}/api/status", timeout=60).status_code == 401


@pytest.mark.parametrize("balancer", ["nginx"], indirect=True)
async def test_the_live_feed_goes_through_nginx(pmdaemon, balancer, ports):
    pmdaemon.run("web", "--port", str(ports[9615]), "--detach")

    async with ClientSession() as session, session.ws_connect(f"{balancer}/pmdaemon/ws") as feed:
        message = await feed.receive_json(timeout=60)

    assert message["type"] == "process_list"
    assert {process["name"] for process in message["data"]} == {"app-0", "app-1"}
