"""What a new user does on the first day, in that order."""

import os
import shutil
import signal
from pathlib import Path

import pytest
import requests

from tests.support.cli import ROOT
from tests.support.curl import fetch
from tests.support.fronts import nginx
from tests.support.machine import installed
from tests.support.ports import answers, free_port
from tests.support.running import children_of, is_alive, running_for
from tests.support.waiting import eventually_sync

KEY = {"X-API-Key": "K"}

FRONT = """
upstream app {{ server 127.0.0.1:{app_port}; }}
server {{
    listen 127.0.0.1:{front_port};
    location / {{ proxy_pass http://app; }}
    location /health {{
        proxy_pass http://127.0.0.1:{web_port}/api/status;
        proxy_set_header X-API-Key K;
    }}
}}
"""


@pytest.fixture
def front(tmp_path):
    """Begin a real nginx in front of an app and of our web side."""
    begun = []

    def begin(**ports):
        begun.append(nginx(tmp_path, FRONT.format(**ports)))

    yield begin
    for process in begun:
        process.send_signal(signal.SIGQUIT)
        process.wait(60)


def test_the_first_day(pmdaemon, front):
    installed("node")
    app_port, web_port, front_port = free_port(), free_port(), free_port()
    shutil.copy(ROOT / "examples/server.js", pmdaemon.work)

    # A server is started, and answers.
    started = pmdaemon.run("start", "node server.js", "--name", "app", PORT=str(app_port))
    assert "started app (id 0)" in started.out
    eventually_sync(lambda: answers(app_port))
    listed = pmdaemon.run("list").out
    assert all(word in listed for word in ("app", "online", str(pmdaemon.pid("app"))))

    # It is killed, and is back, and that was counted.
    former = pmdaemon.pid("app")
    os.kill(former, signal.SIGKILL)
    back = pmdaemon.when("app", lambda one: one["restarts"] == 1 and one["state"] == "online")
    assert back["pid"] != former
    eventually_sync(lambda: answers(app_port))
    log = Path(back["out_file"])
    eventually_sync(lambda: log.read_text().count("listening") == 2)
    assert pmdaemon.run("logs", "app", "--nostream").out.count("listening") == 2

    # The web side is on, and a load balancer polls it.
    web = pmdaemon.run("web", "--port", str(web_port), "--api-key", "K", "--detach").out
    assert f"http://127.0.0.1:{web_port}" in web
    url = f"http://localhost:{web_port}"
    assert '"ok"' in fetch("-H", "X-API-Key: K", f"{url}/api/status")
    assert requests.get(f"{url}/api/status", timeout=60).status_code == 401
    front(app_port=app_port, web_port=web_port, front_port=front_port)
    url_in_front = f"http://127.0.0.1:{front_port}"
    eventually_sync(lambda: answers(front_port))
    for _ in range(200):
        assert requests.get(f"{url_in_front}/health", timeout=60).json()["status"] == "ok"
    assert requests.get(url_in_front, timeout=60).status_code == 200

    # It is stopped: no process is left, and the port is free.
    pid, daemon = pmdaemon.pid("app"), pmdaemon.daemon
    pmdaemon.run("stop", "app")
    assert not is_alive(pid)
    assert children_of(daemon) == []
    assert not answers(app_port)
    assert requests.get(url_in_front, timeout=60).status_code == 502
    assert requests.get(f"{url_in_front}/health", timeout=60).json()["status"] == "ok"

    # And all is forgotten.
    pmdaemon.run("delete", "all")
    assert pmdaemon.list() == []
    pmdaemon.run("kill")
    assert running_for(pmdaemon.home) == []
    assert not answers(web_port)
